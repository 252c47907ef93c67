import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { GatheringEvent } from '../../src/core/ice/events.ts';
import { Gatherer } from '../../src/core/ice/gatherer.ts';
import type { GathererInput, GathererOptions, GatherServer, LocalAddress } from '../../src/core/ice/gatherer-io.ts';
import { Secret } from '../../src/core/secret.ts';
import { parseServerUri } from '../../src/core/stun/uri.ts';
import { startClock } from '../../src/net/clock.ts';
import { Driver } from '../../src/net/drive.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { systemRandom } from '../../src/net/random.ts';
import { TrustStore } from '../../src/net/trust.ts';
import type { EventBody } from '../../src/record/events.ts';
import { certificate } from '../support/certificates.ts';
import { startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';
import { freePort } from '../support/ports.ts';

const LO4: LocalAddress = { interface: 'lo', family: 4, address: '127.0.0.1' };
const LO6: LocalAddress = { interface: 'lo', family: 6, address: '::1' };

/** Gathers from servers given by address; resolves with what was told and how long it took. */
async function gather(servers: readonly GatherServer[], options: Partial<GathererOptions> = {}) {
  const clock = startClock();
  const gatherer = new Gatherer({
    servers,
    locals: [LO4, LO6],
    random: systemRandom(),
    hashes: nodeHashes,
    deadlineAt: 10_000,
    ...options,
  });
  const events: EventBody[] = [];
  const driver = new Driver<GathererInput>(gatherer, () => gatherer.finished, {
    clock,
    record: (event) => events.push(event),
    tls: { trust: new TrustStore(), insecure: true },
  });
  driver.handle({ type: 'start' });
  for (const { url, uri } of servers) {
    const addresses = [{ family: uri.literal ?? 4, address: uri.host, port: uri.port }] as const;
    driver.handle({ type: 'resolved', url, addresses, final: true });
  }
  await driver.done;
  const of = <T extends GatheringEvent['type']>(type: T) =>
    events.filter((event): event is Extract<EventBody, { type: T }> => event.type === type);
  return {
    events,
    of,
    tookMs: clock.now(),
    candidates: of('candidate').map(
      ({ candidate }) => `${candidate.type} ${candidate.protocol} ${candidate.address} ${candidate.relayProtocol}`,
    ),
    stages: of('stage').map((stage) => `${stage.stage} ${stage.status}`),
  };
}

function server(url: string, username = 'user', password = 'password'): GatherServer {
  const uri = parseServerUri(url);
  if (!uri.ok) throw new Error(uri.error.message);
  return { url, uri: uri.value, username, credential: new Secret(password) };
}

describeNeeding('coturn', 'ipv6')('a gatherer with coturn', () => {
  it('gets an allocation over UDP and TCP, IPv4 and IPv6, and gives each back', async () => {
    await using coturn = await startCoturn();
    const { port } = coturn;
    const result = await gather([
      server(`stun:127.0.0.1:${port}`),
      server(`turn:127.0.0.1:${port}`),
      server(`turn:127.0.0.1:${port}?transport=tcp`),
      server(`turn:[::1]:${port}`),
    ]);
    expect(result.candidates.sort()).toEqual([
      'host udp 127.0.0.1 null',
      'host udp ::1 null',
      'relay udp 127.0.0.1 tcp',
      'relay udp 127.0.0.1 udp',
      'relay udp ::1 udp',
    ]);
    expect(result.of('candidate-error')).toEqual([]);
    expect(
      result
        .of('allocation')
        .map(({ change }) => change)
        .sort(),
    ).toEqual(['created', 'created', 'created', 'released', 'released', 'released']);
    expect(result.of('stage').filter(({ status }) => status === 'fail')).toEqual([]);
    await coturn.waitForRelease();
    expect(coturn.allocations()).toHaveLength(3);
    expect(coturn.allocations().every(({ released }) => released)).toBe(true);
  });

  it('goes through TLS, and tells what a client that verifies would have refused', async () => {
    await using coturn = await startCoturn({ tls: certificate('self-signed') });
    const result = await gather([server(`turns:127.0.0.1:${coturn.tlsPort}`)]);
    expect(result.stages).toEqual(['connect pass', 'tls warn', 'challenge pass', 'allocate pass', 'release pass']);
    expect(result.of('stage')[1]?.data).toMatchObject({
      cause: 'tls',
      problem: expect.stringContaining('self-signed'),
    });
    expect(result.candidates).toContain('relay udp 127.0.0.1 tls');
    await coturn.waitForRelease();
  });

  it.each([
    ['a wrong password', server, 'user', 'wrong'],
    ['an unknown user', server, 'nobody', 'password'],
  ] as const)('hears of %s at once', async (_what, make, user, password) => {
    await using coturn = await startCoturn();
    const result = await gather([make(`turn:127.0.0.1:${coturn.port}`, user, password)]);
    const failed = result.of('stage').filter(({ status }) => status === 'fail');
    expect(failed).toMatchObject([
      { stage: 'allocate', data: { cause: 'stun-error', errorCode: 401, authenticated: true } },
    ]);
    expect(result.of('candidate-error')).toMatchObject([{ errorCode: 401, address: '127.0.0.1', family: 4 }]);
    expect(result.tookMs).toBeLessThan(5000);
    expect(coturn.allocations()).toEqual([]);
  });

  it('finds a server without TURN', async () => {
    await using coturn = await startCoturn({ mode: 'stun-only' });
    const result = await gather([server(`turn:127.0.0.1:${coturn.port}`)]);
    const failed = result.of('stage').filter(({ status }) => status === 'fail');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.data.authenticated).toBe(false);
    expect(result.stages).toContain('binding pass');
  });

  it('sees that a server asks nobody for credentials', async () => {
    await using coturn = await startCoturn({ mode: 'no-auth' });
    const result = await gather([server(`turn:127.0.0.1:${coturn.port}`)]);
    expect(result.of('stage').filter(({ stage }) => stage === 'allocate')).toMatchObject([
      { status: 'pass', data: { authenticated: false } },
    ]);
    await coturn.waitForRelease();
  });

  it('is told of a quota', async () => {
    await using coturn = await startCoturn({ extra: ['user-quota=1'] });
    const url = `turn:127.0.0.1:${coturn.port}`;
    const result = await gather([server(url), server(`${url}?transport=udp`)]);
    expect(result.of('candidate-error')).toMatchObject([{ errorCode: 486 }]);
    await coturn.waitForRelease();
  });
});

describeNeeding('ipv6')('a gatherer without a server', () => {
  it.each(['127.0.0.1', '[::1]'])('learns within a second that UDP and TCP are refused by %s', async (host) => {
    const port = await freePort(['127.0.0.1', '::1']);
    const urls = [`stun:${host}:${port}`, `turn:${host}:${port}`, `turn:${host}:${port}?transport=tcp`];
    const result = await gather(urls.map((url) => server(url)));
    const failed = result.of('stage').filter(({ status }) => status === 'fail');
    expect(failed.map(({ stage, data }) => `${stage} ${data.cause}`).sort()).toEqual([
      'binding refused',
      'challenge refused',
      'connect refused',
    ]);
    expect(result.tookMs).toBeLessThan(5000);
  });

  it('gives a silent one up after 5 s', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const { port } = silent.address();
    const result = await gather([server(`stun:127.0.0.1:${port}`)]);
    silent.close();
    expect(result.of('stage')).toMatchObject([{ stage: 'binding', data: { cause: 'timeout', requestsSent: 4 } }]);
    expect(result.tookMs).toBeGreaterThanOrEqual(5000);
    expect(result.tookMs).toBeLessThan(10_000);
  });

  it('recognises HTTP behind the port', async () => {
    const http = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const result = await gather([server(`turn:127.0.0.1:${port}?transport=tcp`)]);
    http.close();
    expect(result.of('stage').at(-1)).toMatchObject({
      stage: 'challenge',
      status: 'fail',
      data: { cause: 'not-stun' },
    });
    expect(result.tookMs).toBeLessThan(5000);
  });
});
