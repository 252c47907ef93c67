import { describe, expect, it } from 'vitest';
import {
  AdditionalAddressFamily,
  AddressErrorCode,
  AlternateServer,
  DontFragment,
  ErrorCodeAttribute,
  EvenPort,
  Lifetime,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  UnknownAttributes,
  XorMappedAddress,
  XorRelayedAddress,
} from '../../../src/core/stun/attributes.ts';
import type { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { AttributeType, Method } from '../../../src/core/stun/registry.ts';
import { DEFAULT_QUOTAS } from '../../../src/core/turn/server/settings.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const udp = (builder: MessageBuilder) => builder.add(RequestedTransport, 17);

describe('Allocate', () => {
  it('opens a relayed address for the default 600 s and tells the client where it is', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, udp);

    expect(answer.class).toBe('success');
    expect(answer.get(Lifetime)).toBe(600);
    expect(answer.get(XorMappedAddress)).toEqual(at('192.0.2.7:40000'));
    const relayed = answer.get(XorRelayedAddress);
    expect(relayed?.address).toBe('198.51.100.1');
    expect(relayed?.port).toBeGreaterThanOrEqual(49152);
    expect([...world.relays.values()]).toEqual([relayed]);
    expect(world.takeEvents().map((event) => event.type)).toEqual(['rejected', 'allocation-created']);
    // The challenge, the answer, and nothing else.
    expect(world.takeSent()).toHaveLength(2);
    expect(world.server.deadline).toEqual({ at: 600_000, why: 'end of an allocation' });
  });

  it('advertises the external address of a server behind a NAT', () => {
    const world = new SimulatedTurn({ relays: { 4: { bind: '10.0.0.5', advertise: '203.0.113.9' } } });
    const answer = new SimulatedClient(world, '192.0.2.7:40000').request(Method.Allocate, udp);
    expect(answer.get(XorRelayedAddress)?.address).toBe('203.0.113.9');
    expect([...world.relays.values()][0]?.address).toBe('10.0.0.5');
  });

  it.each([
    [undefined, 600],
    [0, 600],
    [60, 600],
    [1200, 1200],
    [7200, 3600],
    [0xffffffff, 3600],
  ])('asked for %s s grants %s s', (asked, granted) => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, (b) => udp(b).addOptional(Lifetime, asked));
    expect(answer.get(Lifetime)).toBe(granted);
  });

  it('answers a retransmission alike, and a second Allocate with 437', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.challenge();
    const request = client.signed(Method.Allocate, udp);
    const [first] = client.send(request);
    expect(codeOf(decode(first))).toBe(0);
    expect(client.send(request)).toEqual([first]);
    expect(codeOf(client.request(Method.Allocate, udp))).toBe(437);
    expect(world.relays.size).toBe(1);
    // Another port of the same client is another 5-tuple.
    expect(codeOf(new SimulatedClient(world, '192.0.2.7:40001').request(Method.Allocate, udp))).toBe(0);
  });

  it('does not answer a retransmission while the relay is still being opened', () => {
    const world = new SimulatedTurn();
    world.bindAtOnce = false;
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.challenge();
    const request = client.signed(Method.Allocate, udp);
    expect(client.send(request)).toEqual([]);
    expect(client.send(request)).toEqual([]);
    world.takeSent();
    world.answerBinds();
    expect(world.takeSent().map((sent) => codeOf(decode(sent.bytes)))).toEqual([0]);
    expect(world.relays.size).toBe(1);
  });

  const refusals: readonly (readonly [string, number, (builder: MessageBuilder) => unknown])[] = [
    ['no REQUESTED-TRANSPORT', 400, () => {}],
    [
      'a REQUESTED-TRANSPORT of two bytes',
      400,
      (b) => b.addRaw(AttributeType.RequestedTransport, Uint8Array.of(17, 0)),
    ],
    ['SCTP', 442, (b) => b.add(RequestedTransport, 132)],
    ['TCP relaying over UDP', 400, (b) => b.add(RequestedTransport, 6)],
    ['DONT-FRAGMENT, which Node cannot do', 420, (b) => udp(b).add(DontFragment, true)],
    ['an attribute that must be understood', 420, (b) => udp(b).addRaw(0x7ff0, new Uint8Array(4))],
    ['a token with EVEN-PORT', 400, (b) => udp(b).add(EvenPort, false).add(ReservationToken, new Uint8Array(8))],
    [
      'a token with a family',
      400,
      (b) => udp(b).add(RequestedAddressFamily, 4).add(ReservationToken, new Uint8Array(8)),
    ],
    ['an unknown token', 508, (b) => udp(b).add(ReservationToken, new Uint8Array(8))],
    ['a token of 7 bytes', 400, (b) => udp(b).addRaw(AttributeType.ReservationToken, new Uint8Array(7))],
    ['both family attributes', 400, (b) => udp(b).add(RequestedAddressFamily, 6).add(AdditionalAddressFamily, 6)],
    ['an additional IPv4', 400, (b) => udp(b).add(AdditionalAddressFamily, 4)],
    ['a second family and a reserved port', 400, (b) => udp(b).add(AdditionalAddressFamily, 6).add(EvenPort, true)],
    ['family 3', 440, (b) => udp(b).addRaw(AttributeType.RequestedAddressFamily, Uint8Array.of(3, 0, 0, 0))],
    ['a LIFETIME of three bytes', 400, (b) => udp(b).addRaw(AttributeType.Lifetime, new Uint8Array(3))],
  ];
  it.each(refusals)('refuses %s with %s', (_what, code, add) => {
    const world = new SimulatedTurn();
    const answer = new SimulatedClient(world, '192.0.2.7:40000').request(Method.Allocate, add);
    expect(answer.get(ErrorCodeAttribute)?.code).toBe(code);
    expect(world.relays.size).toBe(0);
    expect(world.server.deadline).toBeUndefined();
    expect(world.takeEvents().map((event) => event.type)).toEqual(['rejected', 'rejected']);
  });

  it('names the attributes that it did not understand, each once', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, (b) =>
      b
        .addRaw(0x7ff0, new Uint8Array(4))
        .addRaw(0x7ff1, new Uint8Array(0))
        .addRaw(0x7ff0, new Uint8Array(4))
        .addRaw(0xfff0, new Uint8Array(4)),
    );
    expect(answer.get(UnknownAttributes)).toEqual([0x7ff0, 0x7ff1]);
  });

  it('refuses a family that it has no address of with 440', () => {
    const world = new SimulatedTurn({ relays: { 4: { bind: '198.51.100.1' } } });
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    expect(codeOf(client.request(Method.Allocate, (b) => udp(b).add(RequestedAddressFamily, 6)))).toBe(440);
  });

  it('redirects with 300 and ALTERNATE-SERVER', () => {
    const world = new SimulatedTurn({ alternateServer: at('203.0.113.2:3478') });
    const answer = new SimulatedClient(world, '192.0.2.7:40000').request(Method.Allocate, udp);
    expect(codeOf(answer)).toBe(300);
    expect(answer.get(AlternateServer)).toEqual(at('203.0.113.2:3478'));
  });

  it('keeps quotas: 486 for a user, 508 for the whole server, and gives a place back when one ends', () => {
    const world = new SimulatedTurn({ quotas: { ...DEFAULT_QUOTAS, allocations: 3, allocationsPerUser: 2 } });
    const allocate = (port: number, username: string, password: string) =>
      new SimulatedClient(world, `192.0.2.7:${port}`, { username, password });
    const first = allocate(1001, 'alice', 'wonderland');
    expect(codeOf(first.request(Method.Allocate, udp))).toBe(0);
    expect(codeOf(allocate(1002, 'alice', 'wonderland').request(Method.Allocate, udp))).toBe(0);
    expect(codeOf(allocate(1003, 'alice', 'wonderland').request(Method.Allocate, udp))).toBe(486);
    expect(codeOf(allocate(1004, 'bob', 'builder').request(Method.Allocate, udp))).toBe(0);
    expect(codeOf(allocate(1005, 'bob', 'builder').request(Method.Allocate, udp))).toBe(508);
    expect(codeOf(first.request(Method.Refresh, (b) => b.add(Lifetime, 0)))).toBe(0);
    expect(codeOf(allocate(1006, 'alice', 'wonderland').request(Method.Allocate, udp))).toBe(0);
  });
});

describe('ports', () => {
  it('tries others where the first is taken, and gives up with 508 when all are', () => {
    const world = new SimulatedTurn({ relayPorts: { min: 50000, max: 50003 } });
    world.occupied.add(50000).add(50002);
    const ports = new Set<number | undefined>();
    for (const port of [1001, 1002]) {
      const answer = new SimulatedClient(world, `192.0.2.7:${port}`).request(Method.Allocate, udp);
      ports.add(answer.get(XorRelayedAddress)?.port);
    }
    expect(ports).toEqual(new Set([50001, 50003]));
    expect(codeOf(new SimulatedClient(world, '192.0.2.7:1003').request(Method.Allocate, udp))).toBe(508);
    expect(world.server.allocations()).toHaveLength(2);
  });

  it('says 508 where the system does not have the address', () => {
    const world = new SimulatedTurn();
    world.unavailable.add('198.51.100.1');
    expect(codeOf(new SimulatedClient(world, '192.0.2.7:1003').request(Method.Allocate, udp))).toBe(508);
    expect(world.server.allocations()).toEqual([]);
    expect(world.server.deadline).toBeUndefined();
  });

  it('EVEN-PORT gives an even one', () => {
    const world = new SimulatedTurn();
    for (let port = 1001; port < 1021; port++) {
      const client = new SimulatedClient(world, `192.0.2.7:${port}`);
      const answer = client.request(Method.Allocate, (b) => udp(b).add(EvenPort, false));
      expect((answer.get(XorRelayedAddress)?.port ?? 1) % 2).toBe(0);
      expect(answer.get(ReservationToken)).toBeUndefined();
    }
  });

  it('EVEN-PORT with the R bit keeps the next port for whoever shows the token, for 30 s', () => {
    const world = new SimulatedTurn();
    const rtp = new SimulatedClient(world, '192.0.2.7:1001');
    const answer = rtp.request(Method.Allocate, (b) => udp(b).add(EvenPort, true));
    const token = answer.get(ReservationToken) ?? new Uint8Array();
    const port = answer.get(XorRelayedAddress)?.port ?? 0;
    expect(token).toHaveLength(8);
    expect(port % 2).toBe(0);
    expect([...world.relays.values()].map((relay) => relay.port)).toEqual([port, port + 1]);

    const rtcp = new SimulatedClient(world, '192.0.2.7:1002');
    const second = rtcp.request(Method.Allocate, (b) => udp(b).add(ReservationToken, token));
    expect(second.get(XorRelayedAddress)?.port).toBe(port + 1);
    // A token serves once.
    const third = new SimulatedClient(world, '192.0.2.7:1003');
    expect(codeOf(third.request(Method.Allocate, (b) => udp(b).add(ReservationToken, token)))).toBe(508);

    const late = new SimulatedClient(world, '192.0.2.7:1004');
    const lateToken =
      late.request(Method.Allocate, (b) => udp(b).add(EvenPort, true)).get(ReservationToken) ?? new Uint8Array();
    expect(world.relays.size).toBe(4);
    world.advance(30_000);
    expect(world.relays.size).toBe(3);
    const tooLate = new SimulatedClient(world, '192.0.2.7:1005');
    expect(codeOf(tooLate.request(Method.Allocate, (b) => udp(b).add(ReservationToken, lateToken)))).toBe(508);
  });

  it('finds another pair where the odd port of the first is taken', () => {
    const world = new SimulatedTurn({ relayPorts: { min: 50000, max: 50003 } });
    world.occupied.add(50001);
    const client = new SimulatedClient(world, '192.0.2.7:1001');
    const answer = client.request(Method.Allocate, (b) => udp(b).add(EvenPort, true));
    expect(answer.get(XorRelayedAddress)?.port).toBe(50002);
    expect([...world.relays.values()].map((relay) => relay.port)).toEqual([50002, 50003]);
  });
});

describe('two families', () => {
  it('ADDITIONAL-ADDRESS-FAMILY gives an IPv4 and an IPv6 address; each can be given back alone', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, (b) => udp(b).add(AdditionalAddressFamily, 6));
    expect(answer.all(XorRelayedAddress).map((relay) => relay.family)).toEqual([4, 6]);
    expect(world.relays.size).toBe(2);

    const release = client.request(Method.Refresh, (b) => b.add(Lifetime, 0).add(RequestedAddressFamily, 4));
    expect(codeOf(release)).toBe(0);
    expect([...world.relays.values()].map((relay) => relay.family)).toEqual([6]);
    expect(codeOf(client.request(Method.Refresh, (b) => b.add(RequestedAddressFamily, 4)))).toBe(443);
    expect(codeOf(client.request(Method.Refresh, (b) => b.add(Lifetime, 0).add(RequestedAddressFamily, 6)))).toBe(0);
    expect(world.relays.size).toBe(0);
    expect(codeOf(client.request(Method.Refresh))).toBe(437);
  });

  it('understands the number that coturn’s tools have for that', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, (b) => udp(b).addRaw(0x8032, Uint8Array.of(2, 0, 0, 0)));
    expect(answer.all(XorRelayedAddress).map((relay) => relay.family)).toEqual([4, 6]);
  });

  it('gives the one that it has and says with ADDRESS-ERROR-CODE why not the other', () => {
    const world = new SimulatedTurn({ relays: { 4: { bind: '198.51.100.1' } } });
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    const answer = client.request(Method.Allocate, (b) => udp(b).add(AdditionalAddressFamily, 6));
    expect(codeOf(answer)).toBe(0);
    expect(answer.all(XorRelayedAddress).map((relay) => relay.family)).toEqual([4]);
    expect(answer.get(AddressErrorCode)).toMatchObject({ family: 6, code: 440 });
  });

  it('serves a client over IPv6', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '[2001:db8::7]:40000');
    const answer = client.request(Method.Allocate, (b) => udp(b).add(RequestedAddressFamily, 6));
    expect(answer.get(XorRelayedAddress)?.address).toBe('2001:db8:51::1');
    expect(answer.get(XorMappedAddress)).toEqual(at('[2001:db8::7]:40000'));
  });
});
