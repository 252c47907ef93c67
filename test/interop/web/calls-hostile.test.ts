import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../../src/core/signaling/message.ts';
import { describeNeeding } from '../../support/needs.ts';
import { Raw } from '../../support/raw-room.ts';
import { expectReport } from '../../support/schema.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

/** Rooms in the page, and whoever may be at their other end. */
describeNeeding('chromium')('the page', { timeout: 120_000 }, () => {
  let page: WebPage;

  beforeAll(async () => {
    page = await openWebPage('chromium');
    await page.waitFor(`document.querySelector('.call-rooms:not([hidden])') !== null`);
    await page.fill('#call-seconds', '0.5');
    await page.fill('#call-path', 'any');
  });

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
  });

  const join = async (text: string): Promise<string> => {
    await page.fill('#room-code', text);
    await page.click('#room-join');
    await page.waitFor(`document.querySelector('#room-error') !== null`, 30_000);
    return await page.text('#room-error');
  };

  /** Somebody else in a room that the page has opened. */
  const guest = async (): Promise<{ readonly raw: Raw; readonly peer: string; readonly code: string }> => {
    await page.click('#room-open');
    await page.waitFor(`document.querySelector('#room-shown') !== null`, 30_000);
    const code = await page.text('#room-shown');
    const raw = await Raw.connect(page.server);
    const { peer } = await raw.say({ type: 'join', code }).hears('joined');
    await page.waitFor(RUNS, 30_000);
    return { raw, peer, code };
  };

  const RUNS = `document.querySelector('#run').dataset.running === 'true'`;
  const over = (): Promise<void> => page.waitFor(`!(${RUNS})`, 60_000);

  it('says what is wrong with a code, and asks no other server', async () => {
    expect(await join('ZZZ-ZZZ')).toMatch(/No room has that code/);
    expect(await join('hello there, is this a code?')).toMatch(/six letters and digits, like ABC-DEF/);
    expect(await join("iceprobe call --join 'wss://192.0.2.7:40123/ABC-DEF?pin=00'")).toMatch(/on another server/);
    await page.fill('#language', 'zh-CN');
    expect(await page.text('#room-join')).toBe('加入');
    expect(await join('ZZZ-ZZZ')).toMatch(/没有使用该代码的房间/);
    await page.fill('#language', 'en');
    expect(page.browser.requests().filter((url) => url.includes('192.0.2.7'))).toEqual([]);
  });

  it('is no third one in a room', async () => {
    await using host = await Raw.connect(page.server);
    const { code } = await host.say({ type: 'open' }).hears('opened');
    await using second = await Raw.connect(page.server);
    await second.say({ type: 'join', code }).hears('joined');
    expect(await join(code)).toMatch(/Two are in that room already/);
  });

  it('goes on after nonsense, a flood and a goodbye, and can be used again', async () => {
    const { raw, peer } = await guest();
    await using other = raw;
    const say = (message: object): Raw => other.say({ type: 'message', to: peer, message });
    say({ type: 'offer', sdp: 'v=0\r\nno description at all', connection: 'nonsense' });
    expect(await other.hears('message')).toMatchObject({ message: { type: 'goodbye', connection: 'nonsense' } });
    for (let i = 0; i < 60; i++) {
      const candidate = `candidate:${i} 1 udp 1 192.0.2.1 ${i} typ host`;
      say({ type: 'new-ice-candidate', candidate, sdpMid: '0', sdpMLineIndex: 0, connection: 'any' });
    }
    say({ type: 'offer', sdp: `v=0\r\n${'a=x:y\r\n'.repeat(5000)}`, connection: 'any' });
    expect(await other.hears('message')).toMatchObject({ message: { type: 'goodbye', connection: 'any' } });
    say({ type: 'goodbye', reason: 'that was all' });
    await over();
    const report = await page.report();
    expectReport(report);
    expect(report.calls).toMatchObject([{ path: 'any', outcome: 'failed', peers: [{ peer: 'answerer' }] }]);
    expect(await page.text('#calls')).toMatch(/any.*failed/);
    await page.click('#call-here');
    await page.waitFor(RUNS);
    await over();
    expect(await page.report()).toMatchObject({ calls: [{ path: 'any', outcome: 'connected' }] });
  });

  it('ends with the other end that is cut off for what it says', async () => {
    const { raw, peer } = await guest();
    const sdp = `v=0${'x'.repeat(4 * MAX_MESSAGE_BYTES)}`;
    raw.say({ type: 'message', to: peer, message: { type: 'offer', sdp } });
    expect(await raw.closed).toBe(1009);
    await over();
    expect(await page.text('#hero')).toMatch(/Not determined/);
  });

  it('waits for the silent no longer than a person does', async () => {
    const { raw } = await guest();
    await page.click('#run');
    await over();
    await raw.hears('over');
    await raw.closed;
    await page.click('#room-open');
    await page.waitFor(`document.querySelector('#room-leave') !== null`);
    await page.click('#room-leave');
    await page.waitFor(`document.querySelector('#room').textContent === ''`);
  });

  it('has nothing that axe finds, with a code, an error, or a connection in detail', async () => {
    await page.browser.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = true; })`);
    await page.click('#call-here');
    await page.waitFor(RUNS);
    await over();
    for (const theme of ['light', 'dark']) {
      await page.fill('#theme', theme);
      await join('ZZZ-ZZZ');
      await page.browser.evaluate(`document.querySelector('#call details').open = true`);
      expect(await page.violations()).toEqual([]);
      await page.click('#room-open');
      await page.waitFor(`document.querySelector('#room-shown') !== null`);
      expect(await page.violations()).toEqual([]);
      await page.click('#room-leave');
    }
    await page.browser.resize(320, 640);
    expect(await page.browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  });
});
