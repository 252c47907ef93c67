import { describe, expect, it } from 'vitest';
import {
  ChannelNumber,
  ConnectionId,
  EvenPort,
  Lifetime,
  RequestedTransport,
  XorPeerAddress,
} from '../../../src/core/stun/attributes.ts';
import type { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { peerPolicy } from '../../../src/core/turn/server/peer-policy.ts';
import { DEFAULT_QUOTAS, type TurnServerSettings } from '../../../src/core/turn/server/settings.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const tcp = (builder: MessageBuilder) => builder.add(RequestedTransport, 6);
const peer = at('203.0.113.5:80');
const local = at('198.51.100.1:3478');

function allocated(overrides: Partial<TurnServerSettings> = {}) {
  const world = new SimulatedTurn(overrides);
  const stream = (transport: string, port: number, options = {}) => {
    const client = new SimulatedClient(world, `192.0.2.7:${port}`, { transport, kind: 'tcp', ...options });
    world.handle({ type: 'stream-opened', transport, protocol: 'tcp', local, remote: client.address });
    return client;
  };
  const client = stream('control', 40000);
  const answer = client.request(Method.Allocate, tcp);
  expect(codeOf(answer)).toBe(0);
  const [relay = ''] = world.relays.keys();
  world.takeCommands();
  world.takeEvents();
  /** A Connect request; the connection's name, and its answers as they come. */
  const connect = (to = peer) => {
    world.takeSent();
    client.send(client.signed(Method.Connect, (b) => b.add(XorPeerAddress, to)));
    const command = world.takeCommands().find((each) => each.type === 'connect-peer');
    return command?.type === 'connect-peer' ? command.connection : '';
  };
  const answers = () => world.takeSent().map((sent) => decode(sent.bytes));
  const bind = (data: SimulatedClient, number: number) => {
    data.nonce = client.nonce;
    return data.request(Method.ConnectionBind, (b) => b.add(ConnectionId, number));
  };
  return { world, client, relay, stream, connect, answers, bind };
}

describe('a TCP allocation (RFC 6062)', () => {
  it('needs a stream, and goes with no EVEN-PORT', () => {
    const world = new SimulatedTurn();
    expect(codeOf(new SimulatedClient(world, '192.0.2.7:40000').request(Method.Allocate, tcp))).toBe(400);
    const client = new SimulatedClient(world, '192.0.2.7:40000', { transport: 's', kind: 'tcp' });
    world.handle({ type: 'stream-opened', transport: 's', protocol: 'tcp', local, remote: client.address });
    expect(codeOf(client.request(Method.Allocate, (b) => tcp(b).add(EvenPort, false)))).toBe(400);
    expect(codeOf(client.request(Method.Allocate, tcp))).toBe(0);
    expect(world.takeCommands()).toMatchObject([{ type: 'bind-relay', protocol: 'tcp' }]);
  });

  it('is refused with 442 where that is not offered', () => {
    const world = new SimulatedTurn({ tcpRelaying: false });
    const client = new SimulatedClient(world, '192.0.2.7:40000', { transport: 's', kind: 'tcp' });
    world.handle({ type: 'stream-opened', transport: 's', protocol: 'tcp', local, remote: client.address });
    expect(codeOf(client.request(Method.Allocate, tcp))).toBe(442);
  });

  it('has no channels: 403', () => {
    const { client } = allocated();
    const bind = (b: MessageBuilder) => b.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer);
    expect(codeOf(client.request(Method.ChannelBind, bind))).toBe(403);
  });
});

describe('Connect', () => {
  it('is answered once the connection stands, with a number to bind it by', () => {
    const { world, connect, answers, stream, bind } = allocated();
    const connection = connect();
    expect(answers()).toEqual([]);
    world.handle({ type: 'connection-opened', connection });
    const [answer] = answers();
    const number = answer?.get(ConnectionId) ?? -1;
    expect(answer?.class).toBe('success');

    const data = stream('data', 40001);
    expect(codeOf(bind(data, number))).toBe(0);
    expect(world.takeCommands()).toEqual([{ type: 'join', stream: 'data', connection }]);
    // What comes there now is no STUN, and nobody's but the driver's.
    world.takeEvents();
    data.send(Uint8Array.of(0xff, 1, 2, 3));
    expect(world.takeEvents()).toMatchObject([{ reason: 'unknown-transport' }]);
    world.server.countConnectionData(connection, 'to-peer', 100);
    world.server.countConnectionData(connection, 'to-client', 50);
    expect(world.server.allocations()).toMatchObject([{ bytesToPeers: 100, bytesToClient: 50 }]);
    // Only the allocation ends by itself from here on.
    expect(world.server.deadline?.why).toBe('end of an allocation');
  });

  it('fails with 447 when the peer refuses, or does not answer for 30 s', () => {
    const { world, connect, answers } = allocated();
    world.handle({ type: 'connection-closed', connection: connect(), why: 'ECONNREFUSED' });
    expect(answers().map(codeOf)).toEqual([447]);
    const connection = connect();
    world.advance(29_999);
    expect(answers()).toEqual([]);
    world.advance(1);
    expect(answers().map(codeOf)).toEqual([447]);
    expect(world.takeCommands()).toEqual([{ type: 'close-connection', connection }]);
    world.handle({ type: 'connection-opened', connection });
    expect(answers()).toEqual([]);
  });

  it('is refused for a peer that is connected already (446), forbidden (403), missing (400), of another family (443)', () => {
    const { world, client, connect, answers } = allocated({
      peers: peerPolicy({ scope: 'public', ownAddresses: [] }),
      relays: { 4: { bind: '198.51.100.1' } },
    });
    const connection = connect();
    connect();
    expect(answers().map(codeOf)).toEqual([446]);
    world.handle({ type: 'connection-opened', connection });
    connect();
    expect(answers().map(codeOf)).toEqual([446]);
    world.handle({ type: 'connection-closed', connection, why: '' });
    expect(connect()).not.toBe('');
    connect(at('10.0.0.1:80'));
    expect(answers().map(codeOf)).toEqual([403]);
    connect(at('[2001:db8::1]:80'));
    expect(answers().map(codeOf)).toEqual([443]);
    expect(codeOf(client.request(Method.Connect))).toBe(400);
  });

  it('is no business of a UDP allocation: 403; nor of nobody: 437', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    const connect = () => codeOf(client.request(Method.Connect, (b) => b.add(XorPeerAddress, peer)));
    expect(connect()).toBe(437);
    client.request(Method.Allocate, (b) => b.add(RequestedTransport, 17));
    expect(connect()).toBe(403);
  });

  it('has a limit: 508', () => {
    const { connect, answers } = allocated({ quotas: { ...DEFAULT_QUOTAS, peerConnectionsPerAllocation: 2 } });
    connect(at('203.0.113.5:1'));
    connect(at('203.0.113.5:2'));
    connect(at('203.0.113.5:3'));
    expect(answers().map(codeOf)).toEqual([508]);
  });
});

describe('a peer that connects', () => {
  it('is announced by ConnectionAttempt where it has a permission, and turned away where not', () => {
    const { world, client, relay, answers, stream, bind } = allocated();
    world.handle({ type: 'connection-accepted', connection: 'a1', relay, from: peer });
    expect(world.takeCommands()).toEqual([{ type: 'close-connection', connection: 'a1' }]);
    client.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer));
    answers();
    world.handle({ type: 'connection-accepted', connection: 'a2', relay, from: peer });
    const [attempt] = answers();
    expect([attempt?.class, attempt?.method]).toEqual(['indication', Method.ConnectionAttempt]);
    expect(attempt?.get(XorPeerAddress)).toEqual(peer);
    expect(codeOf(bind(stream('data', 40001), attempt?.get(ConnectionId) ?? -1))).toBe(0);
    expect(world.takeCommands()).toEqual([{ type: 'join', stream: 'data', connection: 'a2' }]);
  });

  it('is let go after 30 s without a ConnectionBind', () => {
    const { world, client, relay } = allocated();
    client.request(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer));
    world.handle({ type: 'connection-accepted', connection: 'a1', relay, from: peer });
    world.advance(30_000);
    expect(world.takeCommands()).toEqual([{ type: 'close-connection', connection: 'a1' }]);
  });
});

describe('ConnectionBind', () => {
  function waiting() {
    const made = allocated();
    const connection = made.connect();
    made.world.handle({ type: 'connection-opened', connection });
    const number = made.answers()[0]?.get(ConnectionId) ?? -1;
    return { ...made, connection, number };
  }

  it('is refused with 400 without a number, with a wrong one, twice, on the control connection, and over UDP', () => {
    const { world, client, stream, bind, number } = waiting();
    const data = stream('data', 40001);
    data.nonce = client.nonce;
    expect(codeOf(data.request(Method.ConnectionBind))).toBe(400);
    expect(codeOf(bind(data, number ^ 1))).toBe(400);
    expect(codeOf(bind(client, number))).toBe(400);
    const overUdp = new SimulatedClient(world, '192.0.2.7:40009');
    expect(codeOf(bind(overUdp, number))).toBe(400);
    expect(codeOf(bind(data, number))).toBe(0);
    expect(codeOf(bind(stream('late', 40002), number))).toBe(400);
  });

  it('is refused with 441 for another user, with 401 without credentials', () => {
    const { client, stream, number } = waiting();
    const bob = stream('bob', 40001, { username: 'bob', password: 'builder' });
    bob.nonce = client.nonce;
    expect(codeOf(bob.request(Method.ConnectionBind, (b) => b.add(ConnectionId, number)))).toBe(441);
    const stranger = stream('stranger', 40002);
    const request = stranger.plain(Method.ConnectionBind, (b) => b.add(ConnectionId, number));
    expect(codeOf(decode(stranger.send(request)[0]))).toBe(401);
  });
});

describe('the end of a TCP allocation', () => {
  it('closes every connection of it', () => {
    const { world, client, connect, answers, stream, bind } = allocated();
    const joined = connect(at('203.0.113.5:1'));
    world.handle({ type: 'connection-opened', connection: joined });
    bind(stream('data', 40001), answers()[0]?.get(ConnectionId) ?? -1);
    const open = connect(at('203.0.113.5:2'));
    world.takeCommands();
    client.request(Method.Refresh, (b) => b.add(Lifetime, 0));
    expect(world.takeCommands().map((each) => ('connection' in each ? each.connection : each.type))).toEqual([
      'close-relay',
      joined,
      open,
    ]);
    world.handle({ type: 'connection-closed', connection: joined, why: '' });
    // Only the control connection waits for something now.
    expect(world.server.deadline?.why).toBe('end of waiting for a message on a stream');
  });
});
