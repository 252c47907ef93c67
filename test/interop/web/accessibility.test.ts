import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

const WRONG = { username: 'user', credential: 'wrong' };

describeNeeding('coturn', 'chromium')('the page for everyone', () => {
  let coturn: Coturn;
  let page: WebPage;

  beforeAll(async () => {
    coturn = await startCoturn({ listen: ['127.0.0.1'] });
    const at = `127.0.0.1:${coturn.port}`;
    const iceServers = [
      { urls: [`turn:${at}`], username: 'user', credential: 'password' },
      { urls: [`turn:${at}?transport=tcp`], ...WRONG },
    ];
    page = await openWebPage('chromium', { iceServers, startLocalServer: async () => [] });
  });

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    await coturn?.stop();
  });

  for (const language of ['en', 'zh-CN']) {
    for (const theme of ['light', 'dark']) {
      it(`axe finds nothing, empty or full, in ${language}, ${theme}`, async () => {
        await page.fill('#language', language);
        await page.fill('#theme', theme);
        expect(await page.browser.evaluate('document.documentElement.lang')).toBe(language);
        expect(await page.violations()).toEqual([]);
        await page.run();
        await page.browser.evaluate(
          `document.querySelectorAll('details').forEach((details) => { details.open = true; })`,
        );
        expect(await page.violations()).toEqual([]);
      });
    }
  }

  it('axe finds nothing on a narrow screen either, and nothing is wider than it', async () => {
    await page.browser.resize(320, 640);
    expect(await page.violations()).toEqual([]);
    expect(await page.browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    await page.browser.resize(1280, 720);
  });

  it('axe would find what is wrong', async () => {
    await page.browser.evaluate(`document.body.append(Object.assign(document.createElement('input'), { id: 'bad' }))`);
    expect((await page.violations()).join()).toMatch(/label: #bad/);
    await page.browser.evaluate(`document.getElementById('bad').remove()`);
  });

  it('every control has a name, and can be reached by keyboard', async () => {
    const unreachable =
      await page.browser.evaluate(`[...document.querySelectorAll('button, input, select, textarea, a, summary')]
      .filter((element) => element.tabIndex < 0 && !element.disabled).map((element) => element.outerHTML)`);
    expect(unreachable).toEqual([]);
  });

  it('knows every word in both languages', async () => {
    await page.fill('#language', 'zh-CN');
    const chinese = await page.text('.settings');
    await page.fill('#language', 'en');
    expect(chinese).toMatch(/传输策略/);
    expect(chinese).not.toMatch(/transport policy/i);
    expect(await page.text('.settings')).toMatch(/transport policy/i);
  });

  it('tells the cause in Chinese too', async () => {
    await page.fill('#language', 'zh-CN');
    expect(await page.text('#hero h2')).toBe('服务器拒绝了用户名或密码');
    expect(await page.text('#findings-part')).toMatch(/已排除: .*网络路径/);
    await page.fill('#language', 'en');
  });

  it('keeps what was typed when the language changes', async () => {
    await page.fill('.server-list textarea', 'stun:kept.example.org');
    await page.fill('#language', 'zh-CN');
    expect(await page.browser.evaluate(`document.querySelector('.server-list textarea').value`)).toBe(
      'stun:kept.example.org',
    );
    await page.fill('#language', 'en');
  });
});
