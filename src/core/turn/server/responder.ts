import type { Hashes } from '../../hashes.ts';
import {
  AlternateServer,
  ErrorCodeAttribute,
  Nonce,
  PasswordAlgorithms,
  Realm,
  Software,
  UnknownAttributes,
} from '../../stun/attributes.ts';
import { MessageBuilder } from '../../stun/encode.ts';
import type { StunMessage } from '../../stun/message.ts';
import { AttributeType } from '../../stun/registry.ts';
import { type Authenticated, OFFERED_ALGORITHMS } from './authentication.ts';
import type { Refusal } from './refusal.ts';

/** Builds answers: what is the same in all of them. */
export class Responder {
  readonly #realm: string;
  readonly #software: string | undefined;
  readonly #hashes: Hashes;

  constructor(realm: string, software: string | undefined, hashes: Hashes) {
    this.#realm = realm;
    this.#software = software;
    this.#hashes = hashes;
  }

  success(request: StunMessage, who: Authenticated | undefined, add: (builder: MessageBuilder) => void): Uint8Array {
    const builder = new MessageBuilder('success', request.method, request.transactionId);
    add(builder);
    return this.#finish(builder, request, who);
  }

  /** `nonce`: for the challenge in a 401 or 438. */
  error(request: StunMessage, who: Authenticated | undefined, refusal: Refusal, nonce: string): Uint8Array {
    const builder = new MessageBuilder('error', request.method, request.transactionId);
    builder.add(ErrorCodeAttribute, { code: refusal.code, reason: refusal.reason });
    builder.addOptional(UnknownAttributes, refusal.unknown);
    builder.addOptional(AlternateServer, refusal.alternate);
    if (refusal.challenge === true) {
      builder.add(Realm, this.#realm).add(Nonce, nonce).add(PasswordAlgorithms, OFFERED_ALGORITHMS);
    }
    return this.#finish(builder, request, who);
  }

  #finish(builder: MessageBuilder, request: StunMessage, who: Authenticated | undefined): Uint8Array {
    builder.addOptional(Software, this.#software);
    if (who?.sha256 === true) builder.integritySha256(who.key, this.#hashes);
    else if (who !== undefined) builder.integrity(who.key, this.#hashes);
    // RFC 8489 7: over UDP and TCP alike the attribute is sent to whoever sends it.
    if (request.find(AttributeType.Fingerprint) !== undefined) builder.fingerprint();
    return builder.build();
  }
}
