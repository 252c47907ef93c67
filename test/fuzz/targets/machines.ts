import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { DEFAULT_QUOTAS } from '../../../src/core/turn/server/settings.ts';
import { SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';
import { clientPackets, GoodClient, signedAgain } from '../../support/turn-mutations.ts';
import { World } from '../../unit/ice/world.ts';
import { setUp } from '../../unit/turn/client-setup.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { stun } from './packets.ts';

const BAD = { username: 'bob', password: 'builder' };
/** A server lives for so many inputs: long enough for what they leave behind to matter. */
const INPUTS_A_WORLD = 2000;

class ServerWorld {
  readonly world = new SimulatedTurn({ quotas: { ...DEFAULT_QUOTAS, allocations: 200 } }, 1);
  readonly good = new GoodClient(this.world);
  inputs = 0;
}

let server: ServerWorld | undefined;

export const turnServer: FuzzTarget = {
  name: 'turn-server',
  reads: 'packets to the TURN server, plain and signed by somebody who may; a good client is served all along',
  seeds() {
    const { world } = new ServerWorld();
    const client = new SimulatedClient(world, '192.0.2.66:2000', BAD);
    client.challenge();
    return clientPackets(client, seededRandom(1));
  },
  run(input, random) {
    server ??= new ServerWorld();
    const { world, good } = server;
    const client = new SimulatedClient(world, `192.0.2.66:${2000 + randomInteger(random, 50)}`, BAD);
    client.challenge();
    const isSigned = randomInteger(random, 2) === 0;
    const before = world.server.allocations().length;
    world.receive(client.transport, client.address, isSigned ? signedAgain(client, input, random) : input);
    for (const relay of [...world.relays.keys()].slice(-1)) world.receiveAtRelay(relay, client.address, input);
    world.takeCommands();
    world.takeEvents();
    // An answer to somebody who has shown nothing goes to whom it came from, and to nobody else.
    const sent = world.takeSent();
    demand(
      isSigned || before > 0 || sent.every(({ to }) => to.address === client.address.address),
      'an answer goes elsewhere',
    );
    if (++server.inputs % 100 === 0) {
      world.advance(randomInteger(random, 20_000));
      good.check();
    }
    if (server.inputs === INPUTS_A_WORLD) {
      world.advance(3_600_000);
      demand(world.relays.size === 0 && world.server.deadline === undefined, 'something is left when all is over');
      server = undefined;
    }
    return sent.length > 0 ? 'read' : 'refused';
  },
};

export const turnClient: FuzzTarget = {
  name: 'turn-client',
  reads: "a TURN server's answers: the client always ends, and releases what it has",
  seeds: () => stun.seeds(),
  run(input, random) {
    const script = mischief(input, randomInteger(random, 5));
    const { simulator, client } = setUp({
      kind: randomInteger(random, 2) === 0 ? 'udp' : 'tcp',
      network: { seed: 1, maxChunk: 50 },
      script,
    });
    client.handle({ type: 'allocate' });
    simulator.run(5000);
    client.handle({ type: 'release' });
    simulator.run();
    demand(client.of('released').length === 1, 'the client does not end');
    return client.of('allocated').length > 0 ? 'read' : 'refused';
  },
};

export const gatherer: FuzzTarget = {
  name: 'gatherer',
  reads: 'what anybody answers to a gathering: it always completes',
  seeds: () => stun.seeds(),
  run(input, random) {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.2', 'turn:198.51.100.3?transport=tcp'] });
    const script = mischief(input, randomInteger(random, 5));
    world.server('198.51.100.1:3478', script);
    world.server('198.51.100.2:3478', script);
    world.streamServer('198.51.100.3:3478', script);
    world.run();
    const states = world.node.of('gathering-state').map(({ state }) => state);
    demand(states.filter((state) => state === 'complete').length === 1, 'it does not complete, or twice');
    return world.candidates().length > 1 ? 'read' : 'refused';
  },
};

type Script = NonNullable<NonNullable<Parameters<typeof setUp>[0]>['script']>;

/** The input as the `at`th answer, for the transaction that was asked where it is long enough to say so; else a good server's. */
function mischief(input: Uint8Array, at: number): Script {
  return ({ message, number }) => {
    if (number - 1 !== at) return undefined;
    const answer = input.slice();
    if (answer.length >= 20) answer.set(message.transactionId, 8);
    return [answer];
  };
}
