import type { InstalledBrowser } from '../../browser/find.ts';
import { type OpenedPage, openPeerPage } from '../../browser/peer-page.ts';
import { monotonicMs } from '../../call/peer/clock.ts';
import type { Peer } from '../../call/peer.ts';
import { RemotePeer } from '../../call/remote-peer.ts';
import type { PeerCommand } from '../../core/call/remote.ts';
import { VERSION } from '../../core/version.ts';

/** An installed browser, headless, as a peer. Rejects with a `BrowserError`. */
export async function startBrowserPeer(browser: InstalledBrowser): Promise<Peer> {
  return new BrowserPeer(browser.name, await openPeerPage(browser, { name: 'iceprobe', version: VERSION }));
}

class BrowserPeer extends RemotePeer {
  readonly #opened: OpenedPage;
  /** Between its clock and ours: the quickest message tells it best. */
  #offset = Number.POSITIVE_INFINITY;

  constructor(name: string, opened: OpenedPage) {
    super(name);
    this.#opened = opened;
    opened.page.listen(
      (report) => this.onReport(report),
      () => this.onGone('the page was closed'),
    );
    void opened.ended.then(() => this.onGone('it ended'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onGone('it was ended');
    await this.#opened[Symbol.asyncDispose]();
  }

  protected send(command: PeerCommand): void {
    this.#opened.page.send(command);
  }

  protected atOurs(at: number): number {
    this.#offset = Math.min(this.#offset, monotonicMs() - at);
    return at + this.#offset;
  }
}
