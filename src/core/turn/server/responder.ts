import type { SocketAddress } from '../../address.ts';
import type { Hashes } from '../../hashes.ts';
import type { AttributeCodec } from '../../stun/attribute.ts';
import {
  AlternateServer,
  ErrorCodeAttribute,
  Lifetime,
  Nonce,
  PasswordAlgorithms,
  Realm,
  Software,
  UnknownAttributes,
  XorMappedAddress,
  XorRelayedAddress,
} from '../../stun/attributes.ts';
import { MessageBuilder } from '../../stun/encode.ts';
import type { MessageClass } from '../../stun/message.ts';
import { AttributeType } from '../../stun/registry.ts';
import { type Authenticated, OFFERED_ALGORITHMS } from './authentication.ts';
import type { Exchange } from './exchange.ts';
import type { AddressTweak, Tweaks } from './faults/plan.ts';
import type { AttributeSink } from './outcome.ts';
import type { Refusal } from './refusal.ts';

/** Builds answers: what is the same in all of them, and what a fault makes of it. */
export class Responder {
  readonly #realm: string;
  readonly #software: string | undefined;
  readonly #hashes: Hashes;

  constructor(realm: string, software: string | undefined, hashes: Hashes) {
    this.#realm = realm;
    this.#software = software;
    this.#hashes = hashes;
  }

  success(exchange: Exchange, who: Authenticated | undefined, add: (sink: AttributeSink) => void): Uint8Array {
    const builder = this.#begin('success', exchange);
    add(new TweakedSink(builder, exchange.tweaks));
    return this.#finish(builder, exchange, who);
  }

  /** `nonce`: for the challenge in a 401 or 438. */
  error(exchange: Exchange, who: Authenticated | undefined, refusal: Refusal, nonce: string): Uint8Array {
    const { tweaks } = exchange;
    const builder = this.#begin('error', exchange);
    builder.add(ErrorCodeAttribute, { code: refusal.code, reason: refusal.reason });
    builder.addOptional(UnknownAttributes, refusal.unknown);
    builder.addOptional(AlternateServer, refusal.alternate);
    if (refusal.challenge === true) {
      if (tweaks.realm !== 'none') builder.add(Realm, tweaks.realm === 'empty' ? '' : this.#realm);
      if (tweaks.nonce !== 'none') builder.add(Nonce, nonce).add(PasswordAlgorithms, OFFERED_ALGORITHMS);
    }
    // A challenge goes to strangers, who may have said to be somebody else: it holds what they need to go on, and no more.
    return this.#finish(builder, exchange, who, refusal.challenge !== true);
  }

  #begin(messageClass: MessageClass, { message, tweaks }: Exchange): MessageBuilder {
    const id = message.transactionId.slice();
    if (tweaks.transactionId === 'wrong') id[11] = (id[11] ?? 0) ^ 0xff;
    return new MessageBuilder(messageClass, message.method, id);
  }

  #finish(
    builder: MessageBuilder,
    { message, tweaks }: Exchange,
    who: Authenticated | undefined,
    withSoftware = true,
  ): Uint8Array {
    if (withSoftware) builder.addOptional(Software, this.#software);
    if (tweaks.unknownAttribute === true) builder.addRaw(UNASSIGNED, Uint8Array.of(1, 2, 3, 4));
    if (who !== undefined && tweaks.integrity !== 'none') {
      const key = tweaks.integrity === 'wrong' ? new Uint8Array(16) : who.key;
      if (who.sha256) builder.integritySha256(key, this.#hashes);
      else builder.integrity(key, this.#hashes);
    }
    // RFC 8489 7: sent to whoever sends it.
    const hasFingerprint = message.find(AttributeType.Fingerprint) !== undefined;
    if (hasFingerprint || tweaks.fingerprint === 'wrong') builder.fingerprint();
    const bytes = builder.build();
    if (tweaks.fingerprint === 'wrong') bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    return bytes;
  }
}

/** Below 0x8000, so to be understood, and registered for nothing. */
const UNASSIGNED = 0x7fed;

/** Puts other values in the place of the right ones. */
class TweakedSink implements AttributeSink {
  readonly #builder: MessageBuilder;
  readonly #tweaks: Tweaks;

  constructor(builder: MessageBuilder, tweaks: Tweaks) {
    this.#builder = builder;
    this.#tweaks = tweaks;
  }

  add<T>(codec: AttributeCodec<T>, value: T): this {
    const { mapped, relayed, lifetime } = this.#tweaks;
    const type = codec.type;
    if (type === XorMappedAddress.type && mapped === 'none') return this;
    if (type === XorMappedAddress.type && mapped !== undefined && mapped !== 'none') {
      this.#builder.add(XorMappedAddress, replaced(value as SocketAddress, mapped));
    } else if (type === XorRelayedAddress.type && relayed !== undefined) {
      this.#builder.add(XorRelayedAddress, replaced(value as SocketAddress, relayed));
    } else if (type === Lifetime.type && lifetime !== undefined) {
      this.#builder.add(Lifetime, lifetime);
    } else this.#builder.add(codec, value);
    return this;
  }

  addOptional<T>(codec: AttributeCodec<T>, value: T | undefined): this {
    return value === undefined ? this : this.add(codec, value);
  }
}

function replaced(right: SocketAddress, { address, port }: AddressTweak): SocketAddress {
  return { family: address.includes(':') ? 6 : 4, address, port: port ?? right.port };
}
