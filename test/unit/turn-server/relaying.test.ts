import { describe, expect, it } from 'vitest';
import {
  AdditionalAddressFamily,
  ChannelNumber,
  Data,
  DontFragment,
  Lifetime,
  RequestedTransport,
  XorPeerAddress,
  XorRelayedAddress,
} from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../../src/core/turn/channel-data.ts';
import { peerPolicy } from '../../../src/core/turn/server/peer-policy.ts';
import { DEFAULT_QUOTAS, type TurnServerSettings } from '../../../src/core/turn/server/settings.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const udp = (builder: MessageBuilder) => builder.add(RequestedTransport, 17);
const peer = at('203.0.113.5:5000');
const hello = Uint8Array.of(1, 2, 3, 4, 5);

function allocated(overrides: Partial<TurnServerSettings> = {}) {
  const world = new SimulatedTurn(overrides);
  const client = new SimulatedClient(world, '192.0.2.7:40000');
  const answer = client.request(Method.Allocate, (b) => udp(b).add(AdditionalAddressFamily, 6));
  const [v4, v6] = answer.all(XorRelayedAddress);
  const relay4 = world.relayAt(v4 ?? at('0.0.0.0:1'));
  const relay6 = world.relayAt(v6 ?? at('0.0.0.0:1'));
  world.takeSent();
  world.takeEvents();
  const permit = (address = peer) => client.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, address));
  const bind = (channel: number, address = peer) =>
    client.request(Method.ChannelBind, (b) => b.add(ChannelNumber, channel).add(XorPeerAddress, address));
  const toPeer = (bytes: Uint8Array) => {
    world.takeSent();
    world.receive('udp4', client.address, bytes);
    return world.takeSent();
  };
  const fromPeer = (from = peer, bytes = hello, relay = from.family === 4 ? relay4 : relay6) => {
    world.takeSent();
    world.receiveAtRelay(relay, from, bytes);
    return world.takeSent();
  };
  return { world, client, relay4, relay6, permit, bind, toPeer, fromPeer };
}

function sendIndication(to = peer, data: Uint8Array = hello, add: (b: MessageBuilder) => void = () => {}): Uint8Array {
  const builder = new MessageBuilder('indication', Method.Send, new Uint8Array(12).fill(7));
  builder.add(XorPeerAddress, to).add(Data, data);
  add(builder);
  return builder.build();
}

describe('permissions', () => {
  it('let data through both ways for 300 s, from any port of the address', () => {
    const { world, permit, toPeer, fromPeer, relay4, client } = allocated();
    expect(toPeer(sendIndication())).toEqual([]);
    expect(fromPeer()).toEqual([]);
    expect(codeOf(permit())).toBe(0);

    expect(toPeer(sendIndication())).toEqual([{ kind: 'transmit', transport: relay4, to: peer, bytes: hello }]);
    const [indication, ...more] = fromPeer(at('203.0.113.5:6000'));
    expect(more).toEqual([]);
    expect(indication?.to).toEqual(client.address);
    const message = decode(indication?.bytes);
    expect(message.class).toBe('indication');
    expect(message.method).toBe(Method.Data);
    expect(message.get(XorPeerAddress)).toEqual(at('203.0.113.5:6000'));
    expect(message.get(Data)).toEqual(hello);

    world.advance(299_999);
    expect(fromPeer()).toHaveLength(1);
    world.advance(1);
    expect(fromPeer()).toEqual([]);
    expect(toPeer(sendIndication())).toEqual([]);
    expect(world.takeEvents()).toContainEqual({
      type: 'permission',
      change: 'expired',
      allocation: 1,
      peer: '203.0.113.5',
    });
  });

  it('are told apart from the port, and renewed by each request', () => {
    const { world, permit, fromPeer } = allocated();
    permit();
    world.advance(200_000);
    permit(at('203.0.113.5:1'));
    world.advance(200_000);
    expect(fromPeer()).toHaveLength(1);
    expect(fromPeer(at('203.0.113.6:5000'))).toEqual([]);
  });

  it('serve IPv6 in the same way', () => {
    const { permit, toPeer, fromPeer, relay6 } = allocated();
    const peer6 = at('[2001:db8:2::9]:700');
    permit(peer6);
    expect(toPeer(sendIndication(peer6))).toEqual([{ kind: 'transmit', transport: relay6, to: peer6, bytes: hello }]);
    const message = decode(fromPeer(peer6)[0]?.bytes);
    expect(message.get(XorPeerAddress)).toEqual(peer6);
    expect(message.get(Data)).toEqual(hello);
  });

  it('are granted for all peers of a request or for none', () => {
    const own = peerPolicy({ scope: 'public', ownAddresses: [] });
    const { client, fromPeer, world } = allocated({ peers: own });
    const answer = client.request(Method.CreatePermission, (b) =>
      b.add(XorPeerAddress, peer).add(XorPeerAddress, at('10.0.0.1:80')),
    );
    expect(codeOf(answer)).toBe(403);
    expect(fromPeer()).toEqual([]);
    expect(world.server.allocations()[0]?.permissions).toEqual([]);
    const both = client.request(Method.CreatePermission, (b) =>
      b.add(XorPeerAddress, peer).add(XorPeerAddress, at('203.0.113.6:80')),
    );
    expect(codeOf(both)).toBe(0);
    expect(world.server.allocations()[0]?.permissions).toEqual(['203.0.113.5', '203.0.113.6']);
  });

  it('need a peer that is well-formed and of a family the allocation has', () => {
    const { client } = allocated();
    expect(codeOf(client.request(Method.CreatePermission))).toBe(400);
    expect(
      codeOf(client.request(Method.CreatePermission, (b) => b.addRaw(XorPeerAddress.type, new Uint8Array(7)))),
    ).toBe(400);
    const only4 = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    only4.request(Method.Allocate, udp);
    const answer = only4.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, at('[2001:db8::1]:1')));
    expect(codeOf(answer)).toBe(443);
  });

  it('need an allocation: 437 without', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    expect(codeOf(client.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer)))).toBe(437);
    expect(codeOf(client.request(Method.Refresh))).toBe(437);
    expect(codeOf(client.request(Method.ChannelBind))).toBe(437);
  });

  it('have a limit: 508', () => {
    const { permit } = allocated({ quotas: { ...DEFAULT_QUOTAS, permissionsPerAllocation: 2 } });
    expect(codeOf(permit(at('203.0.113.1:1')))).toBe(0);
    expect(codeOf(permit(at('203.0.113.2:1')))).toBe(0);
    expect(codeOf(permit(at('203.0.113.2:2')))).toBe(0);
    expect(codeOf(permit(at('203.0.113.3:1')))).toBe(508);
  });
});

describe('channels', () => {
  it('carry data both ways with four bytes of header', () => {
    const { bind, toPeer, fromPeer, relay4 } = allocated();
    expect(codeOf(bind(0x4000))).toBe(0);
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: false }))).toEqual([
      { kind: 'transmit', transport: relay4, to: peer, bytes: hello },
    ]);
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: true }))).toHaveLength(1);
    expect(fromPeer()[0]?.bytes).toEqual(encodeChannelData(0x4000, hello, { padded: false }));
    // Another port of the peer has a permission by this, but no channel.
    expect(decode(fromPeer(at('203.0.113.5:5001'))[0]?.bytes).method).toBe(Method.Data);
  });

  it('carry empty data and the largest', () => {
    const { bind, toPeer, fromPeer } = allocated();
    bind(0x4fff);
    const empty = new Uint8Array();
    const large = new Uint8Array(65_507 - 4).fill(9);
    expect(toPeer(encodeChannelData(0x4fff, empty, { padded: false }))[0]?.bytes).toEqual(empty);
    expect(toPeer(encodeChannelData(0x4fff, large, { padded: false }))[0]?.bytes).toEqual(large);
    expect(fromPeer(peer, empty)[0]?.bytes).toHaveLength(4);
    expect(fromPeer(peer, large)[0]?.bytes).toHaveLength(65_507);
  });

  it('last 600 s, their permission 300 s', () => {
    const { world, bind, permit, toPeer, fromPeer } = allocated();
    bind(0x4000);
    world.advance(300_000);
    expect(fromPeer()).toEqual([]);
    // Towards the peer the binding alone counts (RFC 8656 12.6).
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: false }))).toHaveLength(1);
    permit();
    expect(fromPeer()[0]?.bytes[0]).toBe(0x40);
    world.advance(299_999);
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: false }))).toHaveLength(1);
  });

  it('are renewed by the same ChannelBind, and end after 600 s without one', () => {
    const { world, client, bind, toPeer } = allocated();
    bind(0x4000);
    world.advance(500_000);
    expect(codeOf(bind(0x4000))).toBe(0);
    client.request(Method.Refresh, (b) => b.add(Lifetime, 3600));
    world.advance(599_999);
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: false }))).toHaveLength(1);
    world.advance(1);
    expect(toPeer(encodeChannelData(0x4000, hello, { padded: false }))).toEqual([]);
    // Then the number is free for another peer.
    expect(codeOf(bind(0x4000, at('203.0.113.9:1')))).toBe(0);
  });

  it.each([
    [0x3fff, 400],
    [0x4000, 0],
    [0x4fff, 0],
    [0x5000, 0],
    [0x7fff, 0],
    [0x8000, 400],
  ])('number %i: %i', (channel, code) => {
    expect(codeOf(allocated().bind(channel))).toBe(code);
  });

  it('bind one number to one peer: 400 for the rest', () => {
    const { bind } = allocated();
    bind(0x4000);
    expect(codeOf(bind(0x4000, at('203.0.113.5:5001')))).toBe(400);
    expect(codeOf(bind(0x4001))).toBe(400);
    expect(codeOf(bind(0x4001, at('203.0.113.5:5001')))).toBe(0);
  });

  it('need both attributes', () => {
    const { client } = allocated();
    expect(codeOf(client.request(Method.ChannelBind, (b) => b.add(ChannelNumber, 0x4000)))).toBe(400);
    expect(codeOf(client.request(Method.ChannelBind, (b) => b.add(XorPeerAddress, peer)))).toBe(400);
  });

  it('have a limit: 508', () => {
    const { bind } = allocated({ quotas: { ...DEFAULT_QUOTAS, channelsPerAllocation: 1 } });
    expect(codeOf(bind(0x4000))).toBe(0);
    expect(codeOf(bind(0x4000))).toBe(0);
    expect(codeOf(bind(0x4001, at('203.0.113.5:5001')))).toBe(508);
  });
});

describe('a server that relays to itself', () => {
  it('is refused: no channel and no datagram to its own listeners', () => {
    const { bind, permit, toPeer } = allocated();
    expect(codeOf(bind(0x4000, at('198.51.100.1:3478')))).toBe(403);
    // The address as such is fine: other clients have their relayed addresses there.
    expect(codeOf(permit(at('198.51.100.1:50000')))).toBe(0);
    expect(toPeer(sendIndication(at('198.51.100.1:50000')))).toHaveLength(1);
    expect(toPeer(sendIndication(at('198.51.100.1:3478')))).toEqual([]);
  });
});

describe('what is dropped', () => {
  it('is told once for each cause and counted for ever', () => {
    const { world, toPeer } = allocated();
    for (let i = 0; i < 5; i++) toPeer(sendIndication());
    for (let i = 0; i < 5; i++) toPeer(encodeChannelData(0x4000, hello, { padded: false }));
    const reasons = world.takeEvents().map((event) => (event.type === 'ignored' ? event.reason : event.type));
    expect(reasons).toEqual(['no-permission', 'no-channel']);
    expect(world.server.allocations()[0]?.packetsDropped).toBe(10);
  });

  it.each([
    ['DONT-FRAGMENT', sendIndication(peer, hello, (b) => b.add(DontFragment, true))],
    ['an unknown attribute', sendIndication(peer, hello, (b) => b.addRaw(0x7ff0, new Uint8Array(4)))],
    ['no data', new MessageBuilder('indication', Method.Send, new Uint8Array(12)).add(XorPeerAddress, peer).build()],
    ['no peer', new MessageBuilder('indication', Method.Send, new Uint8Array(12)).add(Data, hello).build()],
    ['port 0', sendIndication(at('203.0.113.5:0'))],
    ['ChannelData that is shorter than it says', Uint8Array.of(0x40, 0, 0, 9, 1)],
    ['ChannelData without a length', Uint8Array.of(0x40, 0, 0)],
    ['one byte', Uint8Array.of(0x40)],
  ])('a packet with %s', (_what, bytes) => {
    const { permit, bind, toPeer } = allocated();
    permit();
    bind(0x4000);
    expect(toPeer(bytes)).toEqual([]);
    expect(toPeer(sendIndication())).toHaveLength(1);
  });
});

describe('the direct route', () => {
  it('is the way that handle takes, without an output', () => {
    const { world, client, bind, relay4 } = allocated();
    bind(0x4000);
    world.takeSent();
    const { server } = world;
    const data = encodeChannelData(0x4000, hello, { padded: false });
    const { address, port } = client.address;
    const out = server.routeFromClient('udp4', address, port, data, world.now);
    expect(out?.bytes.subarray(out.offset, out.offset + out.length)).toEqual(hello);
    expect([out?.transport, out?.address, out?.port, out?.borrowed]).toEqual([relay4, peer.address, peer.port, false]);
    const back = server.routeFromPeer(relay4, peer.address, peer.port, hello, world.now);
    expect(back?.bytes.subarray(back.offset, back.offset + back.length)).toEqual(data);
    expect([back?.transport, back?.address, back?.port, back?.borrowed]).toEqual(['udp4', address, port, true]);
    expect(server.poll()).toBeUndefined();
    expect(server.allocations()[0]).toMatchObject({ bytesToPeers: 5, bytesToClient: 5 });
  });

  it('leaves to handle whatever is no data', () => {
    const { world, client } = allocated();
    const request = client.signed(Method.Refresh);
    expect(world.server.routeFromClient('udp4', client.address.address, 40000, request, 0)).toBeUndefined();
    expect(world.server.routeFromClient('udp4', '192.0.2.99', 40000, sendIndication(), 0)).toBeUndefined();
  });

  it('ends with the allocation, even where the timer comes late', () => {
    const { world, client, bind, relay4 } = allocated();
    bind(0x4000);
    const data = encodeChannelData(0x4000, hello, { padded: false });
    expect(world.server.routeFromClient('udp4', client.address.address, 40000, data, 600_000)).toBeUndefined();
    expect(world.server.routeFromPeer(relay4, peer.address, peer.port, hello, 600_000)).toBeUndefined();
  });
});

describe('the end of an allocation', () => {
  it('closes its relays and forgets permissions and channels with it', () => {
    const { world, bind, fromPeer, relay4 } = allocated();
    bind(0x4000);
    world.takeEvents();
    world.advance(600_000);
    expect(world.relays.size).toBe(0);
    expect(world.takeEvents().map((event) => (event.type === 'allocation-ended' ? event.reason : event.type))).toEqual([
      'permission',
      'channel',
      'expired',
    ]);
    expect(world.server.deadline).toBeUndefined();
    expect(fromPeer(peer, hello, relay4)).toEqual([]);
  });

  it.each([
    [
      'Refresh with 0',
      'released',
      (t: ReturnType<typeof allocated>) => t.client.request(Method.Refresh, (b) => b.add(Lifetime, 0)),
    ],
    [
      'drop-allocation',
      'dropped',
      (t: ReturnType<typeof allocated>) => t.world.handle({ type: 'drop-allocation', allocation: 1 }),
    ],
    [
      'the loss of a relay',
      'relay-lost',
      (t: ReturnType<typeof allocated>) => {
        t.world.handle({ type: 'relay-failed', relay: t.relay4, code: 'EBADF' });
      },
    ],
    ['close', 'server-closed', (t: ReturnType<typeof allocated>) => t.world.handle({ type: 'close' })],
  ])('by %s', (_what, reason, end) => {
    const t = allocated();
    t.bind(0x4000);
    t.world.takeEvents();
    end(t);
    const ended = t.world.takeEvents().find((event) => event.type === 'allocation-ended');
    expect(ended).toMatchObject({ reason, allocation: { id: 1, username: 'alice', channels: [{ channel: 0x4000 }] } });
    expect(t.world.relays.size).toBe(0);
    expect(t.world.server.allocations()).toEqual([]);
    expect(t.world.server.deadline).toBeUndefined();
  });

  it('is put off by Refresh', () => {
    const { world, client } = allocated();
    world.advance(500_000);
    expect(client.request(Method.Refresh).get(Lifetime)).toBe(600);
    world.advance(599_999);
    expect(world.server.allocations()).toHaveLength(1);
    world.advance(1);
    expect(world.server.allocations()).toEqual([]);
  });
});
