import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalTurnServer, startTurnServer } from '../../src/index.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { describeNeeding } from '../support/needs.ts';

/** Two connections in the page, relay only, a data channel between them; what came back of 100 messages. */
const CALL = (configuration: unknown): string => `(async () => {
  const [a, b] = [0, 1].map(() => new RTCPeerConnection(${JSON.stringify(configuration)}));
  a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
  const channel = a.createDataChannel('test');
  b.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => channel.send(data); };
  const echoed = [];
  const done = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no echo; states ' + a.iceConnectionState + ', ' + b.iceConnectionState)), 20000);
    channel.onopen = () => { for (let i = 0; i < 100; i++) channel.send(String(i).padEnd(1000, '.')); };
    channel.onmessage = ({ data }) => { if (echoed.push(parseInt(data)) === 100) resolve(); };
  });
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  await done;
  a.close();
  b.close();
  return echoed;
})()`;

function relayOnly(server: LocalTurnServer, transport: 'udp' | 'tcp' | 'tls') {
  const index = ['udp', 'tcp', 'tls'].indexOf(transport);
  const iceServers = server.iceServers.map((each) => ({ ...each, urls: [each.urls[index] ?? ''] }));
  return { iceServers, iceTransportPolicy: 'relay' as const };
}

describeNeeding('chromium')('Chromium', () => {
  let server: LocalTurnServer;
  let browser: TestBrowser;
  beforeAll(async () => {
    server = await startTurnServer();
    browser = await openBrowser('chromium', {
      flags: [`--ignore-certificate-errors-spki-list=${server.spkiSha256}`],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(['udp', 'tcp', 'tls'] as const)('gathers a relay candidate over %s', async (transport) => {
    const gathering = await browser.gather(relayOnly(server, transport));
    expect(gathering.errors).toEqual([]);
    expect(gathering.candidates.map(({ type, address }) => [type, address])).toEqual([['relay', '127.0.0.1']]);
    expect(gathering.complete).toBe(true);
  });

  it.each(['udp', 'tcp', 'tls'] as const)('carries a data channel over %s', async (transport) => {
    const before = server.bytesRelayed;
    const echoed = await browser.evaluate<number[]>(CALL(relayOnly(server, transport)));
    expect(echoed).toEqual(Array.from({ length: 100 }, (_, i) => i));
    // 100 messages of 1,000 bytes there and back, through two relays each way.
    expect(server.bytesRelayed - before).toBeGreaterThan(400_000);
  });

  it('gives its allocations back when a connection is closed', async () => {
    await expect.poll(() => server.allocations.length, { timeout: 10_000 }).toBe(0);
  });
});

describeNeeding('firefox')('Firefox', () => {
  it('gathers a relay candidate and carries a data channel over UDP', async () => {
    await using server = await startTurnServer();
    await using browser = await openBrowser('firefox');
    const gathering = await browser.gather(relayOnly(server, 'udp'));
    expect(gathering.candidates.filter(({ type }) => type === 'relay')).toHaveLength(1);
    const echoed = await browser.evaluate<number[]>(CALL(relayOnly(server, 'udp')));
    expect(echoed).toHaveLength(100);
  });
});
