import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { type DnsEntry, startDnsServer } from '../../support/dns-server.ts';
import { gathered } from '../../support/gathering.ts';
import { closedPort } from '../../support/servers.ts';

const user = { username: 'user', credential: 'password' };
let turn: Coturn;

beforeAll(async () => {
  turn = await startCoturn();
});

afterAll(async () => {
  expect(turn.allocationsLeft()).toEqual([]);
  await turn.stop();
});

/** Gathers on loopback with names from this zone alone. */
async function gatherIn(zone: Readonly<Record<string, DnsEntry>>, urls: string | string[], more = {}) {
  await using dns = await startDnsServer(zone);
  const iceServers = [{ urls, ...user }];
  const run = await gathered({ iceServers, resolvers: [dns.address], interfaces: ['lo'], ...more });
  return { ...run, questions: [...dns.questions] };
}

describe('a server given by name', () => {
  it('is asked at every address, IPv4 and IPv6, and its name once', async () => {
    const urls = [`turn:turn.example:${turn.port}`, `turn:turn.example:${turn.port}?transport=tcp`];
    const { kinds, questions, of, report } = await gatherIn({ 'turn.example': ['127.0.0.1', '::1'] }, urls);
    expect(kinds).toEqual(
      expect.arrayContaining(['relay udp udp 4', 'relay udp udp 6', 'relay udp tcp 4', 'relay udp tcp 6']),
    );
    expect(questions.toSorted()).toEqual(['turn.example/A', 'turn.example/AAAA']);
    expect(of('resolve').map(({ host, family, addresses, source }) => [host, family, addresses, source])).toEqual(
      expect.arrayContaining([
        ['turn.example', 4, ['127.0.0.1'], 'dns'],
        ['turn.example', 6, ['::1'], 'dns'],
      ]),
    );
    expect(report.servers?.map(({ resolve }) => resolve?.status)).toEqual(['pass', 'pass']);
    await turn.waitForRelease();
  });

  it('with a dead address among good ones gives what the good ones give', async () => {
    // Nothing listens on 127.0.0.9.
    const zone = { 'turn.example': ['127.0.0.9', '127.0.0.1'] };
    const { report, kinds } = await gatherIn(zone, `turn:turn.example:${turn.port}`);
    expect(kinds).toContain('relay udp udp 4');
    const verdicts = report.servers?.[0]?.attempts.map(({ address, verdict }) => [address, verdict]);
    // In the order in which they ended, which is the order of the answers.
    expect(verdicts).toEqual(
      expect.arrayContaining([
        ['127.0.0.9', 'error'],
        ['127.0.0.1', 'ok'],
      ]),
    );
    await turn.waitForRelease();
  });

  it('that has no AAAA is no failure', async () => {
    const { report, findings } = await gatherIn({ 'turn.example': ['127.0.0.1'] }, `turn:turn.example:${turn.port}`);
    expect(findings.filter((id) => id.startsWith('dns.'))).toEqual([]);
    expect(report.gatherings?.[0]?.errors).toEqual([]);
  });

  it('whose AAAA leads nowhere still gives what IPv4 gives, by the deadline', async () => {
    const closed = await closedPort();
    const zone = { 'turn.example/A': ['127.0.0.1'], 'turn.example/AAAA': ['2001:db8::dead'] };
    const urls = [`turn:turn.example:${turn.port}`, `stun:127.0.0.1:${closed.port}`];
    const { kinds, report, tookMs } = await gatherIn(zone, urls, { timeoutMs: 3000 });
    expect(kinds).toContain('relay udp udp 4');
    expect(tookMs).toBeLessThan(4000);
    expect(report.servers?.[0]?.attempts.map(({ family, verdict }) => [family, verdict])).toContainEqual([4, 'ok']);
    await turn.waitForRelease();
  });
});

describe('a resolver at fault', () => {
  it.each<[string, DnsEntry, string, RegExp]>([
    ['that says there is no such name', 'NXDOMAIN', 'dns-not-found', /ENOTFOUND/],
    ['that knows the name, but no address', [], 'dns-not-found', /ENODATA/],
    ['that fails', 'SERVFAIL', 'dns-failed', /ESERVFAIL/],
    ['that refuses', 'REFUSED', 'dns-failed', /EREFUSED/],
  ])('%s is told from the others', async (_, entry, cause, detail) => {
    const { report, tookMs } = await gatherIn({ 'turn.example': entry }, 'turn:turn.example');
    expect(report.servers?.[0]?.resolve).toMatchObject({
      status: 'fail',
      data: { cause },
      detail: expect.stringMatching(detail),
    });
    expect(report.gatherings?.[0]?.errors).toEqual([
      expect.objectContaining({ url: 'turn:turn.example', errorCode: 701, address: null }),
    ]);
    expect(report.exitCode).toBe(1);
    expect(tookMs).toBeLessThan(5000);
  });

  it('that is silent does not hold the run beyond its deadline', async () => {
    const { report, tookMs } = await gatherIn({ 'turn.example': 'silent' }, 'turn:turn.example', { timeoutMs: 1500 });
    expect(tookMs).toBeLessThan(2500);
    expect(report.exitCode).not.toBe(0);
    expect(report.gatherings?.[0]?.states.at(-1)?.state).toBe('complete');
  });

  it('does not keep servers waiting that are known by address', async () => {
    const urls = ['turn:turn.example', `turn:127.0.0.1:${turn.port}`];
    const { report } = await gatherIn({ 'turn.example': 'silent' }, urls, { timeoutMs: 2500 });
    const relay = report.gatherings?.[0]?.candidates.find(({ type }) => type === 'relay');
    expect(relay?.ms).toBeLessThan(1000);
    await turn.waitForRelease();
  });
});

describe('SRV records', () => {
  const service = { priority: 1, weight: 1, port: 0, target: 'node.example' };
  const zone: Readonly<Record<string, DnsEntry>> = {
    '_turn._udp.example': [service],
    'node.example': ['127.0.0.1'],
    example: ['127.0.0.9'],
  };

  it('are followed only where asked for, and no port is given', async () => {
    const withPort = { ...zone, '_turn._udp.example': [{ ...service, port: turn.port }] };
    const found = await gatherIn(withPort, 'turn:example', { srv: true });
    expect(found.kinds).toContain('relay udp udp 4');
    expect(found.of('resolve')[0]).toMatchObject({
      host: '_turn._udp.example',
      source: 'srv',
      addresses: [`node.example:${turn.port}`],
    });
    await turn.waitForRelease();
    const notAsked = await gatherIn(withPort, 'turn:example', { timeoutMs: 1500 });
    const port = await gatherIn(withPort, `turn:example:${turn.port}`, { srv: true, timeoutMs: 1500 });
    for (const { questions } of [notAsked, port]) {
      expect(questions.toSorted()).toEqual(['example/A', 'example/AAAA']);
    }
  });

  it('that are missing leave the host itself, at the default port', async () => {
    const { questions, report } = await gatherIn({ example: ['127.0.0.9'] }, 'stun:example', { srv: true, family: 4 });
    expect(questions).toEqual(['_stun._udp.example/SRV', 'example/A']);
    expect(report.servers?.[0]?.attempts[0]).toMatchObject({ address: '127.0.0.9', port: 3478 });
  });
});
