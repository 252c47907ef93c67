import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTurnServer } from '../../../src/index.ts';
import type { Call, Report } from '../../../src/record/report.ts';
import { startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { Running } from '../../support/running.ts';
import { expectReport } from '../../support/schema.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

const LIMIT = 180_000;

/** Until the call that was begun is over. */
async function ended(page: WebPage): Promise<Report> {
  await page.waitFor(`document.querySelector('#run').dataset.running === 'true'`, LIMIT / 4);
  await page.waitFor(`document.querySelector('#run').dataset.running !== 'true'`, LIMIT / 2);
  const report = await page.report();
  expectReport(report);
  return report;
}

/** Data both ways, and how it went on. */
function expectConnected(call: Call | undefined, role?: string): void {
  // Under load a stack takes its pair for unsure while data crosses it: the state of the pair is not held against it.
  expect(call).toMatchObject({ outcome: 'connected', selected: { selected: true } });
  if (role !== undefined) expect(call?.peers.map(({ peer }) => peer)).toEqual([role]);
  expect(call?.data?.returned).toBeGreaterThan(0);
  // A quarter of a second each way: on a machine that is busy with other things nothing may come in one of them.
  const { toAnswerer, toOfferer } = call?.data?.throughput ?? {};
  expect(Math.max(toAnswerer ?? 0, toOfferer ?? 0)).toBeGreaterThan(0);
  expect(call?.samples?.some(({ rttMs }) => rttMs !== null)).toBe(true);
}

/** The two ends saw one and the same pair, each from its side. */
function expectSamePair(here: Call | undefined, there: Call | undefined): void {
  const { local, remote } = here?.selected ?? {};
  const mirrored = there?.peers[0]?.pairs.find(
    (pair) => pair.local.port === remote?.port && pair.remote.port === local?.port,
  );
  expect(mirrored, JSON.stringify([here?.selected, there?.peers[0]?.pairs])).toBeDefined();
}

/** The own server, over TLS too; Chromium is told which certificate to trust. */
async function own() {
  const server = await startTurnServer();
  const { iceServers, spkiSha256 } = server;
  const stop = () => server.close();
  return {
    iceServers,
    flags: [`--ignore-certificate-errors-spki-list=${spkiSha256}`],
    stop,
    left: () => server.allocations,
  };
}

async function coturn() {
  const server = await startCoturn({ listen: ['127.0.0.1'] });
  const at = `turn:127.0.0.1:${server.port}`;
  const iceServers = [{ urls: [at, `${at}?transport=tcp`], username: 'user', credential: 'password' }];
  return { iceServers, flags: [], stop: () => server.stop(), left: () => server.allocationsLeft() };
}

const RELAYS = { chromium: ['udp', 'tcp', 'tls'], firefox: ['udp', 'tcp'] } as const;

describeNeeding('chromium', 'firefox', 'coturn')('calls of the page', { timeout: LIMIT }, () => {
  describe.each(['chromium', 'firefox'] as const)('%s', (name) => {
    let turn: Awaited<ReturnType<typeof own | typeof coturn>>;
    let page: WebPage;
    let via: string;

    beforeAll(async () => {
      turn = await (name === 'chromium' ? own() : coturn());
      page = await openWebPage(name, { iceServers: turn.iceServers, flags: turn.flags });
      via = `ws://127.0.0.1:${page.server.port}`;
      await page.waitFor(`document.querySelector('.call-rooms:not([hidden])') !== null`);
      await page.fill('#call-seconds', '1');
    });

    afterAll(async () => {
      await page?.[Symbol.asyncDispose]();
      await turn?.stop();
    });

    it('calls itself, over each path', async () => {
      await page.click('#call-here');
      const report = await ended(page);
      const relayed = RELAYS[name].map((transport) => `relay/${transport}`);
      expect(report.calls?.map(({ path }) => path)).toEqual(['any', 'host', 'srflx', ...relayed]);
      // Without a NAT there is no server-reflexive candidate beside those of the host, in some networks.
      for (const call of report.calls?.filter(({ path }) => path !== 'srflx') ?? []) expectConnected(call);
      const relays = report.calls?.filter(({ path }) => path.startsWith('relay')) ?? [];
      expect(relays.map(({ selected }) => selected?.local)).toEqual(
        RELAYS[name].map((relayProtocol) => expect.objectContaining({ candidateType: 'relay', relayProtocol })),
      );
      expect(report.verdict).not.toBe('error');
      expect(JSON.stringify(report)).not.toContain(`"${turn.iceServers[0]?.credential}"`);
      expect(await page.text('#hero')).toMatch(/\d of \d paths connect/);
      await page.click('[data-key="path-relay/udp"]');
      expect(await page.text('#call')).toMatch(/^relay\/udp.*offer.*data channel.*Candidate pairs.*selected/s);
      // Round trips, throughput there and back: each in its plot and in its legend.
      expect(await page.browser.evaluate(`document.querySelectorAll('#call .series').length`)).toBe(6);
      await expect.poll<readonly unknown[]>(() => turn.left(), { timeout: 20_000 }).toEqual([]);
    });

    it('joins a terminal that waits, by the line that the page shows', async () => {
      const line = await page.text('.call-rooms code');
      expect(line).toBe(`iceprobe call --host --via '${via}'`);
      await using host = new Running(['call', '--host', '--via', via, '-f', 'json']);
      const address = await host.shows(/--join '(\S+)'/);
      await page.fill('#call-path', 'any');
      await page.fill('#room-code', address.slice(-7).toLowerCase());
      await page.click('#room-join');
      const report = await ended(page);
      expect(await host.ended, host.stderr).toBe(0);
      const there = JSON.parse(host.stdout) as Report;
      expectConnected(report.calls?.[0], 'offerer');
      expectConnected(there.calls?.[0], 'answerer');
      expectSamePair(report.calls?.[0], there.calls?.[0]);
    });

    it('opens a room, which a terminal joins by the line that the page shows', async () => {
      await page.click('#room-open');
      await page.waitFor(`document.querySelector('#room-line') !== null`);
      const [, address = ''] = /^iceprobe call --join '(\S+)'$/.exec(await page.text('#room-line')) ?? [];
      expect(address).toContain((await page.text('#room-shown')).slice(-7));
      await using join = new Running(['call', '--join', address, '--path', 'any', '-f', 'json']);
      const report = await ended(page);
      expect(await join.ended, join.stderr).toBe(0);
      const there = JSON.parse(join.stdout) as Report;
      expectConnected(report.calls?.[0], 'answerer');
      expectConnected(there.calls?.[0], 'offerer');
      expectSamePair(there.calls?.[0], report.calls?.[0]);
      await expect.poll(() => page.browser.evaluate(`document.querySelector('#room').textContent`)).toBe('');
    });
  });
});
