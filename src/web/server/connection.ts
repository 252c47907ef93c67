import type { WebSocket } from 'ws';
import type { PeerCommand, PeerReport } from '../../core/call/remote.ts';
import type { RunEvent } from '../../record/events.ts';
import type { PageIceServer, PageMessage, TerminalMessage } from '../../record/page-messages.ts';
import type { IceTransportPolicy } from '../../record/report.ts';
import { readPageMessage } from './messages.ts';

/** What a page asks to be gathered by sockets of ours. */
export interface TerminalRequest {
  readonly iceServers: readonly PageIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  readonly timeoutMs: number;
}

/** Gathers, telling each event as it happens; resolves once everything is released. Rejects with words for a person. */
export type TerminalGather = (
  request: TerminalRequest,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
) => Promise<void>;

/** What a page can ask for; what is absent cannot be. */
export interface Services {
  readonly gather?: TerminalGather | undefined;
  readonly startLocalServer?: (() => Promise<readonly PageIceServer[]>) | undefined;
  /** Where the terminal drives the page. */
  readonly onBrowserEvent?: ((event: RunEvent) => void) | undefined;
  readonly onBrowserFinished?: (() => void) | undefined;
  /** Where the terminal directs a call: a page is there, and does what it is told until it is closed. */
  readonly onPeer?: ((page: PeerPage) => void) | undefined;
}

/** A page as a peer of a call. */
export interface PeerPage {
  send(command: PeerCommand): void;
  /** One listener. */
  listen(onReport: (report: PeerReport) => void, onClose: () => void): void;
}

/** A page that does not read what it is told is cut off: its events would fill our memory. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

/** One page: runs one gathering at a time for it, and ends with it. */
export class PageConnection {
  readonly #socket: WebSocket;
  readonly #services: Services;
  #run: AbortController | undefined;
  #peerListener: { onReport(report: PeerReport): void; onClose(): void } | undefined;

  constructor(socket: WebSocket, services: Services, hello: TerminalMessage) {
    this.#socket = socket;
    this.#services = services;
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? undefined : readPageMessage(String(data));
      if (message?.ok === true) this.#handle(message.value);
      else socket.close(1008, 'no message of the page');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#run?.abort();
      this.#peerListener?.onClose();
    });
    this.#send(hello);
    services.onPeer?.({
      send: (command) => this.#send({ type: 'peer', command }),
      listen: (onReport, onClose) => {
        this.#peerListener = { onReport, onClose };
      },
    });
  }

  #handle(message: PageMessage): void {
    switch (message.type) {
      case 'run':
        void this.#gather(message);
        break;
      case 'stop':
        this.#run?.abort();
        break;
      case 'local-server':
        void this.#startLocalServer();
        break;
      case 'event':
        this.#services.onBrowserEvent?.(message.event);
        break;
      case 'peer':
        this.#peerListener?.onReport(message.report);
        break;
      case 'finished':
        this.#services.onBrowserFinished?.();
        break;
    }
  }

  async #gather(request: TerminalRequest): Promise<void> {
    const { gather } = this.#services;
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    let error: string | null = gather === undefined ? 'this terminal cannot gather' : null;
    try {
      await gather?.(request, (event) => run === this.#run && this.#send({ type: 'event', event }), run.signal);
    } catch (reason) {
      if (!run.signal.aborted) error = wordsOf(reason);
    }
    // The page has asked for another one in the meantime: it has forgotten this one.
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#send({ type: 'run-ended', error });
  }

  async #startLocalServer(): Promise<void> {
    try {
      const iceServers = (await this.#services.startLocalServer?.()) ?? [];
      this.#send({ type: 'local-server', iceServers, error: iceServers.length === 0 ? 'there is none here' : null });
    } catch (reason) {
      this.#send({ type: 'local-server', iceServers: [], error: wordsOf(reason) });
    }
  }

  #send(message: TerminalMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
