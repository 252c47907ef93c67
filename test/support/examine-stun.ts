import { crc32 as nodeCrc32 } from 'node:zlib';
import { toHex } from '../../src/core/bytes.ts';
import { seededRandom } from '../../src/core/random.ts';
import { Secret } from '../../src/core/secret.ts';
import { longTermKey, shortTermKey } from '../../src/core/stun/credentials.ts';
import { attributeRecord, explainMessage } from '../../src/core/stun/explain.ts';
import { checkFingerprint } from '../../src/core/stun/fingerprint.ts';
import { type Frame, StreamFramer } from '../../src/core/stun/framing.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../src/core/stun/integrity.ts';
import { LongTermSession } from '../../src/core/stun/long-term.ts';
import { decodeMessage, type StunMessage } from '../../src/core/stun/message.ts';
import { AttributeType } from '../../src/core/stun/registry.ts';
import { decodeChannelData } from '../../src/core/turn/channel-data.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { readHex, readHexLines } from './fixtures.ts';
import { randomMessage } from './random-message.ts';

/** A message, and the key of whoever made it. */
export interface Original {
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
}

const long = (password: string, username = 'user') =>
  longTermKey(username, 'example.org', new Secret(password), 'MD5', nodeHashes);
const matrix = '\u30de\u30c8\u30ea\u30c3\u30af\u30b9';
const sha256 = longTermKey(matrix, 'example.org', new Secret('TheMatrIX'), 'SHA-256', nodeHashes);
export const SHORT_TERM_KEY = shortTermKey(new Secret('VOkJxbRl1RmTxUk/WvJxBt'));

/** Captures and vectors, and messages made up of every attribute. */
export function stunCorpus(seed: number): Original[] {
  const random = seededRandom(seed);
  return [
    { bytes: readHex('stun/rfc5769-2.1-request.hex'), key: SHORT_TERM_KEY },
    { bytes: readHex('stun/rfc5769-2.2-response-ipv4.hex'), key: SHORT_TERM_KEY },
    { bytes: readHex('stun/rfc5769-2.3-response-ipv6.hex'), key: SHORT_TERM_KEY },
    { bytes: readHex('stun/rfc5769-2.4-request-long-term.hex'), key: long('TheMatrIX', matrix) },
    { bytes: readHex('stun/rfc8489-b.1-request-sha256.hex'), key: sha256 },
    ...readHexLines('stun/coturn-4.6.1-session.hex').map((bytes) => ({ bytes, key: long('pass') })),
    ...Array.from({ length: 200 }, () => randomMessage(random)).map(({ bytes, key = SHORT_TERM_KEY }) => ({
      bytes,
      key,
    })),
  ];
}

const session = LongTermSession.start({ username: 'user', password: new Secret('pass') }, nodeHashes);

/** Everything that reads bytes from the network reads these, and what it says must hold. Throws what is wrong. */
export function examine(
  bytes: Uint8Array,
  key: Uint8Array,
  authentic: ReadonlySet<string>,
): 'refused' | 'message' | 'authentic' {
  decodeChannelData(bytes);
  checkFraming(bytes);
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) {
    if (decoded.error.offset > bytes.length) throw new Error('the error is placed beyond the end');
    return 'refused';
  }
  const message = decoded.value;
  checkLossless(message);
  explainMessage(message);
  attributeRecord(message);
  session.challenge(message);
  if (checkFingerprint(message) === 'valid') checkCrc(message);
  const proofs = [
    [AttributeType.MessageIntegrity, checkIntegrity(message, key, nodeHashes)],
    [AttributeType.MessageIntegritySha256, checkIntegritySha256(message, key, nodeHashes)],
  ] as const;
  let result: 'message' | 'authentic' = 'message';
  for (const [type, verdict] of proofs) {
    if (verdict !== 'valid') continue;
    if (!authentic.has(proof(message, type, key))) throw new Error(`attribute ${type} is called valid, nobody made it`);
    result = 'authentic';
  }
  return result;
}

/** What an HMAC covers, and the HMAC: all but the header's length, which says where the message ends and is not covered. */
function proof(message: StunMessage, type: number, key: Uint8Array): string {
  const attribute = message.find(type);
  if (attribute === undefined) return '';
  const covered = message.bytes.slice(0, attribute.offset);
  covered.fill(0, 2, 4);
  // A truncated HMAC-SHA256 proves the same as the whole.
  return `${type} ${toHex(key)} ${toHex(covered)} ${toHex(attribute.value.subarray(0, 16))}`;
}

/** The attributes and their padding are the message, from the first byte after the header to the last. */
function checkLossless(message: StunMessage): void {
  let at = 20;
  const view = new DataView(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
  for (const { type, offset, value } of message.attributes) {
    if (offset !== at) throw new Error(`an attribute is placed at ${offset}, the one before ends at ${at}`);
    if (view.getUint16(at) !== type || view.getUint16(at + 2) !== value.length)
      throw new Error(`another header at ${at}`);
    if (value.byteOffset !== message.bytes.byteOffset + at + 4) throw new Error(`another value at ${at}`);
    at += 4 + Math.ceil(value.length / 4) * 4;
  }
  if (at !== message.bytes.length || view.getUint16(2) !== at - 20)
    throw new Error('the attributes do not fill the message');
}

function checkCrc(message: StunMessage): void {
  const end = message.bytes.length - 8;
  const crc = new DataView(message.bytes.buffer, message.bytes.byteOffset).getUint32(end + 4);
  if (crc !== (nodeCrc32(message.bytes.subarray(0, end)) ^ 0x5354554e) >>> 0)
    throw new Error('FINGERPRINT is called valid');
}

/** Frames are the stream, up to the error. */
function checkFraming(bytes: Uint8Array): void {
  const framer = new StreamFramer();
  const middle = bytes.length >> 1;
  const frames: Frame[] = [...framer.push(bytes.subarray(0, middle)), ...framer.push(bytes.subarray(middle))];
  const last = framer.end();
  if (last !== undefined) frames.push(last);
  let at = 0;
  for (const frame of frames) {
    if (frame.kind === 'error') {
      if (frame.offset !== at) throw new Error(`the framing error is placed at ${frame.offset}, not ${at}`);
      return;
    }
    if (toHex(frame.bytes) !== toHex(bytes.subarray(at, at + frame.bytes.length)))
      throw new Error('a frame of other bytes');
    at += frame.bytes.length;
  }
  if (at !== bytes.length) throw new Error('bytes are missing from the frames');
}

export function authenticProofs(originals: readonly Original[]): Set<string> {
  const proofs = new Set<string>();
  for (const { bytes, key } of originals) {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) continue;
    for (const type of [AttributeType.MessageIntegrity, AttributeType.MessageIntegritySha256]) {
      if (decoded.value.find(type) !== undefined) proofs.add(proof(decoded.value, type, key));
    }
  }
  return proofs;
}
