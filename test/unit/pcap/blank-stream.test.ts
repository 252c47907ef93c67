import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes.ts';
import { BlankingStream } from '../../../src/core/pcap/blank-stream.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { Username } from '../../../src/core/stun/attributes.ts';
import { blankIntegrity } from '../../../src/core/stun/blank.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

const random = seededRandom(7);
const message = (): Uint8Array =>
  new MessageBuilder('request', Method.Allocate, random.bytes(12))
    .add(Username, 'u'.repeat(randomInteger(random, 30)))
    .integrity(random.bytes(16), nodeHashes)
    .build()
    .slice();
// Five bytes of data and three of padding.
const channelData = Uint8Array.of(0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0);

function through(bytes: Uint8Array): Uint8Array {
  const stream = new BlankingStream();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + randomInteger(random, 40));
    parts.push(stream.push(bytes.subarray(at, end)));
    at = end;
  }
  return concatBytes(...parts, stream.end());
}

describe('a stream being blanked', () => {
  it('comes out whole, however it is cut', () => {
    const frames = [message(), message(), channelData, message(), channelData];
    const expected = concatBytes(...frames.map(blankIntegrity));
    for (let round = 0; round < 50; round++) expect(through(concatBytes(...frames))).toEqual(expected);
  });

  it('passes as it is where it is no STUN, and what was left unfinished', () => {
    const http = new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n');
    const first = message();
    const expected = concatBytes(blankIntegrity(first), http);
    for (let round = 0; round < 20; round++) expect(through(concatBytes(first, http))).toEqual(expected);
    expect(through(first.subarray(0, 30))).toEqual(first.subarray(0, 30));
  });
});
