import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/core/bytes.ts';
import { Secret } from '../../../src/core/secret.ts';
import {
  ErrorCodeAttribute,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Realm,
  Userhash,
  Username,
} from '../../../src/core/stun/attributes.ts';
import { longTermKey, userhash } from '../../../src/core/stun/credentials.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../../src/core/stun/integrity.ts';
import { LongTermSession } from '../../../src/core/stun/long-term.ts';
import { decodeMessage, type StunMessage } from '../../../src/core/stun/message.ts';
import { nonceCookie, readNonceCookie } from '../../../src/core/stun/nonce-cookie.ts';
import { AttributeType, Method } from '../../../src/core/stun/registry.ts';
import { encodeUtf8 } from '../../../src/core/utf8.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

const id = new Uint8Array(12).fill(5);
const credentials = { username: 'user', password: new Secret('pass') };
const start = () => LongTermSession.start(credentials, nodeHashes);

const MD5 = { algorithm: 1, parameters: new Uint8Array() };
const SHA256 = { algorithm: 2, parameters: new Uint8Array() };
const UNKNOWN = { algorithm: 77, parameters: Uint8Array.of(1) };

function decoded(builder: MessageBuilder): StunMessage {
  const result = decodeMessage(builder.build());
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const error = (code: number) =>
  new MessageBuilder('error', Method.Allocate, id).add(ErrorCodeAttribute, { code, reason: '' });

function challengeOf(
  code: number,
  realm: string | undefined,
  nonce: string | undefined,
  offer?: readonly (typeof MD5)[],
) {
  return decoded(
    error(code).addOptional(Realm, realm).addOptional(Nonce, nonce).addOptional(PasswordAlgorithms, offer),
  );
}

function challenged(session: LongTermSession, ...answers: readonly StunMessage[]): LongTermSession {
  let now = session;
  for (const answer of answers) {
    const next = now.challenge(answer);
    if (!next.ok) throw new Error(`${next.error.code}: ${next.error.message}`);
    now = next.value;
  }
  return now;
}

const refusal = (session: LongTermSession, answer: StunMessage): string => {
  const result = session.challenge(answer);
  return result.ok ? 'accepted' : result.error.code;
};

const request = (session: LongTermSession) =>
  decoded(session.authenticate(new MessageBuilder('request', Method.Refresh, id)));

const success = () => new MessageBuilder('success', Method.Refresh, id);

describe('an RFC 5389 server', () => {
  const session = challenged(start(), challengeOf(401, 'example.org', 'n1'));
  const key = longTermKey('user', 'example.org', credentials.password, 'MD5', nodeHashes);

  it('is asked without credentials first (RFC 8489 9.2.3.1)', () => {
    expect(start().challenged).toBe(false);
    expect(request(start()).attributes).toEqual([]);
  });

  it('then gets USERNAME, REALM, NONCE and MESSAGE-INTEGRITY, and no more', () => {
    const message = request(session);
    expect(message.attributes.map((a) => a.type)).toEqual([
      AttributeType.Username,
      AttributeType.Realm,
      AttributeType.Nonce,
      AttributeType.MessageIntegrity,
    ]);
    expect([message.get(Username), message.get(Realm), message.get(Nonce)]).toEqual(['user', 'example.org', 'n1']);
    expect(checkIntegrity(message, key, nodeHashes)).toBe('valid');
    expect(session).toMatchObject({
      realm: 'example.org',
      nonce: 'n1',
      algorithm: 'MD5',
      integrity: 'MESSAGE-INTEGRITY',
    });
  });

  it('RFC 8489 9.2.2: the key of user:realm:pass', () => {
    expect(toHex(longTermKey('user', 'realm', credentials.password, 'MD5', nodeHashes))).toBe(
      '8493fbc53ba582fb4c044c456bdc40eb',
    );
  });

  it('is verified by its MESSAGE-INTEGRITY', () => {
    expect(session.verifyResponse(decoded(success().integrity(key, nodeHashes)))).toBe('valid');
    expect(session.verifyResponse(decoded(success().integrity(encodeUtf8('wrong'), nodeHashes)))).toBe('invalid');
    expect(session.verifyResponse(decoded(success()))).toBe('absent');
    expect(start().verifyResponse(decoded(success().integrity(key, nodeHashes)))).toBe('absent');
  });

  it('gets realm and nonce back byte for byte, even where they are no UTF-8 or too long', () => {
    const nonce = concatBytes(Uint8Array.of(0xff, 0xfe), new Uint8Array(900).fill(0x61));
    const answer = decoded(error(401).add(Realm, '').addRaw(AttributeType.Nonce, nonce));
    const message = request(challenged(start(), answer));
    expect(message.find(AttributeType.Nonce)?.value).toEqual(nonce);
    expect(message.find(AttributeType.Realm)?.value).toHaveLength(0);
  });
});

describe('an RFC 8489 server', () => {
  const both = nonceCookie({ passwordAlgorithms: true, usernameAnonymity: true });

  it('gets its list back, the first algorithm known here, and MESSAGE-INTEGRITY-SHA256 only', () => {
    const cookie = nonceCookie({ passwordAlgorithms: true, usernameAnonymity: false });
    const session = challenged(start(), challengeOf(401, 'r', `${cookie}x`, [UNKNOWN, SHA256, MD5]));
    const message = request(session);
    expect(session.algorithm).toBe('SHA-256');
    expect(message.attributes.map((a) => a.type)).toEqual([
      AttributeType.Username,
      AttributeType.Realm,
      AttributeType.Nonce,
      AttributeType.PasswordAlgorithms,
      AttributeType.PasswordAlgorithm,
      AttributeType.MessageIntegritySha256,
    ]);
    expect(message.get(PasswordAlgorithms)).toEqual([UNKNOWN, SHA256, MD5]);
    expect(message.get(PasswordAlgorithm)).toEqual(SHA256);
    const key = longTermKey('user', 'r', credentials.password, 'SHA-256', nodeHashes);
    expect(checkIntegritySha256(message, key, nodeHashes)).toBe('valid');
    expect(session.verifyResponse(decoded(success().integritySha256(key, nodeHashes)))).toBe('valid');
    expect(session.verifyResponse(decoded(success().integritySha256(new Uint8Array(32), nodeHashes)))).toBe('invalid');
  });

  it('that prefers MD5 gets MD5', () => {
    const session = challenged(start(), challengeOf(401, 'r', `${both}x`, [MD5, SHA256]));
    const message = request(session);
    expect(session).toMatchObject({ algorithm: 'MD5', integrity: 'MESSAGE-INTEGRITY-SHA256' });
    expect(message.get(PasswordAlgorithm)).toEqual(MD5);
  });

  it('that can do without names gets USERHASH', () => {
    const message = request(challenged(start(), challengeOf(401, 'r', `${both}x`, [SHA256])));
    expect(message.has(Username)).toBe(false);
    expect(toHex(message.get(Userhash) ?? id)).toBe(toHex(userhash('user', 'r', nodeHashes)));
  });

  it('whose PASSWORD-ALGORITHMS went missing on the way is not answered (RFC 8489 9.2.1)', () => {
    expect(refusal(start(), challengeOf(401, 'r', `${both}x`))).toBe('bid-down');
    const session = challenged(start(), challengeOf(401, 'r', `${both}x`, [SHA256]));
    expect(refusal(session, challengeOf(438, 'r', `${both}y`))).toBe('bid-down');
    const key = longTermKey('user', 'r', credentials.password, 'SHA-256', nodeHashes);
    const stripped = decoded(success().add(Nonce, `${both}x`).integritySha256(key, nodeHashes));
    expect(session.verifyResponse(stripped)).toBe('invalid');
  });

  it('that offers nothing known here is not answered', () => {
    expect(refusal(start(), challengeOf(401, 'r', `${both}x`, [UNKNOWN]))).toBe('unsupported-algorithms');
    expect(refusal(start(), challengeOf(401, 'r', `${both}x`, []))).toBe('unsupported-algorithms');
  });

  it.each([
    ['obMatJos2AAAC', false, true],
    ['obMatJos2AAABrest', true, false],
    ['obMatJos2AAAA', false, false],
    // Before erratum 6290 the prose was followed: bit 0 is the most significant.
    ['obMatJos2gAAA', true, false],
    ['obMatJos2wAAA', true, true],
  ])('reads the nonce cookie %s', (nonce, passwordAlgorithms, usernameAnonymity) => {
    expect(readNonceCookie(nonce)).toEqual({ passwordAlgorithms, usernameAnonymity });
  });

  it.each(['', 'obMatJos', 'obMatJos2', 'obMatJos2AAA', 'obMatJos2A!AC', 'xobMatJos2AAAC', 'obmatjos2AAAC'])(
    'sees no cookie in %j',
    (nonce) => expect(readNonceCookie(nonce)).toBeUndefined(),
  );
});

describe('a conversation', () => {
  it('ends at a 401 to credentials that were sent', () => {
    const session = challenged(start(), challengeOf(401, 'r', 'n1'));
    expect(refusal(session, challengeOf(401, 'r', 'n2'))).toBe('rejected');
    expect(refusal(challenged(session, challengeOf(438, 'r', 'n2')), challengeOf(401, 'r', 'n3'))).toBe('rejected');
  });

  it('goes on with the nonce of a 438, the realm kept if the answer lacks it', () => {
    const session = challenged(start(), challengeOf(401, 'r', 'n1'), challengeOf(438, undefined, 'n2'));
    expect(session).toMatchObject({ realm: 'r', nonce: 'n2' });
    expect(request(session).get(Nonce)).toBe('n2');
  });

  it('ends where each nonce is stale at once', () => {
    let session = challenged(start(), challengeOf(401, 'r', 'n0'));
    for (const nonce of ['n1', 'n2', 'n3']) session = challenged(session, challengeOf(438, 'r', nonce));
    expect(refusal(session, challengeOf(438, 'r', 'n4'))).toBe('nonce-loop');
    expect(refusal(session.succeeded(), challengeOf(438, 'r', 'n4'))).toBe('accepted');
  });

  it('ends where each challenge has another realm', () => {
    let session = start();
    for (const realm of ['a', 'b', 'c', 'd']) session = challenged(session, challengeOf(401, realm, 'n'));
    expect(refusal(session, challengeOf(401, 'e', 'n'))).toBe('nonce-loop');
  });

  it('tries credentials that worked once more, for servers that say 401 to a stale nonce', () => {
    const proven = challenged(start(), challengeOf(401, 'r', 'n1')).succeeded();
    const again = challenged(proven, challengeOf(401, 'r', 'n2'));
    expect(again.nonce).toBe('n2');
    expect(refusal(again, challengeOf(401, 'r', 'n3'))).toBe('rejected');
  });

  it('leaves the session alone that a request in flight was sent with', () => {
    const first = challenged(start(), challengeOf(401, 'r', 'n1'));
    challenged(first, challengeOf(438, 'other', 'n2'));
    expect(first).toMatchObject({ realm: 'r', nonce: 'n1' });
  });

  it('keeps nothing of the buffer that brought the challenge', () => {
    const both = nonceCookie({ passwordAlgorithms: true, usernameAnonymity: false });
    const buffer = Buffer.from(challengeOf(401, 'realm', `${both}x`, [SHA256]).bytes);
    const received = decodeMessage(buffer);
    if (!received.ok) throw new Error(received.error.message);
    const session = challenged(start(), received.value);
    const before = toHex(request(session).bytes);
    buffer.fill(0xee);
    expect(toHex(request(session).bytes)).toBe(before);
  });

  it.each([
    ['missing-nonce', challengeOf(401, 'r', undefined)],
    ['missing-realm', challengeOf(401, undefined, 'n')],
    ['not-a-challenge', challengeOf(400, 'r', 'n')],
    ['not-a-challenge', decoded(success())],
    ['not-a-challenge', decoded(new MessageBuilder('error', Method.Allocate, id))],
    ['malformed', decoded(error(401).addRaw(AttributeType.Realm, Uint8Array.of(0xff)).add(Nonce, 'n'))],
    [
      'malformed',
      decoded(
        error(401)
          .add(Realm, 'r')
          .add(Nonce, 'n')
          .addRaw(AttributeType.PasswordAlgorithms, Uint8Array.of(0, 1, 0, 9)),
      ),
    ],
  ])('refuses with %s', (code, answer) => {
    expect(refusal(start(), answer)).toBe(code);
  });
});

it('never shows the password', () => {
  const session = challenged(start(), challengeOf(401, 'r', 'n1'));
  expect(JSON.stringify(session)).not.toContain('pass');
});
