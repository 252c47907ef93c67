import { describe, expect, it } from 'vitest';
import { ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress } from '../../../src/core/stun/attributes.ts';
import type { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../../src/core/turn/channel-data.ts';
import { DEFAULT_QUOTAS, type TurnServerSettings } from '../../../src/core/turn/server/settings.ts';
import { at, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const udp = (builder: MessageBuilder) => builder.add(RequestedTransport, 17);
const peer = at('203.0.113.5:5000');
const local = at('198.51.100.1:3478');

function connected(overrides: Partial<TurnServerSettings> = {}) {
  const world = new SimulatedTurn(overrides);
  const client = new SimulatedClient(world, '192.0.2.7:40000', { transport: 'tcp-1', kind: 'tcp' });
  world.handle({ type: 'stream-opened', transport: 'tcp-1', protocol: 'tcp', local, remote: client.address });
  return { world, client };
}

describe('a client over TCP', () => {
  it('has its bytes cut into messages however they come', () => {
    const { world, client } = connected();
    client.challenge();
    const request = client.signed(Method.Allocate, udp);
    for (const byte of request.subarray(0, -1)) expect(client.send(Uint8Array.of(byte))).toEqual([]);
    expect(client.send(request.subarray(-1))).toHaveLength(1);
    expect(world.server.allocations()).toMatchObject([{ transport: 'tcp', client: client.address }]);
  });

  it('gets ChannelData padded to four bytes, and sends it so', () => {
    const { world, client } = connected();
    client.request(Method.Allocate, udp);
    client.request(Method.ChannelBind, (b) => b.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer));
    const [relay = ''] = world.relays.keys();
    world.takeSent();
    world.receiveAtRelay(relay, peer, Uint8Array.of(1, 2, 3, 4, 5));
    expect(world.takeSent()[0]?.bytes).toEqual(Uint8Array.of(0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0));
    const two = encodeChannelData(0x4000, Uint8Array.of(7), { padded: true });
    client.send(new Uint8Array([...two, ...two]));
    expect(world.takeSent().map((sent) => [...sent.bytes])).toEqual([[7], [7]]);
  });

  it('may use the channel numbers of RFC 5766', () => {
    const { world, client } = connected();
    client.request(Method.Allocate, udp);
    client.request(Method.ChannelBind, (b) => b.add(ChannelNumber, 0x7ffe).add(XorPeerAddress, peer));
    world.takeSent();
    client.send(encodeChannelData(0x7ffe, Uint8Array.of(7), { padded: true }));
    expect(world.takeSent().map((sent) => [...sent.bytes])).toEqual([[7]]);
  });

  it('loses its allocation with the connection', () => {
    const { world, client } = connected();
    client.request(Method.Allocate, udp);
    world.handle({ type: 'stream-closed', transport: 'tcp-1' });
    expect(world.relays.size).toBe(0);
    expect(world.takeEvents().at(-1)).toMatchObject({ type: 'allocation-ended', reason: 'connection-closed' });
    expect(world.server.deadline).toBeUndefined();
  });

  it('loses the relay that was being opened while it went', () => {
    const { world, client } = connected();
    world.bindAtOnce = false;
    client.challenge();
    client.send(client.signed(Method.Allocate, udp));
    world.handle({ type: 'stream-closed', transport: 'tcp-1' });
    world.takeSent();
    world.answerBinds();
    expect(world.relays.size).toBe(0);
    expect(world.takeSent()).toEqual([]);
    expect(world.server.allocations()).toEqual([]);
  });

  it('is closed after 30 s without an allocation, and after its end', () => {
    const { world, client } = connected();
    world.advance(29_999);
    expect(world.takeCommands()).toEqual([]);
    client.challenge();
    world.advance(29_999);
    client.request(Method.Allocate, udp);
    world.advance(500_000);
    client.request(Method.Refresh, (b) => b.add(Lifetime, 0));
    world.takeCommands();
    world.advance(29_999);
    expect(world.takeCommands()).toEqual([]);
    world.advance(1);
    const why = 'idle without an allocation';
    expect(world.takeCommands()).toEqual([{ type: 'close-stream', transport: 'tcp-1', why }]);
    expect(world.server.deadline).toBeUndefined();
  });

  it('is closed 30 s into half a message, allocation or not, however slowly it drips', () => {
    const { world, client } = connected();
    client.request(Method.Allocate, (b) => udp(b).add(Lifetime, 3600));
    world.takeCommands();
    const request = client.signed(Method.Refresh);
    for (let i = 0; i < 29; i++) {
      client.send(request.subarray(i, i + 1));
      world.advance(1000);
    }
    expect(world.takeCommands()).toEqual([]);
    world.advance(1000);
    const commands = world.takeCommands();
    expect(commands[0]).toMatchObject({ type: 'close-stream', why: 'half a message' });
    expect(world.relays.size).toBe(0);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'http'],
    ['noise', new Uint8Array(16).fill(0xff), ''],
    ['ChannelData first', Uint8Array.of(0x40, 0, 0, 1, 0, 0, 0, 0), 'ChannelData'],
  ])('is closed when it speaks %s', (_what, bytes, why) => {
    const { world, client } = connected();
    expect(client.send(new Uint8Array(bytes))).toEqual([]);
    const [command] = world.takeCommands();
    expect(command).toMatchObject({ type: 'close-stream', transport: 'tcp-1' });
    expect(command?.type === 'close-stream' && command.why.toLowerCase()).toContain(why.toLowerCase());
    // What still comes from it is of no use, and no fault.
    client.send(new Uint8Array(4));
    expect(world.takeEvents().at(-1)).toMatchObject({ type: 'ignored', reason: 'unknown-transport' });
  });

  it('is turned away where there are too many', () => {
    const { world } = connected({ quotas: { ...DEFAULT_QUOTAS, streams: 1 } });
    const remote = at('192.0.2.7:40001');
    world.handle({ type: 'stream-opened', transport: 'tcp-2', protocol: 'tls', local, remote });
    expect(world.takeCommands()).toEqual([{ type: 'close-stream', transport: 'tcp-2', why: 'too many connections' }]);
    world.handle({ type: 'stream-closed', transport: 'tcp-1' });
    world.handle({ type: 'stream-opened', transport: 'tcp-3', protocol: 'tls', local, remote });
    expect(world.takeCommands()).toEqual([]);
  });

  it('is closed with the server', () => {
    const { world, client } = connected();
    client.request(Method.Allocate, udp);
    world.takeCommands();
    world.handle({ type: 'close' });
    expect(world.takeCommands().map((command) => command.type)).toEqual(['close-relay', 'close-stream']);
    expect(world.server.deadline).toBeUndefined();
    expect(client.send(client.plain(Method.Binding))).toEqual([]);
  });
});
