import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodePacket } from '../../../src/cli/decode/decode.ts';
import { IntegrityChecker } from '../../../src/cli/decode/integrity.ts';
import { packetsInCapture } from '../../../src/cli/decode/packets.ts';
import { dissect } from '../../../src/core/pcap/dissect.ts';
import { readCapture } from '../../../src/core/pcap/read.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { Secret } from '../../../src/core/secret.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { mutate } from '../../support/mutate.ts';

const captures = [
  'coturn-4.6.1.pcap',
  'coturn-4.6.1.pcapng',
  'coturn-4.6.1-any.pcap',
  'coturn-4.6.1-nanoseconds.pcap',
].map((name) => new Uint8Array(readFileSync(new URL(`../../../fixtures/captures/${name}`, import.meta.url))));

describe('a capture file that is broken or hostile', () => {
  it('is read or refused, never thrown at, and never read beyond its end', () => {
    const random = seededRandom(20_260_401);
    let read = 0;
    for (let round = 0; round < 4000; round++) {
      const original = captures[round % captures.length] ?? new Uint8Array();
      const bytes = mutate(random, original, captures);
      const found = packetsInCapture(bytes);
      if (!found.ok) {
        expect(found.error.offset).toBeLessThanOrEqual(bytes.length);
        continue;
      }
      read++;
      const checker = new IntegrityChecker({ username: 'alice', password: new Secret('secret') }, nodeHashes);
      for (const packet of found.value.packets.slice(0, 5)) decodePacket(packet, checker);
      expect(found.value.packets.length).toBeLessThanOrEqual(bytes.length / 4);
    }
    expect(read).toBeGreaterThan(1000);
  });

  it('gives frames of random bytes on every link type to a dissector that takes them', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 20_000; round++) {
      const bytes = random.bytes(round % 90);
      // Often enough like an IP packet to get further.
      if (round % 2 === 0 && bytes.length > 0) bytes[0] = round % 4 === 0 ? 0x45 : 0x60;
      for (const linkType of [0, 1, 101, 113, 276, 9999]) {
        const segment = dissect({ number: 1, time: 0, linkType, bytes, originalLength: bytes.length });
        if (segment !== undefined) expect(segment.payload.length).toBeLessThan(bytes.length);
      }
    }
  });

  it.each([
    ['nothing', [], 'too short for a capture file'],
    ['something else', [1, 2, 3, 4, 5], 'neither pcap nor pcapng'],
    ['half a header', [0xd4, 0xc3, 0xb2, 0xa1, 2, 0], 'the header of the pcap file is cut off'],
    [
      'a section of no byte order',
      [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4],
      'the byte-order magic of the section is wrong',
    ],
    ['a block without length', [0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a], 'a block of 0 bytes'],
  ])('says so: %s', (_what, bytes, message) => {
    expect(readCapture(Uint8Array.from(bytes))).toMatchObject({ ok: false, error: { message } });
  });
});
