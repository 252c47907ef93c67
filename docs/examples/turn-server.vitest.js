// A TURN server for the length of a test file, and one test that makes it fail.
import { gather, startTurnServer } from 'iceprobe';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

let server;

beforeAll(async () => {
  server = await startTurnServer(); // free ports, random credentials
});
beforeEach(() => server.setFaults([])); // all is well again
afterAll(() => server.close());

// In the place of the code that you test.
const relays = async () => {
  const { report } = gather({ iceServers: server.iceServers, ca: server.caPem, iceTransportPolicy: 'relay' });
  const [{ candidates }] = (await report).gatherings;
  return new Set(candidates.map((candidate) => candidate.relayProtocol));
};

test('relays over UDP, TCP and TLS', async () => {
  expect(await relays()).toEqual(new Set(['udp', 'tcp', 'tls']));
});

test('does with what is left without UDP', async () => {
  await server.setFaults(['udp:off']);
  expect(await relays()).toEqual(new Set(['tcp', 'tls']));
});

test('gives up when the quota is reached', async () => {
  await server.setFaults(['allocate:486']);
  expect(await relays()).toEqual(new Set());
});
