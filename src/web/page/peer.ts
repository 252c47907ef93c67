import type { PeerCommand, PeerReport } from '../../core/call/remote.ts';
import type { PeerSession } from '../../core/call/session.ts';
import { openSession } from './call/own-peer.ts';

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
    this.#session = openSession(options, {
      onEvent: (event) => this.#tell({ type: 'event', at: performance.now(), event }),
      onMessage: (message) => this.#tell({ type: 'message', message }),
      onEnd: (end) => this.#tell({ type: 'ended', end }),
    });
  }
}
