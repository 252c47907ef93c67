import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { runCli } from '../../support/cli.ts';
import { describeNeeding } from '../../support/needs.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

const READY = /^ready: (\S+)$/m;

/** Runs until it is ready and `act` is done with the address, then interrupts it. */
async function served(args: readonly string[], act: (url: URL) => Promise<void>, env: Record<string, string> = {}) {
  let done = false;
  let acting: Promise<void> | undefined;
  const when = ({ stdout }: { readonly stdout: string }): boolean => {
    const url = READY.exec(stdout)?.[1];
    if (url !== undefined && acting === undefined) {
      acting = act(new URL(url)).finally(() => {
        done = true;
      });
    }
    return false;
  };
  const abort = new AbortController();
  const run = runCli(['web', ...args], { env, interrupt: { when, signal: 'SIGINT' }, interruptOn: abort.signal });
  while (!done) await new Promise((resolve) => setTimeout(resolve, 50));
  abort.abort();
  await acting;
  return run;
}

describe('iceprobe web', () => {
  it('says ready with an address that opens the page once, holds no credential, and ends when interrupted', async () => {
    let address = '';
    const run = await served(
      ['turn:192.0.2.1', '-u', 'alice'],
      async (url) => {
        address = url.href;
        expect(url.hostname).toBe('127.0.0.1');
        const first = await fetch(url);
        expect([first.status, await first.text()]).toEqual([200, expect.stringContaining('<div id="app">')]);
        expect((await fetch(url)).status).toBe(403);
        expect((await fetch(new URL('/', url))).status).toBe(403);
      },
      { ICEPROBE_CREDENTIAL: 'hunter2-the-secret' },
    );
    expect(run.exitCode).toBe(130);
    expect(run.stderr).toMatch(/for another browser: http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/\?ticket=/);
    expect(`${run.stdout}${run.stderr}${address}`).not.toContain('hunter2');
  });

  it('serves other machines over HTTPS alone, by each address of this one', async () => {
    await served(['--listen', '0.0.0.0'], async (url) => {
      expect(url.protocol).toBe('https:');
      expect(url.hostname).not.toBe('0.0.0.0');
      const status = (host: string, path: string): Promise<number> =>
        new Promise((resolve, reject) => {
          const options = { host: '127.0.0.1', port: url.port, path, rejectUnauthorized: false };
          request({ ...options, headers: { host: `${host}:${url.port}` } }, (response) =>
            resolve(response.statusCode ?? 0),
          )
            .on('error', reject)
            .end();
        });
      expect(await status('evil.example', url.pathname + url.search)).toBe(421);
      expect(await status(url.hostname, url.pathname + url.search)).toBe(200);
    });
  });

  it('refuses an address that this machine does not have', async () => {
    const run = await runCli(['web', '--listen', '192.0.2.77']);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('192.0.2.77: this machine has no such address');
  });
});

describeNeeding('chromium')('a page of another site, in a browser that has the session', () => {
  let page: WebPage;
  let other: TestBrowser;

  beforeAll(async () => {
    page = await openWebPage('chromium', {
      iceServers: [{ urls: ['turn:192.0.2.1'], username: 'a', credential: 'hunter2' }],
    });
    await page.waitFor(`document.querySelector('.link-open') !== null`);
    other = await openBrowser('chromium');
  });

  afterAll(async () => {
    await other?.close();
    await page?.[Symbol.asyncDispose]();
  });

  it('gets nothing: no answer to fetch, no picture, no frame, no WebSocket', async () => {
    const url = await page.browser.evaluate<string>('location.href');
    // The same browser, another origin: a server on another port counts as the same site, the worst case.
    const evil = await other.evaluate<string>('location.href');
    await page.browser.visit(evil.replace('localhost', '127.0.0.1'));
    const attempts = await page.browser.evaluate<Record<string, string>>(`(async () => {
      const url = ${JSON.stringify(url)};
      const element = (tag, set) => new Promise((resolve) => {
        const made = document.createElement(tag);
        made.onload = () => { try { resolve(made.contentDocument === null ? 'opaque' : 'read'); } catch { resolve('opaque'); } };
        made.onerror = () => resolve('refused');
        set(made);
        document.body.append(made);
      });
      const socket = new Promise((resolve) => {
        const made = new WebSocket(url.replace('http', 'ws') + 'events');
        made.onmessage = ({ data }) => resolve(data);
        made.onerror = () => resolve('refused');
      });
      return {
        fetch: await fetch(url, { credentials: 'include' }).then((answer) => answer.text(), () => 'refused'),
        opaque: await fetch(url, { credentials: 'include', mode: 'no-cors' }).then((answer) => answer.text(), () => 'refused'),
        image: await element('img', (image) => { image.src = url; }),
        frame: await element('iframe', (frame) => { frame.src = url; }),
        socket: await socket,
      };
    })()`);
    expect(attempts['fetch']).toBe('refused');
    expect(attempts['opaque']).toMatch(/^(refused)?$/);
    expect(attempts['image']).toBe('refused');
    expect(attempts['frame']).toBe('opaque');
    expect(attempts['socket']).toBe('refused');
    expect(JSON.stringify(attempts)).not.toContain('hunter2');
    // And the session is still good for who has it.
    await page.browser.visit(url);
    await page.waitFor(`document.querySelector('.link-open') !== null`);
  });
});
