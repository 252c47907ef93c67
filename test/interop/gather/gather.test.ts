import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { gather } from '../../../src/index.ts';
import type { RunEvent } from '../../../src/record/events.ts';
import { certificate } from '../../support/certificates.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { type DnsServer, startDnsServer } from '../../support/dns-server.ts';
import { gathered } from '../../support/gathering.ts';
import { closedPort, type TestServer, tcpServer, udpServer } from '../../support/servers.ts';

const user = { username: 'user', credential: 'password' };
const { cert, key, caPem } = certificate('good');
let turn: Coturn;
let rest: Coturn;
let stunOnly: Coturn;
/** Knows no name at all. */
let dns: DnsServer;

beforeAll(async () => {
  dns = await startDnsServer({});
  [turn, rest, stunOnly] = await Promise.all([
    startCoturn({ tls: { cert, key } }),
    startCoturn({ mode: 'use-auth-secret' }),
    startCoturn({ mode: 'stun-only' }),
  ]);
});

afterAll(async () => {
  // Whatever the tests did, nothing is left on any server.
  expect([turn, rest, stunOnly].flatMap((each) => each.allocationsLeft())).toEqual([]);
  await Promise.all([turn, rest, stunOnly, dns].map((each) => each[Symbol.asyncDispose]()));
});

/** Answers every Binding request as if a NAT were between. */
function behindNat(mapped: { family: 4; address: string; port: number }): Promise<TestServer> {
  return udpServer((request, from, socket) => {
    const message = decodeMessage(request);
    if (!message.ok) return;
    const { transactionId } = message.value;
    const answer = new MessageBuilder('success', Method.Binding, transactionId).add(XorMappedAddress, mapped).build();
    socket.send(answer, from.port, from.address);
  });
}

describe('gather', () => {
  it('gives host and relayed candidates of both families over UDP, TCP and TLS, and leaves no allocation', async () => {
    const { report, kinds, of } = await gathered({
      ca: caPem,
      iceServers: [
        {
          urls: [`turn:127.0.0.1:${turn.port}`, `turn:[::1]:${turn.port}`, `turn:127.0.0.1:${turn.port}?transport=tcp`],
          ...user,
        },
        { urls: [`turns:localhost:${turn.tlsPort}`, `turns:[::1]:${turn.tlsPort}`], ...user },
      ],
    });
    expect(kinds.toSorted()).toEqual([
      'host udp 4',
      'host udp 6',
      'relay udp tcp 4',
      'relay udp tls 4',
      'relay udp tls 6',
      'relay udp udp 4',
      'relay udp udp 6',
    ]);
    expect(report).toMatchObject({ verdict: 'ok', exitCode: 0 });
    expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(report.gatherings?.[0]?.states.map(({ state }) => state)).toEqual(['new', 'gathering', 'complete']);
    await turn.waitForRelease();
    const changes = of('allocation').map(({ change }) => change);
    expect(changes.filter((change) => change === 'released')).toHaveLength(changes.length / 2);
  });

  it('gives a server-reflexive candidate where the server sees another address', async () => {
    await using server = await behindNat({ family: 4, address: '203.0.113.5', port: 4242 });
    const { report } = await gathered({ iceServers: [{ urls: `stun:127.0.0.1:${server.address.port}` }], family: 4 });
    const candidates = report.gatherings?.[0]?.candidates ?? [];
    const host = candidates.find(({ type, address }) => type === 'host' && address === '127.0.0.1');
    expect(candidates.find(({ type }) => type === 'srflx')).toMatchObject({
      address: '203.0.113.5',
      port: 4242,
      relatedAddress: '127.0.0.1',
      relatedPort: host?.port,
      url: `stun:127.0.0.1:${server.address.port}`,
      requestsSent: 1,
    });
  });

  it('gives relayed candidates alone under the policy "relay", and TCP host candidates where asked', async () => {
    const iceServers = [{ urls: `turn:127.0.0.1:${turn.port}`, ...user }];
    expect((await gathered({ iceServers, iceTransportPolicy: 'relay' })).kinds).toEqual(['relay udp udp 4']);
    expect((await gathered({ iceServers, tcp: true, family: 4 })).kinds.toSorted()).toEqual([
      'host tcp 4',
      'host udp 4',
      'relay udp udp 4',
    ]);
  });

  it('keeps to the family and the interfaces that were named', async () => {
    const urls = [`turn:localhost:${turn.port}`, `turn:[::1]:${turn.port}`];
    const { report } = await gathered({ iceServers: [{ urls, ...user }], family: 4, interfaces: ['lo'] });
    const candidates = report.gatherings?.[0]?.candidates ?? [];
    expect(new Set(candidates.map((each) => each.interface))).toEqual(new Set(['lo']));
    expect(new Set(candidates.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
    const errors = report.gatherings?.[0]?.errors.map(({ url }) => url);
    expect(errors).toEqual([`turn:[::1]:${turn.port}`]);
  });

  it('gathers on loopback only where every server is there, and says so', async () => {
    const here = await gathered({ iceServers: [{ urls: `stun:127.0.0.1:${turn.port}` }] });
    expect(here.report.notes?.join()).toMatch(/loopback/);
    const nowhere = await gathered({ iceServers: [] });
    expect(nowhere.report.notes).toBeUndefined();
    const addresses = nowhere.report.gatherings?.[0]?.candidates.map(({ address }) => address);
    expect(addresses).not.toContain('127.0.0.1');
  });

  it('gathers for each URL alone too, where asked', async () => {
    const closed = await closedPort();
    const urls = [`turn:127.0.0.1:${turn.port}`, `turn:127.0.0.1:${closed.port}?transport=tcp`];
    const { report, events } = await gathered({ iceServers: [{ urls, ...user }], perUrl: true, family: 4 });
    const gatherings = report.gatherings ?? [];
    expect(gatherings.map(({ url }) => url)).toEqual([null, ...urls]);
    expect(gatherings.map(({ candidates }) => candidates.some(({ type }) => type === 'relay'))).toEqual([
      true,
      true,
      false,
    ]);
    expect(gatherings.map(({ states }) => states.at(-1)?.state)).toEqual(['complete', 'complete', 'complete']);
    expect(gatherings.map(({ errors }) => errors.length > 0)).toEqual([true, false, true]);
    // No socket of one gathering may be taken for one of another.
    const opened = events.flatMap((event) => (event.type === 'transport-open' ? [event.transport] : []));
    expect(new Set(opened).size).toBe(opened.length);
    await turn.waitForRelease();
  });
});

interface Failing {
  readonly urls: () => Promise<string> | string;
  readonly credentials?: { readonly username: string; readonly credential: string };
  readonly errorCode: number;
  readonly finding: string;
}

describe('a server that gives nothing: the right error, finding and exit code, within a second', () => {
  it.each<[string, Failing]>([
    [
      'wrong password',
      {
        urls: () => `turn:127.0.0.1:${turn.port}`,
        credentials: { ...user, credential: 'no' },
        errorCode: 401,
        finding: 'auth.bad-credentials',
      },
    ],
    [
      'wrong user over TCP',
      {
        urls: () => `turn:127.0.0.1:${turn.port}?transport=tcp`,
        credentials: { ...user, username: 'nobody' },
        errorCode: 401,
        finding: 'auth.bad-credentials',
      },
    ],
    [
      'expired credential',
      {
        urls: () => `turn:127.0.0.1:${rest.port}`,
        credentials: { username: '1600000000:me', credential: 'x' },
        errorCode: 401,
        finding: 'auth.expired',
      },
    ],
    [
      'closed UDP port',
      { urls: async () => `turn:127.0.0.1:${(await closedPort()).port}`, errorCode: 701, finding: 'net.refused' },
    ],
    [
      'closed UDP port of a STUN server',
      { urls: async () => `stun:127.0.0.1:${(await closedPort()).port}`, errorCode: 701, finding: 'net.refused' },
    ],
    [
      'closed TCP port',
      {
        urls: async () => `turn:127.0.0.1:${(await closedPort()).port}?transport=tcp`,
        errorCode: 701,
        finding: 'net.refused',
      },
    ],
    ['no such name', { urls: () => 'stun:nowhere.example', errorCode: 701, finding: 'dns.not-found' }],
  ])('%s', async (_, { urls, credentials = user, errorCode, finding }) => {
    const { report, findings, tookMs } = await gathered({
      resolvers: [dns.address],
      iceServers: [{ urls: await urls(), ...credentials }],
    });
    expect(findings).toContain(finding);
    expect(report).toMatchObject({ verdict: 'error', exitCode: 1 });
    const errors = report.gatherings?.[0]?.errors ?? [];
    expect(new Set(errors.map((error) => error.errorCode))).toEqual(new Set([errorCode]));
    // Rejected or refused: a second, with slack for a machine that does other things as well.
    expect(tookMs).toBeLessThan(5000);
  });
});

describe('a server that is silent', () => {
  it('is given up after five seconds, and named', async () => {
    await using silent = await udpServer(() => {});
    const urls = `turn:127.0.0.1:${silent.address.port}`;
    const { report, findings, of } = await gathered({ iceServers: [{ urls, ...user }], interfaces: ['lo'] });
    expect(findings).toContain('net.server-silent');
    expect(report).toMatchObject({ verdict: 'error', exitCode: 1 });
    const [ended] = of('transaction').filter(({ method }) => method === 'Allocate');
    expect(ended).toMatchObject({ outcome: 'timeout', attempts: 4, timing: { rtoMs: 500, giveUpMs: 5000 } });
    expect(report.durationMs).toBeGreaterThanOrEqual(5000);
    expect(report.durationMs).toBeLessThan(7000);
  });

  it('does not hold the run beyond its deadline: over UDP, TCP and TLS', async () => {
    await using silent = await udpServer(() => {});
    await using mute = await tcpServer(() => {});
    const { report, tookMs } = await gathered({
      timeoutMs: 1500,
      iceServers: [
        {
          urls: [
            `turn:127.0.0.1:${silent.address.port}`,
            `turn:127.0.0.1:${mute.address.port}?transport=tcp`,
            `turns:127.0.0.1:${mute.address.port}`,
          ],
          ...user,
        },
      ],
    });
    expect(tookMs).toBeLessThan(2500);
    expect(report.gatherings?.[0]?.states.at(-1)?.state).toBe('complete');
    expect(report).toMatchObject({ verdict: 'undetermined', exitCode: 3 });
  });

  it('without a relay at all is told from one that is silent', async () => {
    const urls = `turn:127.0.0.1:${stunOnly.port}`;
    const { findings } = await gathered({ iceServers: [{ urls, ...user }], interfaces: ['lo'] });
    expect(findings).toContain('relay.not-turn');
  });
});

describe('an aborted run', () => {
  it('gives back what it holds, and reports what it saw', async () => {
    await using silent = await udpServer(() => {});
    const controller = new AbortController();
    const run = gather({
      signal: controller.signal,
      iceServers: [{ urls: [`turn:127.0.0.1:${turn.port}`, `turn:127.0.0.1:${silent.address.port}`], ...user }],
    });
    let abortedAt = 0;
    const seen: RunEvent[] = [];
    for await (const event of run) {
      seen.push(event);
      if (event.type !== 'candidate' || event.candidate.type !== 'relay' || abortedAt > 0) continue;
      abortedAt = performance.now();
      controller.abort();
    }
    const report = await run.report;
    expect(performance.now() - abortedAt).toBeLessThan(2500);
    expect(seen.some((event) => event.type === 'allocation' && event.change === 'released')).toBe(true);
    expect(report.gatherings?.[0]?.candidates.some(({ type }) => type === 'relay')).toBe(true);
    expect(seen.at(-1)?.type).toBe('run-finished');
    await turn.waitForRelease();
  });

  it('ends at once where it was aborted before it began', async () => {
    const { tookMs, report } = await gathered({
      signal: AbortSignal.abort(),
      iceServers: [{ urls: `turn:127.0.0.1:${turn.port}`, ...user }],
    });
    expect(tookMs).toBeLessThan(2500);
    expect(report.gatherings?.[0]?.candidates.some(({ type }) => type === 'relay')).toBe(false);
  });
});

describe('the events of a run', () => {
  it('can be gone through more than once, while it lasts and after it', async () => {
    const run = gather({ iceServers: [{ urls: `stun:127.0.0.1:${turn.port}` }], family: 4 });
    const live: RunEvent[] = [];
    for await (const event of run) live.push(event);
    const again: RunEvent[] = [];
    for await (const event of run) again.push(event);
    expect(again).toEqual(live);
    expect(live.map(({ seq }) => seq)).toEqual(live.map((_, index) => index + 1));
    expect(live[0]?.type).toBe('run-started');
    expect(live.at(-1)?.type).toBe('run-finished');
  });

  it('hold no secret, and nothing to guess one by', async () => {
    const credential = 'a-password-to-look-for';
    const iceServers = [{ urls: `turn:127.0.0.1:${turn.port}`, username: 'user', credential }];
    const { events, report } = await gathered({ iceServers, family: 4 });
    const text = JSON.stringify([events, report]);
    expect(text).toContain('MESSAGE-INTEGRITY');
    expect(text).not.toContain(credential);
    // An HMAC-SHA1 in hex, as a whole value.
    expect(text).not.toMatch(/"[0-9a-f]{40}"/);
  });
});
