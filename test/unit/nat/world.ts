import { type SocketAddress, sameSocketAddress } from '../../../src/core/address.ts';
import { NatDiscovery } from '../../../src/core/nat/discovery.ts';
import type { NatTest } from '../../../src/core/nat/events.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { ChangeRequest, OtherAddress, XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import type { SimulatedNat } from '../../support/nat.ts';

export interface World {
  /** None: the client has a public address and no filter. */
  readonly nat?: SimulatedNat;
  /** Servers with a second address speak RFC 5780. */
  readonly servers: readonly { readonly address: SocketAddress; readonly other?: SocketAddress }[];
  /** Nobody answers there. */
  readonly closed?: readonly SocketAddress[];
  readonly relays?: readonly { readonly id: string; readonly relayed: SocketAddress }[];
  /** Of a hundred packets, each way. */
  readonly lossPercent?: number;
  /** ICMP says for these that nobody listens; `after` milliseconds. They may answer all the same: hosts behind one address. */
  readonly refusals?: readonly { readonly server: SocketAddress; readonly after: number }[];
  readonly seed: number;
}

const CLIENT = '192.168.1.2';
const DELAY_MS = 10;

interface Flight {
  readonly at: number;
  readonly deliver: () => void;
}

/** Runs a whole discovery in virtual time and returns its tests. */
export function discover(world: World): { readonly tests: readonly NatTest[]; readonly tookMs: number } {
  const random = seededRandom(world.seed);
  const clientAddress = world.nat === undefined ? '198.51.100.77' : CLIENT;
  const machine = new NatDiscovery(
    {
      interface: 'eth0',
      family: 4,
      localAddress: clientAddress,
      servers: [...world.servers.map((server) => server.address), ...(world.closed ?? [])],
      relays: world.relays?.length ?? 0,
    },
    random,
  );
  const tests: NatTest[] = [];
  const flights: Flight[] = [];
  let now = 0;
  let nextPort = 50_000;
  const locals = new Map<string, SocketAddress>();

  const fly = (deliver: () => void) => {
    if (randomInteger(random, 100) >= (world.lossPercent ?? 0)) flights.push({ at: now + DELAY_MS, deliver });
  };
  const toClient = (from: SocketAddress, external: SocketAddress, bytes: Uint8Array) => {
    const internal = world.nat === undefined ? external : world.nat.inbound(from, external, now);
    const entry = [...locals].find(([, local]) => internal !== undefined && sameSocketAddress(local, internal));
    if (entry !== undefined) machine.handle({ type: 'received', transport: entry[0], from, bytes }, now);
  };
  const arrive = (from: SocketAddress, to: SocketAddress, bytes: Uint8Array) => {
    const relay = world.relays?.find(({ relayed }) => sameSocketAddress(relayed, to));
    if (relay !== undefined) {
      machine.handle({ type: 'relay-received', relay: relay.id, from, bytes }, now);
      return;
    }
    if (world.nat?.publicAddresses.includes(to.address) === true) {
      if (world.nat.options.hairpinning) toClient(from, to, bytes);
      return;
    }
    const server = world.servers.find(({ address, other }) =>
      [address, other, other && { ...address, port: other.port }, other && { ...other, port: address.port }].some(
        (known) => known !== undefined && sameSocketAddress(known, to),
      ),
    );
    if (server !== undefined) {
      const answer = answerOf(bytes, from, to, server.address, server.other);
      if (answer !== undefined) fly(() => toClient(answer.from, from, answer.bytes));
    }
  };
  const drain = () => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'event') {
        if (output.event.type === 'nat-test') tests.push(output.event);
      } else if (output.kind === 'transmit') {
        const { transport, to, bytes } = output;
        const local = locals.get(transport);
        if (local === undefined) throw new Error(`a packet on ${transport}, which is not open`);
        const source = world.nat === undefined ? local : world.nat.outbound(local, to, now);
        fly(() => arrive(source, to, bytes));
      } else if (output.command.type === 'open-udp') {
        const local: SocketAddress = { family: 4, address: clientAddress, port: nextPort++ };
        locals.set(output.command.transport, local);
        machine.handle({ type: 'opened', transport: output.command.transport, local }, now);
      } else if (output.command.type === 'relay-send') {
        const { relay, to, bytes } = output.command;
        const relayed = world.relays?.find(({ id }) => id === relay)?.relayed;
        if (relayed !== undefined) fly(() => toClient(relayed, to, bytes));
      }
    }
  };

  machine.handle({ type: 'start' }, now);
  for (const { id, relayed } of world.relays ?? []) machine.handle({ type: 'relay-ready', relay: id, relayed }, now);
  for (const { server, after } of world.refusals ?? []) {
    flights.push({ at: after, deliver: () => machine.handle({ type: 'refused', server }, now) });
  }
  drain();
  for (let steps = 0; !machine.finished; steps++) {
    if (steps > 20_000) throw new Error('the discovery does not end');
    flights.sort((a, b) => a.at - b.at);
    const flight = flights[0];
    const wake = machine.deadline?.at ?? Number.POSITIVE_INFINITY;
    if (flight !== undefined && flight.at <= wake) {
      flights.shift();
      now = flight.at;
      flight.deliver();
    } else {
      if (!Number.isFinite(wake)) throw new Error('the discovery waits for nothing');
      now = Math.max(now, wake);
      machine.handleTimeout(now);
    }
    drain();
  }
  return { tests, tookMs: now };
}

function answerOf(
  bytes: Uint8Array,
  from: SocketAddress,
  to: SocketAddress,
  primary: SocketAddress,
  other: SocketAddress | undefined,
): { readonly from: SocketAddress; readonly bytes: Uint8Array } | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.value.class !== 'request' || decoded.value.method !== Method.Binding) return undefined;
  const change = decoded.value.get(ChangeRequest);
  let source = to;
  if (change !== undefined && other !== undefined) {
    const otherAddress = to.address === primary.address ? other.address : primary.address;
    const otherPort = to.port === primary.port ? other.port : primary.port;
    source = {
      ...to,
      address: change.changeIp ? otherAddress : to.address,
      port: change.changePort ? otherPort : to.port,
    };
  }
  const answer = new MessageBuilder('success', Method.Binding, decoded.value.transactionId)
    .add(XorMappedAddress, from)
    .addOptional(OtherAddress, other)
    .build();
  return { from: source, bytes: answer };
}
