import { expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { Data, EvenPort, Lifetime, RequestedTransport, XorPeerAddress } from '../../../src/core/stun/attributes.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { DEFAULT_QUOTAS } from '../../../src/core/turn/server/settings.ts';
import { mutate } from '../../support/mutate.ts';
import { pick } from '../../support/random-message.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';
import { clientPackets, GoodClient, HELLO, PEER, signedAgain } from '../../support/turn-mutations.ts';

/** More of them, and from another seed: ICEPROBE_MUTATIONS=1000000 ICEPROBE_SEED=7 npx vitest run ... */
const COUNT = Number(process.env['ICEPROBE_MUTATIONS'] ?? 100_000);
const SEED = Number(process.env['ICEPROBE_SEED'] ?? 1);

it(`serves a good client through ${COUNT} mutated packets of a bad one, and is as it was afterwards`, {
  timeout: 900_000,
}, () => {
  const random = seededRandom(SEED);
  const world = new SimulatedTurn({ quotas: { ...DEFAULT_QUOTAS, allocations: 200 } }, SEED);
  const good = new GoodClient(world);
  const local = at('198.51.100.1:3478');
  const seen = { answered: 0, rejected: 0, ignored: 0, allocated: 0, closed: 0 };
  let streams = 0;
  let originals: readonly Uint8Array[] = [];
  let current = new SimulatedClient(world, '192.0.2.66:2000', { username: 'bob', password: 'builder' });
  current.challenge();

  for (let n = 0; n < COUNT; n++) {
    if (n % 50 === 0) {
      // Another place to come from; over TCP a new connection.
      const isStream = randomInteger(random, 3) === 0;
      const transport = isStream ? `stream-${++streams}` : 'udp4';
      const address = `192.0.2.66:${2000 + randomInteger(random, 500)}`;
      current = new SimulatedClient(world, address, { username: 'bob', password: 'builder', transport });
      if (isStream) {
        world.handle({ type: 'stream-opened', transport, protocol: 'tcp', local, remote: current.address });
      }
      current.challenge();
    }
    // The same ones several times: what is sent again is of interest, too.
    if (n % 10 === 0) originals = clientPackets(current, random);
    const spoilt = mutate(random, pick(random, originals), originals);
    const bytes = randomInteger(random, 2) === 0 ? spoilt : signedAgain(current, spoilt, random);
    try {
      world.receive(current.transport, current.address, bytes);
      // The peers of the bad client are no better.
      if (n % 7 === 0) world.receiveAtRelay(pick(random, [...world.relays.keys(), 'relay-0']), PEER, spoilt);
      if (n % 11 === 0) {
        world.server.routeFromClient(
          current.transport,
          current.address.address,
          current.address.port,
          bytes,
          world.now,
        );
        world.server.routeFromPeer(pick(random, [...world.relays.keys()]), PEER.address, PEER.port, bytes, world.now);
      }
      if (n % 500 === 0) {
        // Everything that waits for an answer of the system gets one.
        for (const command of world.takeCommands()) {
          if (command.type !== 'connect-peer') continue;
          const { connection } = command;
          const type = randomInteger(random, 2) === 0 ? 'connection-opened' : 'connection-closed';
          world.handle(type === 'connection-opened' ? { type, connection } : { type, connection, why: 'ECONNREFUSED' });
        }
      }
    } catch (error) {
      throw new Error(`packet ${n} of seed ${SEED}: ${toHex(bytes)}`, { cause: error });
    }
    for (const event of world.takeEvents()) {
      if (event.type === 'rejected') seen.rejected++;
      else if (event.type === 'ignored') seen.ignored++;
      else if (event.type === 'allocation-created') seen.allocated++;
      else if (event.type === 'stream-closed') seen.closed++;
    }
    seen.answered += world.takeSent().length;
    if (n % 1000 === 0) {
      world.advance(randomInteger(random, 20_000));
      good.check();
    }
  }
  good.check();
  if (COUNT > 100_000) console.log(`mutations: ${JSON.stringify(seen)}`);
  // Each kind must be there, or the packets test nothing.
  for (const [kind, count] of Object.entries(seen)) expect([kind, count > COUNT / 5000]).toEqual([kind, true]);

  // Afterwards nothing is left but what the good client holds, and in the end not even that.
  for (let i = 1; i <= streams; i++) world.handle({ type: 'stream-closed', transport: `stream-${i}` });
  for (let i = 0; i < 20; i++) {
    world.advance(200_000);
    good.check();
  }
  expect(world.server.allocations().map(({ username }) => username)).toEqual(['alice']);
  expect(world.relays.size).toBe(1);
  world.advance(3_600_000);
  expect(world.relays.size).toBe(0);
  expect(world.server.deadline).toBeUndefined();
});

it('survives the packets that end node-turn', () => {
  const world = new SimulatedTurn();
  const good = new GoodClient(world);
  const client = new SimulatedClient(world, '192.0.2.9:9000', { username: 'bob', password: 'builder' });
  // EVEN-PORT throws there.
  expect(codeOf(client.request(Method.Allocate, (b) => b.add(RequestedTransport, 17).add(EvenPort, true)))).toBe(0);
  const relay = world.relayAt(world.server.allocations().at(-1)?.relayed[0] ?? at('0.0.0.0:1'));
  client.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, PEER));
  // A datagram of 0 to 3 bytes from a permitted peer ends the process there.
  for (let length = 0; length < 4; length++) {
    world.takeSent();
    world.receiveAtRelay(relay, PEER, new Uint8Array(length));
    const message = decode(world.takeSent()[0]?.bytes);
    expect(message.get(Data)).toEqual(new Uint8Array(length));
  }
  // Any Refresh ends the allocation there, unknown attributes get no answer, `constructor` is a user.
  expect(codeOf(client.request(Method.Refresh, (b) => b.add(Lifetime, 600)))).toBe(0);
  expect(codeOf(client.request(Method.Refresh, (b) => b.addRaw(0x7ff0, HELLO)))).toBe(420);
  for (const username of ['constructor', '__proto__', 'toString']) {
    const nobody = new SimulatedClient(world, '192.0.2.9:9001', { username, password: 'x' });
    expect(codeOf(nobody.request(Method.Allocate, (b) => b.add(RequestedTransport, 17)))).toBe(401);
  }
  good.check();
});
