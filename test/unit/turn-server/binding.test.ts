import { describe, expect, it } from 'vitest';
import { Priority, Software, UnknownAttributes, XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

describe('Binding', () => {
  it.each(['192.0.2.7:40000', '[2001:db8::7]:40000'])('tells %s where it is seen, without credentials', (address) => {
    const world = new SimulatedTurn({ software: 'iceprobe test' });
    const client = new SimulatedClient(world, address);
    const [bytes, ...more] = client.send(client.plain(Method.Binding));
    const answer = decode(bytes);
    expect(more).toEqual([]);
    expect(answer.class).toBe('success');
    expect(answer.get(XorMappedAddress)).toEqual(at(address));
    expect(answer.get(Software)).toBe('iceprobe test');
    expect(checkFingerprint(answer)).toBe('absent');
    expect(world.server.deadline).toBeUndefined();
  });

  it('answers a request with FINGERPRINT by one with FINGERPRINT', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const request = new MessageBuilder('request', Method.Binding, client.transactionId()).fingerprint().build();
    expect(checkFingerprint(decode(client.send(request)[0]))).toBe('valid');
  });

  it('refuses what it does not understand with 420', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const answer = decode(client.send(client.plain(Method.Binding, (b) => b.add(Priority, 1)))[0]);
    expect(codeOf(answer)).toBe(420);
    expect(answer.get(UnknownAttributes)).toEqual([0x0024]);
  });
});

describe('what gets no answer', () => {
  const id = new Uint8Array(12);
  const spoilt = new MessageBuilder('request', Method.Binding, id).fingerprint().build().slice();
  spoilt[27] = (spoilt[27] ?? 0) ^ 1;
  it.each([
    ['nothing at all', new Uint8Array(), 'malformed'],
    ['a byte', Uint8Array.of(0), 'malformed'],
    ['RTP', new Uint8Array(20).fill(0x80), 'not-stun'],
    ['a STUN header without the cookie', new Uint8Array(20), 'not-stun'],
    [
      'a header that promises more',
      new MessageBuilder('request', Method.Binding, id).add(Priority, 1).build().subarray(0, 24),
      'malformed',
    ],
    ['a wrong FINGERPRINT', spoilt, 'bad-fingerprint'],
    ['a response', new MessageBuilder('success', Method.Binding, id).build(), 'unexpected-class'],
    ['an unknown method', new MessageBuilder('request', 0x0fe, id).build(), 'unknown-method'],
    ['a Data indication', new MessageBuilder('indication', Method.Data, id).build(), 'unknown-method'],
    [
      'a Send indication without an allocation',
      new MessageBuilder('indication', Method.Send, id).build(),
      'no-allocation',
    ],
    ['ChannelData without an allocation', Uint8Array.of(0x40, 0, 0, 0), 'no-allocation'],
  ])('%s', (_what, bytes, reason) => {
    const world = new SimulatedTurn();
    expect(new SimulatedClient(world, '192.0.2.7:40000').send(bytes)).toEqual([]);
    expect(world.takeEvents()).toMatchObject([{ type: 'ignored', reason, length: bytes.length }]);
    expect(world.takeSent()).toEqual([]);
  });

  it('a Binding indication, which only keeps a NAT open', () => {
    const world = new SimulatedTurn();
    const bytes = new MessageBuilder('indication', Method.Binding, id).build();
    expect(new SimulatedClient(world, '192.0.2.7:40000').send(bytes)).toEqual([]);
    expect(world.takeEvents()).toEqual([]);
  });
});
