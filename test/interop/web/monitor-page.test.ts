import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openBrowser } from '../../support/browser.ts';
import { onFixedPorts, startCoturn } from '../../support/coturn.ts';
import { startMonitor, until } from '../../support/monitor.ts';
import { describeNeeding } from '../../support/needs.ts';
import { axeViolations } from '../../support/web-page.ts';

const folder = fileURLToPath(new URL('../../../.iceprobe/screenshots/', import.meta.url));

describeNeeding('coturn', 'chromium')("the monitor's page", () => {
  test('shows each target, keeps itself up to date, and says so when it cannot', async () => {
    const options = await onFixedPorts();
    let coturn = await startCoturn(options);
    const server = { urls: `turn:127.0.0.1:${coturn.port}`, username: 'user' };
    await using monitor = await startMonitor({
      config: {
        defaults: { interval: 1, timeout: 20, family: 4 },
        targets: {
          'edge-eu': { iceServers: [{ ...server, credential: 'password' }] },
          'edge-us': { iceServers: [{ ...server, credential: 'Zw7-wrong' }] },
        },
      },
    });
    await until(async () => (await monitor.target('edge-us'))?.state === 'down', 30_000, 'first runs');
    await using browser = await openBrowser('chromium', { pageUrl: monitor.url });
    const shows = (text: string): Promise<void> =>
      until(
        async () => (await browser.evaluate<string>('document.body.innerText')).includes(text),
        30_000,
        `${text} on the page`,
      );
    // Marked, so that it shows whether the page was loaded anew.
    await browser.evaluate(`document.body.dataset.marked = 'yes'`);
    try {
      await shows('1 down');
      await shows('auth.bad-credentials');
      await browser.evaluate(`document.querySelector('details').open = true`);
      await shows('Fix:');
      // What was opened to be read stays open when the rest changes.
      await browser.evaluate(`document.querySelector('#live table').dataset.old = 'yes'`);
      await until(
        () => browser.evaluate<boolean>(`document.querySelector('#live table').dataset.old === undefined`),
        30_000,
        'change of the page',
      );
      expect(await browser.evaluate(`document.querySelector('details').open`)).toBe(true);
      mkdirSync(folder, { recursive: true });
      await browser.resize(1280, 720);
      await browser.screenshot(`${folder}monitor.png`, 'window');
      expect(await axeViolations(browser)).toEqual([]);
      await browser.resize(320, 640);
      expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
      expect(await axeViolations(browser)).toEqual([]);

      await coturn.stop();
      await shows('2 down');
      coturn = await startCoturn(options);
      await shows('1 down');
      expect(await browser.evaluate('document.body.dataset.marked')).toBe('yes');
      const html = await browser.evaluate<string>('document.documentElement.outerHTML');
      expect(html).not.toMatch(/Zw7-wrong|>password</);
      const hosts = new Set(browser.requests().map((url) => new URL(url).host));
      expect([...hosts]).toEqual([new URL(monitor.url).host]);

      await monitor.process.stop();
      await shows('The monitor does not answer since');
    } finally {
      await coturn.stop();
    }
  }, 150_000);
});
