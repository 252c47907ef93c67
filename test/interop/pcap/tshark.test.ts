import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes.ts';
import { PcapngWriter } from '../../../src/core/pcap/write.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { explainMessage } from '../../../src/core/stun/explain.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';
import { randomMessage } from '../../support/random-message.ts';

const MESSAGES = 1000;

/** Names of ours that Wireshark 4.0 spells otherwise, beyond case and punctuation. */
const OTHER_SPELLINGS: Readonly<Record<string, string>> = { GOOGPING: 'GOOGLEPING' };

const CLASSES: Readonly<Record<string, string>> = {
  Request: 'request',
  Indication: 'indication',
  'Success Response': 'success',
  'Error Response': 'error',
};

function spelling(name: string): string {
  const plain = name.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return OTHER_SPELLINGS[plain] ?? plain;
}

/** `request ALLOCATE: REALM NONCE` of each message, from our decoder. */
function ours(bytes: Uint8Array): string {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { class: kind, method, attributes } = explainMessage(decoded.value);
  return `${kind} ${spelling(method)}: ${attributes.map(({ name }) => spelling(name)).join(' ')}`;
}

/** The same, from `tshark -V`. */
function theirs(listing: string): string[] {
  return listing
    .split(/^Frame \d+: /m)
    .filter((frame) => frame.includes('Message Type: '))
    .map((frame) => {
      const [, method = '', kind = ''] =
        /Message Type: 0x\w+ \((.+) (Request|Indication|Success Response|Error Response)\)/.exec(frame) ?? [];
      const names = [...frame.matchAll(/^ {12}Attribute Type: (\S+)|^ {8}Unknown attribute (0x\w{4})/gm)];
      return `${CLASSES[kind]} ${spelling(method)}: ${names.map(([, known, unknown]) => spelling(known ?? unknown ?? '')).join(' ')}`;
    });
}

describeNeeding('tshark')('a capture of ours, read by tshark', () => {
  it(`names the methods and attributes that we name, in ${MESSAGES} random messages over UDP and TCP`, () => {
    const random = seededRandom(0x7a5);
    const writer = new PcapngWriter();
    const messages = Array.from({ length: MESSAGES }, () => randomMessage(random).bytes);
    const packets = messages.map((bytes, index) =>
      writer.packet({
        unixMs: 1_700_000_000_000 + index,
        protocol: index % 2 === 0 ? 'udp' : 'tcp',
        // A connection of its own for each: on one, tshark gives up after the first message that it finds odd.
        from: { family: 4, address: '192.0.2.1', port: 20_000 + index },
        to: { family: 4, address: '192.0.2.2', port: 3478 },
        bytes,
      }),
    );
    const folder = mkdtempSync(join(tmpdir(), 'iceprobe-tshark-'));
    try {
      const path = join(folder, 'random.pcapng');
      writeFileSync(path, concatBytes(writer.header('iceprobe test'), ...packets));
      const listing = execFileSync(pathOf('tshark'), ['-r', path, '-Y', 'stun', '-V'], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(theirs(listing)).toEqual(messages.map(ours));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
