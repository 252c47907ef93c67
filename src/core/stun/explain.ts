import { toHex } from '../bytes.ts';
import { describeValue, hexOf } from './attribute-words.ts';
import { checkFingerprint } from './fingerprint.ts';
import type { MessageClass, RawAttribute, StunMessage } from './message.ts';
import { AttributeType, attributeName, isComprehensionRequired, isRegistered, Method, methodName } from './registry.ts';

/**
 * - `malformed`: its bytes are not what its type asks for
 * - `duplicate`: an earlier one of its type counts, this one does not (RFC 8489 14)
 * - `after-integrity`: ignored, because no integrity protects it (RFC 8489 9)
 * - `unknown-required`: whoever does not know it must refuse the message with 420 (RFC 8489 14)
 * - `wrong-fingerprint`, `not-last`: FINGERPRINT does not match, or something follows it (RFC 8489 14.7)
 */
export type AttributeProblemCode =
  | 'malformed'
  | 'duplicate'
  | 'after-integrity'
  | 'unknown-required'
  | 'wrong-fingerprint'
  | 'not-last';

export interface AttributeProblem {
  readonly code: AttributeProblemCode;
  readonly message: string;
}

export interface ExplainedAttribute {
  readonly type: number;
  /** `XOR-MAPPED-ADDRESS`, or the number where nobody registered it. */
  readonly name: string;
  /** Where its header begins in the message, and how long the value is, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** In words. Of what could help to guess or take a credential, only the length. */
  readonly value: string;
  readonly problems: readonly AttributeProblem[];
}

export interface ExplainedMessage {
  readonly class: MessageClass;
  readonly method: string;
  /** 24 hex digits. */
  readonly transactionId: string;
  /** Bytes, the header counted in. */
  readonly length: number;
  readonly attributes: readonly ExplainedAttribute[];
}

/** Everything a message says, attribute by attribute, and what is wrong with each. */
export function explainMessage(message: StunMessage): ExplainedMessage {
  const seen = new Set<number>();
  const attributes = message.attributes.map((attribute) => {
    const problems = problemsOf(message, attribute, seen);
    seen.add(attribute.type);
    const described = describeValue(message, attribute);
    if (described?.ok === false) problems.unshift({ code: 'malformed', message: described.error });
    return {
      type: attribute.type,
      name: attributeName(attribute.type),
      offset: attribute.offset,
      length: attribute.length,
      value: described?.ok === true ? described.value.words : shownBytes(attribute),
      problems,
    };
  });
  return {
    class: message.class,
    method: methodName(message.method),
    transactionId: toHex(message.transactionId),
    length: message.bytes.length,
    attributes,
  };
}

/** The attributes by name as an event carries them, in order; a second one of a name gets `#2`. */
export function attributeRecord(message: StunMessage): Record<string, string | number | boolean> {
  const record: Record<string, string | number | boolean> = {};
  const counts = new Map<number, number>();
  for (const attribute of message.attributes) {
    const count = (counts.get(attribute.type) ?? 0) + 1;
    counts.set(attribute.type, count);
    const name = attributeName(attribute.type);
    const described = describeValue(message, attribute);
    record[count === 1 ? name : `${name}#${count}`] =
      described === undefined
        ? hexOf(attribute.value)
        : described.ok
          ? described.value.data
          : `malformed: ${described.error}`;
  }
  return record;
}

/** Bytes that could not be read. A MESSAGE-INTEGRITY of the wrong length may hold the right one. */
function shownBytes(attribute: RawAttribute): string {
  return SECRET_TYPES.has(attribute.type) ? `${attribute.length} bytes, not shown` : hexOf(attribute.value);
}

const SECRET_TYPES = new Set<number>([
  AttributeType.MessageIntegrity,
  AttributeType.MessageIntegritySha256,
  AttributeType.ReservationToken,
]);

function problemsOf(message: StunMessage, attribute: RawAttribute, seen: ReadonlySet<number>): AttributeProblem[] {
  const problems: AttributeProblem[] = [];
  const { type } = attribute;
  if (isIgnored(message, attribute)) {
    problems.push({ code: 'after-integrity', message: 'ignored: it follows the integrity, which does not protect it' });
  } else if (seen.has(type) && !mayRepeat(message, type)) {
    problems.push({ code: 'duplicate', message: 'ignored: only the first of its type counts' });
  }
  if (isComprehensionRequired(type) && !isRegistered(type)) {
    problems.push({ code: 'unknown-required', message: 'who does not know it must refuse the message with 420' });
  }
  if (type === AttributeType.Fingerprint) problems.push(...fingerprintProblems(message, attribute));
  return problems;
}

/** RFC 8656 9.1: a CreatePermission request names each peer in an attribute of its own. */
function mayRepeat(message: StunMessage, type: number): boolean {
  return message.method === Method.CreatePermission && type === AttributeType.XorPeerAddress;
}

function isIgnored(message: StunMessage, attribute: RawAttribute): boolean {
  if (attribute.type === AttributeType.Fingerprint) return false;
  const before = (type: number) => {
    const integrity = message.find(type);
    return integrity !== undefined && integrity.offset < attribute.offset;
  };
  if (before(AttributeType.MessageIntegrity)) return attribute.type !== AttributeType.MessageIntegritySha256;
  return before(AttributeType.MessageIntegritySha256);
}

function fingerprintProblems(message: StunMessage, attribute: RawAttribute): AttributeProblem[] {
  if (attribute.length !== 4) return [];
  if (attribute.offset + 8 !== message.bytes.length) {
    return [{ code: 'not-last', message: 'FINGERPRINT must be the last attribute' }];
  }
  return checkFingerprint(message) === 'valid'
    ? []
    : [{ code: 'wrong-fingerprint', message: 'the checksum does not match the message' }];
}
