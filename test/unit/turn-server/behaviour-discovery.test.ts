import { describe, expect, it } from 'vitest';
import {
  ChangeRequest,
  MappedAddress,
  OtherAddress,
  Padding,
  ResponseOrigin,
  ResponsePort,
  UnknownAttributes,
  XorMappedAddress,
} from '../../../src/core/stun/attributes.ts';
import type { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const CORNERS = ['198.51.100.1:3478', '198.51.100.1:3479', '198.51.100.2:3478', '198.51.100.2:3479'];

function square() {
  const world = new SimulatedTurn();
  for (const corner of CORNERS.slice(1)) {
    world.handle({ type: 'listener-opened', transport: corner, local: at(corner) });
  }
  const client = new SimulatedClient(world, '192.0.2.7:40000');
  const ask = (add: (b: MessageBuilder) => unknown, transport = 'udp4') => {
    world.takeSent();
    world.receive(
      transport,
      client.address,
      client.plain(Method.Binding, (b) => void add(b)),
    );
    const [sent] = world.takeSent();
    return { sent, answer: decode(sent?.bytes) };
  };
  return { world, client, ask };
}

describe('NAT behaviour discovery (RFC 5780)', () => {
  it('tells the other address, and who answered', () => {
    const { client, ask } = square();
    const { answer } = ask(() => {});
    expect(answer.get(OtherAddress)).toEqual(at('198.51.100.2:3479'));
    expect(answer.get(ResponseOrigin)).toEqual(at('198.51.100.1:3478'));
    expect(answer.get(MappedAddress)).toEqual(client.address);
    expect(answer.get(XorMappedAddress)).toEqual(client.address);
    expect(ask(() => {}, '198.51.100.2:3478').answer.get(OtherAddress)).toEqual(at('198.51.100.1:3479'));
  });

  it.each([
    [false, false, 'udp4', CORNERS[0]],
    [false, true, CORNERS[1], CORNERS[1]],
    [true, false, CORNERS[2], CORNERS[2]],
    [true, true, CORNERS[3], CORNERS[3]],
  ])('change IP %s, change port %s', (changeIp, changePort, transport, origin) => {
    const { client, ask } = square();
    const { sent, answer } = ask((b) => b.add(ChangeRequest, { changeIp, changePort }));
    expect([sent?.transport, sent?.to]).toEqual([transport, client.address]);
    expect(answer.get(ResponseOrigin)).toEqual(at(origin ?? ''));
  });

  it('answers to another port where RESPONSE-PORT asks for it', () => {
    const { sent, answer } = square().ask((b) => b.add(ResponsePort, 4444));
    expect(sent?.to).toEqual(at('192.0.2.7:4444'));
    expect(answer.get(XorMappedAddress)).toEqual(at('192.0.2.7:40000'));
  });

  it('pads the answer as the request was', () => {
    expect(
      square()
        .ask((b) => b.add(Padding, new Uint8Array(1500)))
        .answer.get(Padding),
    ).toHaveLength(1500);
  });

  it('refuses with 400 what makes no sense', () => {
    const { ask } = square();
    expect(codeOf(ask((b) => b.add(ResponsePort, 4444).add(Padding, new Uint8Array(64))).answer)).toBe(400);
    expect(codeOf(ask((b) => b.add(ResponsePort, 0)).answer)).toBe(400);
    expect(codeOf(ask((b) => b.addRaw(ChangeRequest.type, new Uint8Array(3))).answer)).toBe(400);
  });

  it('is not understood (420) with one address, or over TCP', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    const change = (b: MessageBuilder) => b.add(ChangeRequest, { changeIp: true, changePort: true });
    const [bytes] = client.send(client.plain(Method.Binding, change));
    expect(codeOf(decode(bytes))).toBe(420);
    expect(decode(bytes).get(UnknownAttributes)).toEqual([ChangeRequest.type]);

    const overTcp = square();
    const tcp = new SimulatedClient(overTcp.world, '192.0.2.7:40000', { transport: 'tcp-1', kind: 'tcp' });
    const local = at('198.51.100.1:3478');
    overTcp.world.handle({ type: 'stream-opened', transport: 'tcp-1', protocol: 'tcp', local, remote: tcp.address });
    expect(codeOf(decode(tcp.send(tcp.plain(Method.Binding, change))[0]))).toBe(420);
    const plain = decode(tcp.send(tcp.plain(Method.Binding))[0]);
    expect(plain.has(OtherAddress)).toBe(false);
  });

  it('never names an address of loopback to a client elsewhere', () => {
    const world = new SimulatedTurn();
    for (const corner of ['198.51.100.1:3479', '127.0.0.1:3478', '127.0.0.1:3479']) {
      world.handle({ type: 'listener-opened', transport: corner, local: at(corner) });
    }
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    expect(decode(client.send(client.plain(Method.Binding))[0]).has(OtherAddress)).toBe(false);
  });
});
