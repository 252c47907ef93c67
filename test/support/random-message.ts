import { bytesToAddress, type SocketAddress } from '../../src/core/address.ts';
import { type Random, randomInteger } from '../../src/core/random.ts';
import type { AttributeCodec } from '../../src/core/stun/attribute.ts';
import * as Attributes from '../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { type MessageClass, messageType } from '../../src/core/stun/message.ts';
import { Method } from '../../src/core/stun/registry.ts';
import { nodeHashes } from '../../src/net/hashes.ts';

/** One attribute of a made-up message: what was put in. */
export interface MadeAttribute {
  readonly codec: AttributeCodec<unknown> | undefined;
  readonly type: number;
  readonly value: unknown;
}

export interface MadeMessage {
  readonly class: MessageClass;
  readonly method: number;
  readonly type: number;
  readonly transactionId: Uint8Array;
  readonly attributes: readonly MadeAttribute[];
  /** Present where the message carries MESSAGE-INTEGRITY. */
  readonly key: Uint8Array | undefined;
  readonly fingerprint: boolean;
  readonly bytes: Uint8Array;
}

/** A random well-formed message, no attribute twice: from its seed, always the same. */
export function randomMessage(random: Random): MadeMessage {
  const messageClass = pick(random, ['request', 'indication', 'success', 'error'] as const);
  const method = pick(random, Object.values(Method));
  const transactionId = random.bytes(12);
  const builder = new MessageBuilder(messageClass, method, transactionId);
  const attributes: MadeAttribute[] = [];
  const makers = shuffle(random, MAKERS).slice(0, randomInteger(random, 9));
  for (const make of makers) {
    const { codec, value } = make(random);
    builder.add(codec, value);
    attributes.push({ codec, type: codec.type, value });
  }
  if (randomInteger(random, 3) === 0) {
    const type = 0x7000 + randomInteger(random, 0xfff) + pick(random, [0, 0x8000]);
    const value = random.bytes(randomInteger(random, 21));
    builder.addRaw(type, value);
    attributes.push({ codec: undefined, type, value });
  }
  const key = randomInteger(random, 2) === 0 ? random.bytes(1 + randomInteger(random, 70)) : undefined;
  if (key !== undefined) builder.integrity(key, nodeHashes);
  const fingerprint = randomInteger(random, 2) === 0;
  if (fingerprint) builder.fingerprint();
  return {
    class: messageClass,
    method,
    type: messageType(messageClass, method),
    transactionId,
    attributes,
    key,
    fingerprint,
    bytes: builder.build(),
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const item = from[randomInteger(random, from.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function shuffle<T>(random: Random, from: readonly T[]): T[] {
  const items = [...from];
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomInteger(random, i + 1);
    const [a, b] = [items[i], items[j]];
    if (a !== undefined && b !== undefined) [items[i], items[j]] = [b, a];
  }
  return items;
}

type Maker = (random: Random) => { readonly codec: AttributeCodec<unknown>; readonly value: unknown };

function maker<T>(codec: AttributeCodec<T>, value: (random: Random) => T): Maker {
  return (random) => ({ codec: codec as AttributeCodec<unknown>, value: value(random) });
}

const bytesUpTo = (length: number) => (random: Random) => random.bytes(randomInteger(random, length + 1));
const bytesOf = (length: number) => (random: Random) => random.bytes(length);
const below = (bound: number) => (random: Random) => randomInteger(random, bound);
const uint32 = (random: Random) => randomInteger(random, 0x1_0000_0000);
const flag = (): true => true;

function address(random: Random): SocketAddress {
  const family = pick(random, [4, 6] as const);
  const bytes = random.bytes(family === 4 ? 4 : 16);
  // Runs of zeros are where IPv6 text goes wrong.
  if (family === 6) bytes.fill(0, 2 * randomInteger(random, 5), 2 * randomInteger(random, 9));
  return { family, address: bytesToAddress(bytes), port: randomInteger(random, 0x10000) };
}

/** Text of one to four bytes a character; at most `length` characters. */
function text(length: number) {
  return (random: Random): string => {
    let out = '';
    for (let n = randomInteger(random, length + 1); n > 0; n--) {
      const bound = pick(random, [0x7f, 0x7f, 0x7ff, 0xd7ff, 0x10ffff]);
      const point = 0x20 + randomInteger(random, bound - 0x20);
      out += String.fromCodePoint(point >= 0xd800 && point < 0xe000 ? 0x2603 : point);
    }
    return out;
  };
}

const MAKERS: readonly Maker[] = [
  maker(Attributes.MappedAddress, address),
  maker(Attributes.XorMappedAddress, address),
  maker(Attributes.XorPeerAddress, address),
  maker(Attributes.XorRelayedAddress, address),
  maker(Attributes.AlternateServer, address),
  maker(Attributes.ResponseOrigin, address),
  maker(Attributes.OtherAddress, address),
  maker(Attributes.Username, text(60)),
  maker(Attributes.Realm, text(60)),
  maker(Attributes.Nonce, text(60)),
  maker(Attributes.Software, text(60)),
  maker(Attributes.AlternateDomain, text(20)),
  maker(Attributes.Userhash, bytesOf(32)),
  maker(Attributes.ErrorCodeAttribute, (random) => ({
    code: 300 + randomInteger(random, 400),
    reason: text(30)(random),
  })),
  maker(Attributes.UnknownAttributes, (random) =>
    Array.from({ length: randomInteger(random, 6) }, () => below(0x10000)(random)),
  ),
  maker(Attributes.ChannelNumber, below(0x10000)),
  maker(Attributes.Lifetime, uint32),
  maker(Attributes.Data, bytesUpTo(1200)),
  maker(Attributes.RequestedTransport, below(256)),
  maker(Attributes.RequestedAddressFamily, (random) => pick(random, [4, 6] as const)),
  maker(Attributes.EvenPort, (random) => pick(random, [true, false])),
  maker(Attributes.DontFragment, flag),
  maker(Attributes.ReservationToken, bytesOf(8)),
  maker(Attributes.Priority, uint32),
  maker(Attributes.UseCandidate, flag),
  maker(Attributes.IceControlled, bytesOf(8)),
  maker(Attributes.IceControlling, bytesOf(8)),
  maker(Attributes.ChangeRequest, (random) => ({
    changeIp: pick(random, [true, false]),
    changePort: pick(random, [true, false]),
  })),
  maker(Attributes.PasswordAlgorithms, (random) =>
    Array.from({ length: randomInteger(random, 4) }, () => ({
      algorithm: randomInteger(random, 4),
      parameters: bytesUpTo(9)(random),
    })),
  ),
  maker(Attributes.Icmp, (random) => ({ type: below(256)(random), code: below(256)(random), data: uint32(random) })),
];
