import type { InstalledBrowser } from '../../browser/find.ts';
import { BrowserError } from '../../browser/gather.ts';
import { startChildPeer } from '../../call/child-peer.ts';
import { type Peer, StackMissing } from '../../call/peer.ts';
import { UsageError } from '../errors.ts';
import { startBrowserPeer } from './browser-peer.ts';

/** Peers of this process, started when first needed, and anew where one has crashed. */
export class Peers implements AsyncDisposable {
  readonly #started = new Set<Peer>();

  /** One after another the same peer, as long as it lives: libwebrtc where no browser is named. */
  slot(browser: InstalledBrowser | undefined): () => Promise<Peer> {
    let current: Promise<Peer> | undefined;
    return async () => {
      const known = await current;
      if (known !== undefined && !known.isGone) return known;
      current = this.#start(browser);
      return await current;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#started].map((peer) => peer[Symbol.asyncDispose]()));
  }

  async #start(browser: InstalledBrowser | undefined): Promise<Peer> {
    try {
      const peer = browser === undefined ? await startChildPeer() : await startBrowserPeer(browser);
      this.#started.add(peer);
      return peer;
    } catch (error) {
      if (error instanceof BrowserError) {
        throw new UsageError(error.message, 'does it start by itself? another one can be named');
      }
      if (!(error instanceof StackMissing)) throw error;
      if (!error.isMissing) {
        throw new UsageError(`@roamhq/wrtc cannot be used here: ${error.message}`, ADVICE);
      }
      throw new UsageError('a call needs a WebRTC implementation, and @roamhq/wrtc is not installed', ADVICE);
    }
  }
}

const ADVICE =
  'add it beside iceprobe: npm install @roamhq/wrtc (with -g if iceprobe is installed so),\n' +
  'or for once: npx -p iceprobe -p @roamhq/wrtc iceprobe call; it is libwebrtc, 26 MB, with no build for musl;\n' +
  'or let an installed browser do it: --offerer chrome --answerer firefox';
