import { describe, expect, it } from 'vitest';
import { sameBytes } from '../../../src/core/bytes.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { MessageIntegrity, Software, Username } from '../../../src/core/stun/attributes.ts';
import { blankIntegrity, isBlankedValue } from '../../../src/core/stun/blank.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

const random = seededRandom(1);

function message(password: number): Uint8Array {
  const key = new Uint8Array(16).fill(password);
  return new MessageBuilder('request', Method.Allocate, new Uint8Array(12))
    .add(Username, 'user')
    .add(Software, 'test')
    .integrity(key, nodeHashes)
    .integritySha256(key, nodeHashes)
    .fingerprint()
    .build();
}

describe('blankIntegrity', () => {
  it('leaves nothing in which two passwords differ', () => {
    expect(sameBytes(message(1), message(2))).toBe(false);
    expect(blankIntegrity(message(1))).toEqual(blankIntegrity(message(2)));
  });

  it('leaves a well-formed message of the same length, with everything else as it was', () => {
    const before = message(1).slice();
    const blanked = blankIntegrity(before);
    expect(before).toEqual(message(1));
    const decoded = decodeMessage(blanked);
    if (!decoded.ok) throw new Error(decoded.error.message);
    expect(blanked.length).toBe(before.length);
    expect(decoded.value.get(Username)).toBe('user');
    expect(checkFingerprint(decoded.value)).toBe('valid');
    expect(isBlankedValue(decoded.value.get(MessageIntegrity) ?? new Uint8Array([1]))).toBe(true);
  });

  it('blanks every one of several, those of the wrong length, and what follows a fingerprint', () => {
    const bytes = new MessageBuilder('request', Method.Allocate, new Uint8Array(12))
      .addRaw(0x0008, random.bytes(19))
      .addRaw(0x8028, random.bytes(4))
      .addRaw(0x0008, random.bytes(20))
      .addRaw(0xc060, random.bytes(4))
      .build();
    const decoded = decodeMessage(blankIntegrity(bytes));
    if (!decoded.ok) throw new Error(decoded.error.message);
    const macs = decoded.value.attributes.filter(({ type }) => type !== 0x8028);
    expect(macs.map(({ value }) => isBlankedValue(value))).toEqual([true, true, true]);
  });

  it('passes on what has no integrity, and what is no message', () => {
    const plain = new MessageBuilder('request', Method.Binding, new Uint8Array(12)).fingerprint().build();
    expect(blankIntegrity(plain)).toBe(plain);
    const noise = random.bytes(40);
    expect(blankIntegrity(noise)).toBe(noise);
  });
});
