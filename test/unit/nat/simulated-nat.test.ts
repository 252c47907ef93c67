import { describe, expect, it } from 'vitest';
import { formatSocketAddress, type SocketAddress } from '../../../src/core/address.ts';
import type { Behaviour, NatOptions } from '../../support/nat.ts';
import { NatGateway } from '../../support/nat-gateway.ts';
import { address, type Endpoint, type Packet, Simulator } from '../../support/simulator.ts';
import { setUp } from '../turn/client-setup.ts';

const KINDS: readonly Behaviour[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'];
const OUTSIDE = '203.0.113.9';
const INSIDE = address('192.168.1.2:5000');
const OTHER_INSIDE = address('192.168.1.3:5000');
// The four corners of RFC 5780: two addresses with two ports each.
const [A1, A2, B1, B2] = ['198.51.100.1:1', '198.51.100.1:2', '198.51.100.2:1', '198.51.100.2:2'].map(address) as [
  SocketAddress,
  SocketAddress,
  SocketAddress,
  SocketAddress,
];

/** Takes everything for the addresses it has, and keeps it. */
class Listener implements Endpoint {
  readonly received: Packet[] = [];
  readonly wakeAt = undefined;
  readonly #addresses: readonly string[];
  constructor(...addresses: SocketAddress[]) {
    this.#addresses = addresses.map(formatSocketAddress);
  }
  owns(own: SocketAddress): boolean {
    return this.#addresses.includes(formatSocketAddress(own));
  }
  receive(packet: Packet): void {
    this.received.push(packet);
  }
  wake(): void {}
}

function world(options: Partial<NatOptions>) {
  const simulator = new Simulator();
  const gateway = new NatGateway(simulator, '192.168.', {
    mapping: 'endpoint-independent',
    filtering: 'endpoint-independent',
    hairpinning: false,
    publicAddress: OUTSIDE,
    ...options,
  });
  const client = new Listener(INSIDE);
  const other = new Listener(OTHER_INSIDE);
  const server = new Listener(A1, A2, B1, B2);
  simulator.add(client, other, server);
  const send = (from: SocketAddress, to: SocketAddress): void => {
    simulator.send({ from, to, bytes: new Uint8Array([1]), stream: false });
    simulator.run(simulator.now + 10);
  };
  /** Sends from inside and returns the source that the server saw. */
  const mapped = (to: SocketAddress, from = INSIDE): SocketAddress => {
    send(from, to);
    const seen = server.received.at(-1)?.from;
    if (seen === undefined) throw new Error('the server got nothing');
    return seen;
  };
  /** Whether a packet from there to a mapped address reaches the client. */
  const letsIn = (from: SocketAddress, to: SocketAddress): boolean => {
    const before = client.received.length;
    send(from, to);
    return client.received.length > before;
  };
  return { simulator, gateway, client, other, mapped, letsIn, send };
}

describe.each(KINDS)('mapping is %s (RFC 4787 4.1)', (mapping) => {
  it('gives a port to as much as it depends on, and no more', () => {
    const { mapped } = world({ mapping });
    const ports = [A1, A2, B1].map((to) => mapped(to).port);
    const [first, otherPort, otherAddress] = ports;
    expect(otherPort === first).toBe(mapping !== 'address-and-port-dependent');
    expect(otherAddress === first).toBe(mapping === 'endpoint-independent');
    expect(mapped(A1)).toEqual({ family: 4, address: OUTSIDE, port: first });
    expect(ports).not.toContain(mapped(A1, OTHER_INSIDE).port);
  });

  it('ends a mapping its lifetime after the last packet from inside (REQ-5, REQ-6)', () => {
    const { simulator, mapped, letsIn } = world({ mapping, lifetimeMs: 30_000 });
    const first = mapped(A1);
    simulator.run(simulator.now + 20_000);
    expect(mapped(A1)).toEqual(first);
    simulator.run(simulator.now + 29_900);
    expect(letsIn(A1, first)).toBe(true);
    // What comes in does not keep it alive.
    simulator.run(simulator.now + 200);
    expect(letsIn(A1, first)).toBe(false);
    expect(mapped(A1).port).not.toBe(first.port);
  });
});

describe.each(KINDS)('filtering is %s (RFC 4787 5)', (filtering) => {
  it('lets in whom the client spoke to, as closely as it looks', () => {
    const { mapped, letsIn, simulator } = world({ filtering });
    const external = mapped(A1);
    expect(letsIn(A1, external)).toBe(true);
    expect(letsIn(A2, external)).toBe(filtering !== 'address-and-port-dependent');
    expect(letsIn(B2, external)).toBe(filtering === 'endpoint-independent');
    expect(simulator.filtered).toHaveLength(KINDS.indexOf(filtering));
    expect(letsIn(A1, { ...external, port: 9 })).toBe(false);
  });
});

it.each([true, false])(
  'hairpinning %s: what is sent to its own outside comes back in, or not (RFC 4787 6)',
  (hairpinning) => {
    const { mapped, send, client } = world({ hairpinning });
    const external = mapped(A1);
    send(OTHER_INSIDE, external);
    expect(client.received.map(({ from }) => from.address)).toEqual(hairpinning ? [OUTSIDE] : []);
  },
);

it.each([true, false])('port preservation %s, and two clients never share a port (RFC 4787 4.2)', (preservePort) => {
  const { mapped } = world({ preservePort });
  const first = mapped(A1);
  const second = mapped(A1, OTHER_INSIDE);
  expect(first.port === INSIDE.port).toBe(preservePort);
  expect(second.port).not.toBe(first.port);
});

it('two of them in a row: a home behind a carrier', () => {
  const { simulator, mapped, letsIn } = world({ publicAddress: '100.64.0.9', filtering: 'address-dependent' });
  const carrier = { mapping: 'address-and-port-dependent', filtering: 'endpoint-independent' } as const;
  new NatGateway(simulator, '100.64.', { ...carrier, hairpinning: false, publicAddress: OUTSIDE });
  const external = mapped(A1);
  expect(external.address).toBe(OUTSIDE);
  expect(mapped(B1).port).not.toBe(external.port);
  expect([letsIn(A2, external), letsIn(B2, external)]).toEqual([true, true]);
});

describe('a TURN client behind any of them', () => {
  it.each(KINDS.flatMap((mapping) => KINDS.map((filtering) => [mapping, filtering] as const)))(
    'mapping %s, filtering %s: allocates, for whatever happens on the way back comes from the server',
    (mapping, filtering) => {
      const { simulator, client, server } = setUp();
      new NatGateway(simulator, '192.0.2.', { mapping, filtering, hairpinning: false, publicAddress: OUTSIDE });
      client.handle({ type: 'allocate' });
      simulator.run(1000);
      expect(client.of('allocated')).toHaveLength(1);
      expect(server?.requests).toEqual(['Allocate', 'Allocate+']);
      client.handle({ type: 'release' });
      simulator.run();
      expect(server?.requests.at(-1)).toBe('Refresh+');
      expect([...simulator.strays, ...simulator.filtered]).toEqual([]);
    },
  );
});
