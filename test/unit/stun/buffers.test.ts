import { expect, it } from 'vitest';
import { XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../../../src/core/stun/integrity.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

/** RFC 5769 2.2. */
const RESPONSE = `0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643
  000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96`.replace(/\s+/g, '');
const KEY = Buffer.from('VOkJxbRl1RmTxUk/WvJxBt');

it('reads and checks a message in a Buffer, as sockets hand it over, without changing it', () => {
  const received = Buffer.from(RESPONSE, 'hex');
  const result = decodeMessage(received);
  if (!result.ok) throw new Error(result.error.message);
  const message = result.value;
  for (const round of ['first', 'second']) {
    expect(message.get(XorMappedAddress), round).toEqual({ family: 4, address: '192.0.2.1', port: 32853 });
    expect(checkIntegrity(message, KEY, nodeHashes), round).toBe('valid');
    expect(checkFingerprint(message), round).toBe('valid');
  }
  expect(received.toString('hex')).toBe(RESPONSE);
});
