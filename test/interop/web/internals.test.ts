import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { readSavedRun } from '../../../src/diagnosis/saved-run.ts';
import { isTargetsReport } from '../../../src/record/targets.ts';
import { startCoturn } from '../../support/coturn.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';
import { openWebPage } from '../../support/web-page.ts';

describeNeeding('coturn', 'chromium')('a dump of chrome://webrtc-internals', () => {
  it('as this Chromium saves it, opens in the page and names the cause', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    const url = `turn:127.0.0.1:${coturn.port}?transport=tcp`;
    const bytes = await dumpOf(`{ iceServers: [{ urls: '${url}', username: 'user', credential: 'wrong' }] }`);
    const text = bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
    const saved = readSavedRun(text);
    if (!saved.ok) throw new Error(saved.error.message);
    const { report } = saved.value;
    if (isTargetsReport(report)) throw new Error('a dump has no targets');
    expect(report.configuration.iceServers.map(({ urls }) => urls)).toEqual([[url]]);
    expect(report.gatherings?.[0]?.states.map(({ state }) => state)).toEqual(['new', 'gathering', 'complete']);
    expect(report.gatherings?.[0]?.candidates.length).toBeGreaterThan(0);
    expect(report.findings[0]).toMatchObject({ id: 'auth.bad-credentials', subject: url });

    await using page = await openWebPage('chromium');
    await page.open('webrtc_internals_dump.gz', bytes);
    await page.waitFor(`document.querySelector('#hero h2') !== null`);
    expect(await page.text('#hero h2')).toBe('The server rejects the user name or the password');
  });
});

/** The file that the button of the internals page saves, after a connection with this configuration has gathered. */
async function dumpOf(configuration: string): Promise<Buffer> {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: pathOf('chromium'),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const context = await browser.newContext({ acceptDownloads: true });
    const internals = await context.newPage();
    await internals.goto('chrome://webrtc-internals', { waitUntil: 'networkidle' });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.evaluate(`(async () => {
      const connection = new RTCPeerConnection(${configuration});
      globalThis.kept = connection;
      connection.createDataChannel('x');
      await connection.setLocalDescription();
      while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 50));
    })()`);
    // It learns of connections a little later than they happen.
    await expect.poll(() => internals.content(), { timeout: 10_000 }).toContain('icecandidateerror');
    const saved = internals.waitForEvent('download');
    await internals.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = true; });
      [...document.querySelectorAll('button')].find((button) => /download/i.test(button.textContent)).click()`);
    return readFileSync(await (await saved).path());
  } finally {
    await browser.close();
    server.close();
  }
}
