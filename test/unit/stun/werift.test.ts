import { expect, it } from 'vitest';
import { type AttributeKeys, type Message, parseMessage } from 'werift-ice';
import { addressToBytes, type SocketAddress } from '../../../src/core/address.ts';
import { toHex } from '../../../src/core/bytes.ts';
import { seededRandom } from '../../../src/core/random.ts';
import type { StunError } from '../../../src/core/stun/attributes.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../../../src/core/stun/integrity.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { attributeName } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { type MadeAttribute, type MadeMessage, randomMessage } from '../../support/random-message.ts';

const COUNT = 10_000;

/**
 * werift-ice's decoder, written independently of this one, reads what our encoder wrote, and our decoder reads what its
 * encoder wrote.
 */
it(`agrees with werift-ice on ${COUNT} random messages`, () => {
  const random = seededRandom(5769);
  const seen = { attributes: 0, unknown: 0, integrity: 0, rewritten: 0 };
  for (let n = 0; n < COUNT; n++) {
    const made = randomMessage(random);
    const where = `message ${n}: ${toHex(made.bytes)}`;
    const theirs = parseMessage(Buffer.from(made.bytes), made.key === undefined ? undefined : Buffer.from(made.key));
    if (theirs === undefined) throw new Error(`werift-ice refuses ${where}`);
    if (theirs.messageMethod !== (made.type & 0x3eef) || Number(theirs.messageClass) !== (made.type & 0x110)) {
      throw new Error(`type differs in ${where}`);
    }
    if (toHex(theirs.transactionId) !== toHex(made.transactionId))
      throw new Error(`transaction id differs in ${where}`);
    for (const attribute of made.attributes) {
      const [ours, other] = [ourText(attribute), theirText(theirs, attribute)];
      if (ours !== other)
        throw new Error(`${attributeName(attribute.type)}: ${ours}, werift-ice: ${other}, in ${where}`);
      if (attribute.codec === undefined) seen.unknown++;
      else seen.attributes++;
    }
    readOurs(made, made.bytes, made.fingerprint, where);
    if (made.key !== undefined) {
      seen.integrity++;
      const wrong = Buffer.from(made.key.map((byte) => byte ^ 1));
      if (parseMessage(Buffer.from(made.bytes), wrong) !== undefined)
        throw new Error(`werift-ice takes any key: ${where}`);
    } else {
      // Attributes that werift-ice has no codec for go to the end, behind FINGERPRINT, which then holds no more.
      const last = made.fingerprint && theirs.rawAttributes.length === 0;
      readOurs(made, theirs.bytes, last, `werift-ice's rewriting of ${where}`);
      seen.rewritten++;
    }
  }
  expect(seen.attributes).toBeGreaterThan(COUNT);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(COUNT / 5);
});

function readOurs(made: MadeMessage, bytes: Uint8Array, fingerprint: boolean, where: string): void {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error(`${decoded.error.message}: ${where}`);
  const message = decoded.value;
  if (message.class !== made.class || message.method !== made.method) throw new Error(`type differs in ${where}`);
  for (const attribute of made.attributes) {
    const value = attribute.codec === undefined ? message.find(attribute.type)?.value : message.get(attribute.codec);
    const [got, put] = [ourText({ ...attribute, value }), ourText(attribute)];
    if (got !== put) throw new Error(`${attributeName(attribute.type)}: read ${got}, written ${put}, in ${where}`);
  }
  if (made.key !== undefined && checkIntegrity(message, made.key, nodeHashes) !== 'valid') {
    throw new Error(`MESSAGE-INTEGRITY is not valid in ${where}`);
  }
  if (fingerprint && checkFingerprint(message) !== 'valid') throw new Error(`FINGERPRINT in ${where}`);
}

/** A value as text, the same for both sides. */
function ourText({ value }: MadeAttribute): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Uint8Array) return toHex(each);
    return isAddress(each) ? `${toHex(addressToBytes(each.address) ?? new Uint8Array())}:${each.port}` : each;
  });
}

function theirText(theirs: Message, attribute: MadeAttribute): string | undefined {
  const name = attributeName(attribute.type) as (typeof AttributeKeys)[number];
  const known = theirs.getAttributeValue(name);
  const raw = theirs.rawAttributes.find(({ type }) => type === attribute.type)?.value;
  if (known === undefined) {
    // What werift-ice has no codec for (DONT-FRAGMENT, ICMP) it hands over in bytes: as long as ours it must be.
    if (raw === undefined) return undefined;
    if (attribute.codec === undefined) return JSON.stringify(toHex(raw));
    const value = attribute.codec.read(new Uint8Array(raw), 0, raw.length);
    return value.ok ? ourText({ ...attribute, value: value.value }) : value.error;
  }
  return ourText({ ...attribute, value: convert(attribute.value, known, attribute) });
}

/** werift-ice's value in our shape. */
function convert(ours: unknown, known: unknown, attribute: MadeAttribute): unknown {
  if (isAddress(ours)) {
    const [address, port] = known as [string, number];
    return { family: ours.family, address, port };
  }
  if (isError(ours)) {
    const [code, reason] = known as [number, string];
    return { code, reason };
  }
  switch (name(attribute)) {
    case 'NONCE':
      return (known as Buffer).toString('utf8');
    case 'REQUESTED-TRANSPORT':
      return (known as number) >>> 24;
    case 'REQUESTED-ADDRESS-FAMILY':
      return (known as number) >>> 24 === 1 ? 4 : 6;
    case 'CHANGE-REQUEST':
      return { changeIp: ((known as number) & 4) !== 0, changePort: ((known as number) & 2) !== 0 };
    case 'USE-CANDIDATE':
      return known === null;
    case 'ICE-CONTROLLED':
    case 'ICE-CONTROLLING':
      return (known as bigint).toString(16).padStart(16, '0');
    case 'EVEN-PORT':
      return (known as Buffer)[0] === 0x80;
    case 'PASSWORD-ALGORITHMS': {
      const read = attribute.codec?.read(new Uint8Array(known as Buffer), 0, (known as Buffer).length);
      return read?.ok ? read.value : read?.error;
    }
    default:
      // A Buffer turns itself into JSON in its own way.
      return known instanceof Uint8Array ? new Uint8Array(known) : known;
  }
}

const name = (attribute: MadeAttribute): string => attributeName(attribute.type);

function isAddress(value: unknown): value is SocketAddress {
  return typeof value === 'object' && value !== null && 'address' in value && 'port' in value;
}

function isError(value: unknown): value is StunError {
  return typeof value === 'object' && value !== null && 'code' in value && 'reason' in value;
}
