import type { InstalledBrowser } from '../../browser/find.ts';
import { type OpenedPage, openPeerPage } from '../../browser/peer-page.ts';
import { monotonicMs } from '../../call/peer/clock.ts';
import { type Peer, PeerCrash, type PeerListener, type PeerSessionOptions } from '../../call/peer.ts';
import type { PeerReport } from '../../core/call/remote.ts';
import type { SessionEnd } from '../../core/call/session-options.ts';
import type { PeerMessage } from '../../core/signaling/message.ts';
import { VERSION } from '../../core/version.ts';

/** An installed browser, headless, as a peer. Rejects with a `BrowserError`. */
export async function startBrowserPeer(browser: InstalledBrowser): Promise<Peer> {
  return new BrowserPeer(browser.name, await openPeerPage(browser, { name: 'iceprobe', version: VERSION }));
}

class BrowserPeer implements Peer {
  readonly stack: string;
  readonly #opened: OpenedPage;
  #listener: PeerListener | undefined;
  #settle: { resolve(end: SessionEnd): void; reject(error: Error): void } | undefined;
  #gone: string | undefined;
  /** Between its clock and ours: the quickest message tells it best. */
  #offset = Number.POSITIVE_INFINITY;

  constructor(name: string, opened: OpenedPage) {
    this.stack = name;
    this.#opened = opened;
    opened.page.listen(
      (report) => this.#onReport(report),
      () => this.#onGone('the page was closed'),
    );
    void opened.ended.then(() => this.#onGone('it ended'));
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  async take(options: PeerSessionOptions, listener: PeerListener): Promise<SessionEnd> {
    if (this.#gone !== undefined) throw new PeerCrash(this.stack, this.#gone);
    this.#listener = listener;
    return await new Promise<SessionEnd>((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#opened.page.send({ type: 'open', options: { ...options, stack: this.stack } });
    }).finally(() => {
      this.#settle = undefined;
    });
  }

  receive(message: PeerMessage): void {
    this.#opened.page.send({ type: 'message', message });
  }

  hangUp(reason: string): void {
    this.#opened.page.send({ type: 'close', reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone ??= 'it was ended';
    await this.#opened[Symbol.asyncDispose]();
  }

  #onReport(report: PeerReport): void {
    if (report.type === 'event') {
      this.#offset = Math.min(this.#offset, monotonicMs() - report.at);
      this.#listener?.onEvent(report.event, report.at + this.#offset);
    } else if (report.type === 'message') this.#listener?.onMessage(report.message);
    else if (report.type === 'ended') this.#settle?.resolve(report.end);
  }

  #onGone(how: string): void {
    this.#gone ??= how;
    this.#settle?.reject(new PeerCrash(this.stack, how));
  }
}
