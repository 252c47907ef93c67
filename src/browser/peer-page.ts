import type { Tool } from '../record/report.ts';
import { type PeerPage, readBuiltPage, startWebServer } from '../web/server.ts';
import type { InstalledBrowser } from './find.ts';
import { BrowserError, RELEASE_MS, START_MS } from './gather.ts';
import { launchBrowser } from './launch.ts';

export interface OpenedPage extends AsyncDisposable {
  readonly page: PeerPage;
  /** Settles when the browser ends by itself. */
  readonly ended: Promise<string>;
}

/**
 * Opens our page in an installed browser without a window, to take part in a call. Rejects with a {@link BrowserError} if the
 * browser ends or never opens it.
 */
export async function openPeerPage(browser: InstalledBrowser, tool: Tool): Promise<OpenedPage> {
  let settle: (page: PeerPage) => void = () => {};
  const connected = new Promise<PeerPage>((resolve) => {
    settle = resolve;
  });
  const server = await startWebServer({ page: readBuiltPage(), tool, onPeer: (page) => settle(page) });
  const launched = launchBrowser(browser, server.newUrl());
  const close = async (): Promise<void> => {
    // Without its terminal the page closes what it has open; a browser gives allocations back while it does.
    await server.close();
    await new Promise((resolve) => setTimeout(resolve, RELEASE_MS));
    await launched[Symbol.asyncDispose]();
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new BrowserError(`${browser.name} did not open the page`)), START_MS);
  });
  const gone = launched.ended.then((said) => {
    throw new BrowserError(`${browser.name} (${browser.path}) ended by itself${said === '' ? '' : `: ${said}`}`);
  });
  gone.catch(() => {});
  try {
    const page = await Promise.race([connected, late, gone]);
    return { page, ended: launched.ended, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
