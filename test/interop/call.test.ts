import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type LocalTurnServer, startTurnServer } from '../../src/index.ts';
import type { Report } from '../../src/record/report.ts';
import { runCli } from '../support/cli.ts';
import { expectReport } from '../support/schema.ts';

const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));
const LIMIT = 120_000;

/** A folder with the server's configuration and authority in it. */
function withServer(server: LocalTurnServer) {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-call-'));
  const config = join(folder, 'ice.json');
  const ca = join(folder, 'ca.pem');
  writeFileSync(config, JSON.stringify(server.iceServers));
  writeFileSync(ca, server.caPem ?? '');
  return { config, ca, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

async function call(args: readonly string[], exitCode = 0): Promise<Report> {
  const run = await runCli(['call', ...args, '-f', 'json', '--events'], { timeoutMs: LIMIT });
  expect(run.exitCode, run.stderr + run.stdout.slice(0, 2000)).toBe(exitCode);
  const report = JSON.parse(run.stdout) as Report;
  expectReport(report);
  return report;
}

const kinds = (report: Report): (string | undefined)[][] =>
  (report.calls ?? []).map(({ path, outcome, selected }) => [
    path,
    outcome,
    selected?.local.candidateType,
    selected?.local.relayProtocol ?? undefined,
  ]);

describe('iceprobe call, to itself', { timeout: LIMIT }, () => {
  it('connects over each path that a server opens, and leaves nothing behind', async () => {
    await using server = await startTurnServer();
    using files = withServer(server);
    const report = await call(['-c', files.config, '--ca', files.ca]);
    expect(kinds(report)).toEqual([
      ['any', 'connected', 'host', undefined],
      ['host', 'connected', 'host', undefined],
      // The server sees the very address that the candidate has.
      ['srflx', 'no-candidates', undefined, undefined],
      ['relay/udp', 'connected', 'relay', 'udp'],
      ['relay/tcp', 'connected', 'relay', 'tcp'],
      ['relay/tls', 'connected', 'relay', 'tls'],
    ]);
    for (const { data, timing } of report.calls?.filter(({ outcome }) => outcome === 'connected') ?? []) {
      expect(data?.returned).toBeGreaterThan(0);
      expect(data?.throughput.toAnswerer).toBeGreaterThan(0);
      expect(data?.throughput.toOfferer).toBeGreaterThan(0);
      expect(timing.channelMs).toBeGreaterThan(0);
      expect(timing.iceMs).toBeLessThanOrEqual(timing.channelMs ?? 0);
    }
    expect(server.bytesRelayed).toBeGreaterThan(0);
    expect(server.allocations).toEqual([]);
    const text = JSON.stringify(report);
    const [{ credential = '' } = {}] = server.iceServers;
    expect(text).not.toContain(credential);
    expect(text).not.toMatch(/ufrag|ice-pwd/);
  });

  it('without trickle, over one path, for as long as it is asked to', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    using files = withServer(server);
    const report = await call(['-c', files.config, '--path', 'relay', '--no-trickle', '--duration', '3']);
    expect(kinds(report)).toEqual([['relay', 'connected', 'relay', 'udp']]);
    expect(report.calls?.[0]?.data?.durationMs).toBeGreaterThanOrEqual(3000);
    const sent = report.events?.filter((event) => event.type === 'signaling' && event.direction === 'sent');
    expect(sent?.some((event) => event.type === 'signaling' && event.message === 'end-of-candidates')).toBe(false);
  });

  it('over TLS sends no credential to a server whose certificate nobody vouches for', async () => {
    await using server = await startTurnServer();
    using files = withServer(server);
    const report = await call(['-c', files.config, '--path', 'relay/tls'], 1);
    expect(report.calls?.[0]).toMatchObject({ path: 'relay/tls', outcome: 'failed' });
    expect(report.events?.some((event) => event.type === 'tls' && event.problems.length > 0)).toBe(true);
    expect(report.calls?.[0]?.peers[0]?.errors[0]).toContain('turns:');
    const [finding] = report.findings;
    expect(finding).toMatchObject({ id: 'call.no-path', params: { cause: 'noCandidates' } });
    // Not libwebrtc's 701: what its bridge to the server saw there.
    expect(finding?.detail).toMatch(/turns:\S+: TLS: untrusted: CN=/);
  });

  it('ends by its deadline, with what it has', async () => {
    const startedAt = performance.now();
    await using server = await startTurnServer({ faults: ['allocate:silent'] });
    using files = withServer(server);
    const report = await call(['-c', files.config, '--path', 'relay/udp', '--timeout', '3'], 1);
    expect(report.calls?.[0]).toMatchObject({ outcome: 'failed' });
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('says so where the WebRTC implementation dies, and goes on with a new one', async () => {
    // A path over UDP asks for the first allocation, and one over TCP comes after it.
    await using server = await startTurnServer({ transports: ['udp', 'tcp'] });
    using files = withServer(server);
    const args = ['call', '-c', files.config, '-f', 'json', '--duration', '2'];
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const allocation = await server.waitForAllocation({ timeoutMs: 30_000 });
    expect(allocation).toBeDefined();
    const peers = childrenOf(child.pid ?? 0);
    expect(peers).toHaveLength(2);
    const [{ credential = '' } = {}] = server.iceServers;
    for (const pid of peers) {
      // Whoever may list the processes of a machine may read this.
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(credential);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(credential);
    }
    process.kill(peers[0] ?? 0, 'SIGSEGV');
    await ended;
    const report = JSON.parse(output) as Report;
    expect(report.calls?.map(({ path }) => path)).toEqual(['any', 'host', 'srflx', 'relay/udp', 'relay/tcp']);
    const crashed = report.calls?.filter(({ outcome }) => outcome === 'crashed');
    expect(crashed).toMatchObject([{ reason: expect.stringContaining('SIGSEGV') }]);
    expect(report.findings.map(({ id }) => id)).toContain('call.stack-crashed');
    expect(report.calls?.at(-1)).toMatchObject({ outcome: 'connected' });
    expect(peers.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  it('begins ICE anew where the server ends the path, and goes on over another one', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    using files = withServer(server);
    const pending = call(['-c', files.config, '--path', 'relay', '--duration', '18']);
    await expect.poll(() => server.bytesRelayed, { timeout: 30_000, interval: 50 }).toBeGreaterThan(10_000);
    server.dropAllocation();
    const report = await pending;
    expect(report.calls?.[0]).toMatchObject({ outcome: 'connected', selected: { local: { candidateType: 'relay' } } });
    expect(report.calls?.[0]?.peers.some(({ restarts }) => restarts > 0)).toBe(true);
    expect(report.findings[0]).toMatchObject({ id: 'call.consent-lost', severity: 'warning' });
    // Measured across the break: what was under way is lost, and most is not.
    const { sent = 0, returned = 0 } = report.calls?.[0]?.data ?? {};
    expect(returned).toBeLessThan(sent);
    expect(returned).toBeGreaterThan(0);
    expect(server.allocations).toEqual([]);
  });

  it('gives everything back when it is interrupted', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    using files = withServer(server);
    const interrupt = new AbortController();
    const run = runCli(['call', '-c', files.config, '--path', 'relay', '--duration', '60'], {
      timeoutMs: LIMIT,
      interruptOn: interrupt.signal,
    });
    await server.waitForAllocation({ timeoutMs: 30_000 });
    interrupt.abort();
    expect(await run).toMatchObject({ exitCode: 130 });
    expect(server.allocations).toEqual([]);
  });

  it.each([
    [['--path', 'relay/tls', 'turn:127.0.0.1', '-u', 'a', '-p', 'b'], 'needs a TURN server over TLS'],
    [['--path', 'host', '--policy', 'relay', '--local'], 'contradict each other'],
    [['--path', 'sideways'], 'one of any, host'],
    [['--duration', '0'], 'from 0.2'],
  ])('refuses %s', async (args, words) => {
    const run = await runCli(['call', ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(words);
  });
});

function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}
