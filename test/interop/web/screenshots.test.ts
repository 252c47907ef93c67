import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding, isMet } from '../../support/needs.ts';
import { closedPort } from '../../support/servers.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

/** Kept in the repository only on request, so that a test run changes no file: `SCREENSHOTS=1 npm test -- screenshots`. */
const folder = fileURLToPath(
  new URL(
    process.env['SCREENSHOTS'] === '1' ? '../../../docs/screenshots/' : '../../../.iceprobe/screenshots/',
    import.meta.url,
  ),
);

describeNeeding(
  'coturn',
  'openssl',
  'chromium',
)('screenshots', () => {
  let coturn: Coturn;
  let page: WebPage;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    const { cert, key, caPem } = certificate('good');
    coturn = await startCoturn({ listen: ['127.0.0.1'], tls: { cert, key } });
    const at = `127.0.0.1:${coturn.port}`;
    const { port } = await closedPort();
    const account = { username: 'user', credential: 'password' };
    const iceServers = [
      { urls: [`stun:${at}`] },
      {
        urls: [`turn:${at}`, `turn:${at}?transport=tcp`, `turns:localhost:${coturn.tlsPort}?transport=tcp`],
        ...account,
      },
      { urls: [`turn:127.0.0.1:${port}?transport=tcp`], username: 'alice', credential: 'wrong' },
    ];
    page = await openWebPage('chromium', { iceServers, network: { ca: caPem }, startLocalServer: async () => [] });
    await page.run();
  });

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    await coturn?.stop();
  });

  it.each([
    ['wide', 1440, 900, 'light', 'en', 'page'],
    ['above-the-fold', 1440, 900, 'light', 'en', 'window'],
    ['dark', 1440, 900, 'dark', 'en', 'page'],
    ['narrow', 390, 844, 'light', 'en', 'page'],
    ...(isMet('chineseFont') ? [['zh-CN', 1440, 900, 'light', 'zh-CN', 'page'] as const] : []),
  ] as const)('%s', async (name, width, height, theme, language, what) => {
    await page.browser.resize(width, height);
    await page.fill('#language', language);
    await page.fill('#theme', theme);
    await page.browser.evaluate('window.scrollTo(0, 0), document.activeElement.blur()');
    const path = `${folder}${name}.png`;
    await page.browser.screenshot(path, what);
    expect(existsSync(path) && statSync(path).size).toBeGreaterThan(20_000);
    // Nothing sticks out at the side.
    expect(await page.browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
