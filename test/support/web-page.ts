import { readFileSync } from 'node:fs';
import { terminalGather } from '../../src/cli/web/terminal-gather.ts';
import type { GatherOptions } from '../../src/probe/gather-options.ts';
import type { PageIceServer } from '../../src/record/page-messages.ts';
import type { Report } from '../../src/record/report.ts';
import { startWebServer, type TerminalGather, type WebServer } from '../../src/web/server.ts';
import { type BrowserName, type BrowserOptions, openBrowser, type TestBrowser } from './browser.ts';
import { PROJECT } from './fixtures.ts';

export interface WebPageOptions extends BrowserOptions {
  readonly iceServers?: readonly PageIceServer[];
  /** For the terminal's vantage. */
  readonly network?: Pick<GatherOptions, 'ca' | 'insecure'>;
  /** In the place of the terminal's own gathering. */
  readonly gather?: TerminalGather;
  readonly timeoutMs?: number;
  readonly startLocalServer?: () => Promise<readonly PageIceServer[]>;
}

export type SaveFormat = 'json' | 'ndjson' | 'html' | 'markdown';

/** The page of `iceprobe web`, served as the command serves it, in a browser, with what a person does there. */
export interface WebPage extends AsyncDisposable {
  readonly browser: TestBrowser;
  readonly server: WebServer;
  /** Presses Run, and waits until both vantages are through. */
  run(timeoutMs?: number): Promise<void>;
  click(selector: string): Promise<void>;
  /** Sets a field as typing or choosing does. */
  fill(selector: string, value: string): Promise<void>;
  text(selector: string): Promise<string>;
  /** What a cell of the grid says, such as `works`. */
  outcome(url: string, vantage: 'browser' | 'terminal'): Promise<string | null>;
  waitFor(expression: string, timeoutMs?: number): Promise<void>;
  /** The text of the file that a button saves. */
  save(format: SaveFormat, masked?: boolean): Promise<string>;
  /** The report of the last run, with its events, as saved. */
  report(): Promise<Report>;
  /** Opens a file in the page. */
  open(name: string, content: string | Buffer): Promise<void>;
  /** What axe finds, as `rule: selector`. */
  violations(): Promise<readonly string[]>;
}

export async function openWebPage(name: BrowserName, options: WebPageOptions = {}): Promise<WebPage> {
  const { iceServers = [], network = {}, timeoutMs = 15_000, startLocalServer, gather, ...browserOptions } = options;
  const server = await startWebServer({
    page: readFileSync(new URL('dist/page.html', PROJECT), 'utf8'),
    tool: { name: 'iceprobe', version: '0.0.0-test' },
    iceServers,
    timeoutMs,
    gather: gather ?? terminalGather(network),
    startLocalServer,
    roomServer: (port) => `ws://127.0.0.1:${port}`,
  });
  let browser: TestBrowser;
  try {
    browser = await openBrowser(name, { ...browserOptions, pageUrl: server.newUrl() });
  } catch (error) {
    await server.close();
    throw error;
  }
  return new Driver(browser, server);
}

const AXE = readFileSync(new URL('node_modules/axe-core/axe.min.js', PROJECT), 'utf8');

class Driver implements WebPage {
  readonly browser: TestBrowser;
  readonly server: WebServer;

  constructor(browser: TestBrowser, server: WebServer) {
    this.browser = browser;
    this.server = server;
  }

  async run(timeoutMs = 30_000): Promise<void> {
    await this.waitFor(`document.querySelector('.link-open') !== null`);
    await this.click('#run');
    await this.waitFor(`document.querySelector('.verdict-running') !== null || ${DONE}`);
    await this.waitFor(DONE, timeoutMs);
  }

  async click(selector: string): Promise<void> {
    await this.browser.evaluate(`(${one(selector)}).click()`);
  }

  async fill(selector: string, value: string): Promise<void> {
    await this.browser.evaluate(`(() => {
      const field = ${one(selector)};
      field.value = ${JSON.stringify(value)};
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new Event('change', { bubbles: true }));
    })()`);
  }

  text(selector: string): Promise<string> {
    return this.browser.evaluate(`(${one(selector)}).textContent`);
  }

  outcome(url: string, vantage: 'browser' | 'terminal'): Promise<string | null> {
    return this.browser.evaluate(
      `[...document.querySelectorAll('.cell')].find((cell) => cell.dataset.url === ${JSON.stringify(url)})
        ?.querySelector('[data-vantage=${vantage}]')?.dataset.outcome ?? null`,
    );
  }

  async waitFor(expression: string, timeoutMs = 10_000): Promise<void> {
    const met = await this.browser.evaluate<boolean>(`new Promise((resolve) => {
      const until = performance.now() + ${timeoutMs};
      const look = () => {
        if (${expression}) resolve(true);
        else if (performance.now() > until) resolve(false);
        else setTimeout(look, 50);
      };
      look();
    })`);
    if (!met) {
      const page = await this.browser.evaluate<string>('document.body.innerText');
      throw new Error(`not within ${timeoutMs} ms: ${expression}\n${page}`);
    }
  }

  save(format: SaveFormat, masked = false): Promise<string> {
    // The text of the blob that the link would save, in the place of a file of this machine.
    return this.browser.evaluate(`new Promise((resolve) => {
      const { createObjectURL } = URL;
      const click = HTMLAnchorElement.prototype.click;
      HTMLAnchorElement.prototype.click = () => {};
      URL.createObjectURL = (blob) => {
        URL.createObjectURL = createObjectURL;
        setTimeout(() => { HTMLAnchorElement.prototype.click = click; });
        blob.text().then(resolve);
        return 'blob:nothing';
      };
      document.getElementById('masked').checked = ${masked};
      document.getElementById('save-${format}').click();
    })`);
  }

  async report(): Promise<Report> {
    return JSON.parse(await this.save('json')) as Report;
  }

  async open(name: string, content: string | Buffer): Promise<void> {
    const base64 = Buffer.from(content).toString('base64');
    await this.browser.evaluate(`(() => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(atob(${JSON.stringify(base64)}), (char) => char.charCodeAt(0))], ${JSON.stringify(name)}));
      const input = document.getElementById('open');
      input.files = files.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    })()`);
    await this.waitFor(`document.body.innerText.includes(${JSON.stringify(name)})`);
  }

  violations(): Promise<readonly string[]> {
    return axeViolations(this.browser);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}

/** What axe finds in the page that the browser shows, as `rule: selector`. */
export async function axeViolations(browser: TestBrowser): Promise<readonly string[]> {
  await browser.evaluate(`${AXE}; undefined`);
  return browser.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target + ': ' + failureSummary)))`);
}

const DONE = `/^(ok|warning|error|undetermined)$/.test((/verdict-(\\w+)/.exec(document.querySelector('.verdict')?.className) ?? [])[1] ?? '') && document.querySelector('#run').dataset.running !== 'true'`;

/** An element that has to be there. */
function one(selector: string): string {
  const text = JSON.stringify(selector);
  return `document.querySelector(${text}) ?? (() => { throw new Error('no ' + ${text}); })()`;
}
