import { expect, it } from 'vitest';
import { startTurnServer } from '../../src/index.ts';
import type { Call, Report } from '../../src/record/report.ts';
import { runCli } from '../support/cli.ts';
import { describeNeeding } from '../support/needs.ts';
import { expectReport } from '../support/schema.ts';

const LIMIT = 180_000;

async function call(...args: string[]): Promise<Report> {
  const run = await runCli(['call', '-f', 'json', '--events', ...args], { timeoutMs: LIMIT });
  expect(run.exitCode, run.stderr + run.stdout.slice(0, 3000)).toBe(0);
  const report = JSON.parse(run.stdout) as Report;
  expectReport(report);
  return report;
}

/** Data both ways, steps in their order, and the same pair seen from both ends. */
function expectConnected(one: Call | undefined, stacks: readonly string[]): void {
  expect(one).toMatchObject({ outcome: 'connected' });
  expect(one?.peers.map(({ stack }) => stack)).toEqual(stacks.map((name) => expect.stringContaining(name)));
  expect(one?.data?.returned).toBeGreaterThan(0);
  // Messages came back, so they cross both ways. A burst may be cut short on a busy machine, and its rate is null then.
  const { toAnswerer, toOfferer } = one?.data?.throughput ?? {};
  expect(Math.max(toAnswerer ?? 0, toOfferer ?? 0)).toBeGreaterThan(0);
  const { offerMs, answerMs, iceMs, channelMs } = one?.timing ?? {};
  const steps = [offerMs, answerMs, iceMs, channelMs].map((ms) => ms ?? Number.NaN);
  expect(steps.every((ms) => ms >= 0)).toBe(true);
  // Clocks of two processes are set side by side to a few milliseconds.
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  // The ends may change to another pair at different times; the one that carries it stands at both. Beside it may stand one
  // of the same ports that was never checked: a candidate under a name that nobody resolves, before it was learnt as a peer's.
  const [here, there] = one?.peers.map(({ pairs }) => pairs) ?? [];
  const selected = here?.find((pair) => pair.selected);
  const mirrored = there?.filter(
    ({ local, remote }) => local.port === selected?.remote.port && remote.port === selected?.local.port,
  );
  expect(mirrored?.map(({ state }) => state)).toContain('succeeded');
}

describeNeeding('chromium', 'firefox')('a call with a browser', { timeout: LIMIT }, () => {
  it.each([
    [
      ['--offerer', 'chromium'],
      ['Chromium', 'wrtc'],
    ],
    [
      ['--answerer', 'chromium'],
      ['wrtc', 'Chromium'],
    ],
    [
      ['--offerer', 'firefox'],
      ['Firefox', 'wrtc'],
    ],
    [
      ['--answerer', 'firefox'],
      ['wrtc', 'Firefox'],
    ],
    [
      ['--offerer', 'chromium', '--answerer', 'firefox'],
      ['Chromium', 'Firefox'],
    ],
  ])('%s', async (args, stacks) => {
    const report = await call('--local', '--path', 'any', ...args);
    expectConnected(report.calls?.[0], stacks);
  });

  it('goes through a relay over each transport, and gives everything back', async () => {
    await using server = await startTurnServer();
    const [{ credential = '' } = {}] = server.iceServers;
    const servers = ['--ice-servers', JSON.stringify(server.iceServers), '--insecure'];
    const report = await call(...servers, '--policy', 'relay', '--offerer', 'chromium');
    const seen = report.calls?.map(({ path, outcome, selected }) => [path, outcome, selected?.local.relayProtocol]);
    expect(seen).toEqual([
      ['relay/udp', 'connected', 'udp'],
      ['relay/tcp', 'connected', 'tcp'],
      ['relay/tls', 'connected', 'tls'],
    ]);
    expect(JSON.stringify(report)).not.toContain(credential);
    await expect.poll(() => server.allocations, { timeout: 10_000 }).toEqual([]);
  });
});
