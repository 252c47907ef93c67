import { RELIABLE_TIMING, RFC8489_TIMING } from '../../../src/core/stun/transaction.ts';
import {
  type TurnCommand,
  type TurnEvent,
  type TurnInput,
  TurnMachine,
  type TurnMachineOptions,
} from '../../../src/core/turn/client/machine.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { CREDENTIALS, type FakeScript, FakeTurnServer } from '../../support/fake-turn-server.ts';
import { MachineNode } from '../../support/machine-node.ts';
import { address, type NetworkOptions, Simulator } from '../../support/simulator.ts';

export const CLIENT = address('192.0.2.1:40000');
export const SERVER = address('198.51.100.1:3478');

export interface Setup {
  readonly script?: FakeScript;
  readonly network?: NetworkOptions;
  readonly kind?: 'udp' | 'tcp';
  readonly options?: Partial<TurnMachineOptions>;
  readonly withoutCredentials?: boolean;
  /** Whether the server is there at all. Default true. */
  readonly present?: boolean;
}

/** A client at 192.0.2.1:40000 and a server at 198.51.100.1:3478, 10 ms apart. New ports are 40001 and so on. */
export function setUp(setup: Setup = {}) {
  const { script, network, kind = 'udp', options, present = true, withoutCredentials = false } = setup;
  const simulator = new Simulator(network);
  const stream = kind !== 'udp';
  const machine = new TurnMachine({
    transport: 't',
    kind,
    server: SERVER,
    ...(withoutCredentials ? {} : { credentials: CREDENTIALS }),
    timing: stream ? RELIABLE_TIMING : RFC8489_TIMING,
    random: simulator.random,
    hashes: nodeHashes,
    ...options,
  });
  const client = new MachineNode<TurnInput, TurnCommand, TurnEvent>(simulator, machine);
  client.transports.set('t', { local: CLIENT, stream });
  let port = CLIENT.port;
  client.onCommand = (command) => {
    if (command.type === 'close') {
      client.transports.delete(command.transport);
      return;
    }
    client.transports.set(command.transport, { local: { ...CLIENT, port: ++port }, stream });
    simulator.after(1, () => client.handle({ type: 'opened', transport: command.transport }));
  };
  const server = present ? new FakeTurnServer(simulator, SERVER, script, stream) : undefined;
  const addServer = (at: string, otherScript?: FakeScript) =>
    new FakeTurnServer(simulator, address(at), otherScript, stream);
  return { simulator, machine, client, server, addServer };
}

/** `challenge pass 20 asks for ...`: stage, status, duration, and for a failure what it was. */
export function stages(client: MachineNode<TurnInput, TurnCommand, TurnEvent>): string[] {
  return client.of('stage').map(({ stage }) => `${stage.stage} ${stage.status} ${stage.ms} ${stage.detail}`);
}

/** The events' types in order, with what tells them apart. */
export function story(client: MachineNode<TurnInput, TurnCommand, TurnEvent>): string[] {
  return client.events.map(({ at, event }) => `${at} ${tell(event)}`);
}

function tell(event: TurnEvent): string {
  switch (event.type) {
    case 'stage':
      return `stage ${event.stage.stage} ${event.stage.status}`;
    case 'transaction':
      return `transaction ${event.method} ${event.outcome} ${event.errorCode ?? event.reason ?? ''}`.trimEnd();
    case 'allocation':
      return `allocation ${event.change} ${event.relayedAddress} ${event.lifetime}`;
    case 'permission':
      return `permission ${event.change} ${event.peers.join(' ')}`;
    case 'channel':
      return `channel ${event.change} 0x${event.channel.toString(16)} ${event.peer}`;
    case 'ignored':
      return `ignored ${event.reason} from ${event.from}`;
    case 'released':
      return `released: ${event.outcome}`;
    default:
      return event.type;
  }
}
