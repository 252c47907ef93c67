import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { Message, parseMessage } from 'werift-ice';
import {
  ErrorCodeAttribute,
  IceControlling,
  Nonce,
  Priority,
  Realm,
  Software,
  Username,
  XorMappedAddress,
} from '../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../../src/core/stun/integrity.ts';
import { decodeMessage } from '../../src/core/stun/message.ts';
import { Method } from '../../src/core/stun/registry.ts';
import { nodeHashes } from '../../src/net/hashes.ts';

// Plain JavaScript without types, and in other respects of 2020, too.
const stun = createRequire(import.meta.url)('stun') as {
  readonly constants: Readonly<Record<string, number>>;
  createMessage(type: number | undefined, id: Buffer): StunPackageMessage;
  encode(message: StunPackageMessage): Buffer;
  decode(bytes: Buffer): StunPackageMessage;
  validateMessageIntegrity(message: StunPackageMessage, key: string): boolean;
  validateFingerprint(message: StunPackageMessage): boolean;
};

interface StunPackageMessage {
  addAttribute(type: number | undefined, ...values: unknown[]): void;
  getAttribute(type: number | undefined): { readonly value: { readonly port: number } };
  addMessageIntegrity(key: string): void;
  addFingerprint(): void;
}

/** One implementation at work on one message. */
export interface Codec {
  readonly name: string;
  encode(): Uint8Array;
  /** Decodes it and reads what a client needs of it, verified where there is something to verify. Throws where that fails. */
  read(bytes: Uint8Array): number;
}

const id = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');
const password = 'VOkJxbRl1RmTxUk/WvJxBt';
const key = Buffer.from(password);
const software = 'iceprobe';
const tieBreaker = Buffer.from('932ff9b151263b36', 'hex');

const { constants } = stun;

/** What these packages take. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A Binding answer: XOR-MAPPED-ADDRESS and SOFTWARE; the address is read. */
export function bindingAnswer(address: string): Codec[] {
  const family = address.includes(':') ? 6 : 4;
  return [
    {
      name: 'iceprobe',
      encode: () =>
        new MessageBuilder('success', Method.Binding, id)
          .add(XorMappedAddress, { family, address, port: 32853 })
          .add(Software, software)
          .build(),
      read(bytes) {
        const decoded = decodeMessage(bytes);
        return decoded.ok ? (decoded.value.get(XorMappedAddress)?.port ?? 0) : 0;
      },
    },
    {
      name: 'werift-ice',
      encode: () =>
        new Message(1, 0x100, id)
          .setAttribute('XOR-MAPPED-ADDRESS', [address, 32853])
          .setAttribute('SOFTWARE', software).bytes,
      read: (bytes) => parseMessage(asBuffer(bytes))?.getAttributeValue('XOR-MAPPED-ADDRESS')[1],
    },
    {
      name: 'stun',
      encode() {
        const message = stun.createMessage(constants['STUN_BINDING_RESPONSE'], id);
        message.addAttribute(constants['STUN_ATTR_XOR_MAPPED_ADDRESS'], address, 32853);
        message.addAttribute(constants['STUN_ATTR_SOFTWARE'], software);
        return stun.encode(message);
      },
      read: (bytes) => stun.decode(asBuffer(bytes)).getAttribute(constants['STUN_ATTR_XOR_MAPPED_ADDRESS']).value.port,
    },
  ];
}

/** A 401: text attributes and an error, none of which werift-ice or stun read differently. */
export function challenge(): Codec[] {
  const reason = 'Unauthorized';
  const nonce = '2e342127a8eefdfd';
  return [
    {
      name: 'iceprobe',
      encode: () =>
        new MessageBuilder('error', Method.Allocate, id)
          .add(ErrorCodeAttribute, { code: 401, reason })
          .add(Nonce, nonce)
          .add(Realm, 'example.org')
          .add(Software, software)
          .build(),
      read(bytes) {
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) return 0;
        const message = decoded.value;
        return (
          (message.get(ErrorCodeAttribute)?.code ?? 0) +
          (message.get(Nonce)?.length ?? 0) +
          (message.get(Realm)?.length ?? 0) +
          (message.get(Software)?.length ?? 0)
        );
      },
    },
    {
      name: 'werift-ice',
      encode: () =>
        new Message(3, 0x110, id)
          .setAttribute('ERROR-CODE', [401, reason])
          .setAttribute('NONCE', Buffer.from(nonce))
          .setAttribute('REALM', 'example.org')
          .setAttribute('SOFTWARE', software).bytes,
      read(bytes) {
        const message = parseMessage(asBuffer(bytes));
        if (message === undefined) return 0;
        return (
          message.getAttributeValue('ERROR-CODE')[0] +
          message.getAttributeValue('NONCE').toString().length +
          message.getAttributeValue('REALM').length +
          message.getAttributeValue('SOFTWARE').length
        );
      },
    },
  ];
}

/** A connectivity check with MESSAGE-INTEGRITY and FINGERPRINT, both verified. */
export function check(): Codec[] {
  const covered = Buffer.alloc(72);
  return [
    {
      name: 'the HMAC alone',
      encode: () => createHmac('sha1', key).update(covered).digest(),
      read: () => createHmac('sha1', key).update(covered).digest()[1] ?? 0,
    },
    {
      name: 'iceprobe',
      encode: () =>
        new MessageBuilder('request', Method.Binding, id)
          .add(Username, 'evtj:h6vY')
          .add(Priority, 0x6e0001ff)
          .add(IceControlling, tieBreaker)
          .integrity(key, nodeHashes)
          .fingerprint()
          .build(),
      read(bytes) {
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) return 0;
        const message = decoded.value;
        if (checkFingerprint(message) !== 'valid' || checkIntegrity(message, key, nodeHashes) !== 'valid')
          throw new Error('invalid');
        return message.get(Priority) ?? 0;
      },
    },
    {
      name: 'werift-ice',
      encode: () =>
        new Message(1, 0, id)
          .setAttribute('USERNAME', 'evtj:h6vY')
          .setAttribute('PRIORITY', 0x6e0001ff)
          .setAttribute('ICE-CONTROLLING', 0x932ff9b151263b36n)
          .addMessageIntegrity(key)
          .addFingerprint().bytes,
      read(bytes) {
        const message = parseMessage(asBuffer(bytes), key);
        if (message === undefined) throw new Error('invalid');
        return message.getAttributeValue('PRIORITY');
      },
    },
    {
      name: 'stun',
      encode() {
        const message = stun.createMessage(constants['STUN_BINDING_REQUEST'], id);
        // Eight characters: it re-encodes before it verifies, and forgets what filled the padding.
        message.addAttribute(constants['STUN_ATTR_USERNAME'], 'evtj:h6v');
        message.addAttribute(constants['STUN_ATTR_PRIORITY'], 0x6e0001ff);
        message.addMessageIntegrity(password);
        message.addFingerprint();
        return stun.encode(message);
      },
      read(bytes) {
        const decoded = stun.decode(asBuffer(bytes));
        if (!stun.validateFingerprint(decoded) || !stun.validateMessageIntegrity(decoded, password))
          throw new Error('invalid');
        return 1;
      },
    },
  ];
}
