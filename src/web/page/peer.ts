import type { CallClock } from '../../core/call/peer-connection.ts';
import type { PeerCommand, PeerReport } from '../../core/call/remote.ts';
import { PeerSession } from '../../core/call/session.ts';

const clock: CallClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A peer of a call that the terminal directs: this browser's own WebRTC does what it is told. */
export class PagePeer {
  readonly #tell: (report: PeerReport) => void;
  #session: PeerSession | undefined;

  constructor(tell: (report: PeerReport) => void) {
    this.#tell = tell;
    tell({ type: 'ready', stack: navigator.userAgent });
  }

  handle(command: PeerCommand): void {
    if (command.type === 'message') this.#session?.receive(command.message);
    else if (command.type === 'close') this.close(command.reason);
    else this.#open(command.options);
  }

  close(reason: string): void {
    this.#session?.close(reason);
  }

  #open(options: Extract<PeerCommand, { readonly type: 'open' }>['options']): void {
    this.close('another connection was opened');
    this.#session = new PeerSession(options, {
      clock,
      connect: ({ iceServers, iceTransportPolicy }) =>
        new RTCPeerConnection({
          iceServers: iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: [...urls] })),
          iceTransportPolicy,
        }),
      onEvent: (event) => this.#tell({ type: 'event', at: performance.now(), event }),
      onMessage: (message) => this.#tell({ type: 'message', message }),
      onEnd: (end) => this.#tell({ type: 'ended', end }),
    });
    if (options.role === 'offerer') this.#session.start();
  }
}
