import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { Data, MappedAddress, Software, XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { randomMessage } from '../../support/random-message.ts';

const id = new Uint8Array(12).fill(3);
const start = () => new MessageBuilder('request', Method.Binding, id);

describe('MessageBuilder', () => {
  it('hands out bytes that no later message changes', () => {
    const random = seededRandom(8);
    const made = Array.from({ length: 2000 }, () => randomMessage(random).bytes);
    const first = made.map(toHex);
    for (let n = 0; n < 2000; n++) randomMessage(random);
    expect(made.map(toHex)).toEqual(first);
  });

  it('builds several messages at a time', () => {
    const builders = Array.from({ length: 300 }, () => start());
    for (const text of ['first', 'a second one'])
      for (const [n, builder] of builders.entries()) builder.add(Software, `${text} ${n}`);
    for (const [n, builder] of builders.entries()) {
      const expected = start().add(Software, `first ${n}`).add(Software, `a second one ${n}`).build();
      expect(toHex(builder.build())).toBe(toHex(expected));
    }
  });

  it('may go on after a build, whose bytes stay as they were', () => {
    const builder = start().add(Software, 'one');
    const one = builder.build();
    const next = start().add(Software, 'next').build();
    const before = [toHex(one), toHex(next)];
    const two = builder.add(Software, 'two').build();
    expect([toHex(one), toHex(next)]).toEqual(before);
    const decoded = decodeMessage(two);
    expect(decoded.ok && decoded.value.all(Software)).toEqual(['one', 'two']);
  });

  it('pads with zeros, however large the message grows', () => {
    for (let length = 0; length < 700; length += 7) {
      const bytes = start().add(Data, new Uint8Array(length).fill(0xff)).add(Software, '').build();
      const padding = bytes.subarray(24 + length, bytes.length - 4);
      expect(padding.every((byte) => byte === 0)).toBe(true);
      expect(bytes.length % 4).toBe(0);
    }
  });

  it.each([
    [{ family: 4, address: 'example.org', port: 1 } as const],
    [{ family: 4, address: '::1', port: 1 } as const],
    [{ family: 6, address: '192.0.2.1', port: 1 } as const],
  ])('refuses %j, a mistake of the caller', (address) => {
    expect(() => start().add(MappedAddress, address)).toThrow(TypeError);
    expect(() => start().add(XorMappedAddress, address)).toThrow(TypeError);
  });
});
