import type { SocketAddress } from '../../address.ts';
import { checkFingerprint } from '../../stun/fingerprint.ts';
import { decodeMessage, type StunMessage } from '../../stun/message.ts';
import { Method, methodName } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { FiveTuple } from './allocation.ts';
import type { ClientRequests } from './client-requests.ts';
import type { ServerContext } from './context.ts';
import type { DataPath } from './data-path.ts';
import type { IgnoredReason } from './io.ts';

/** Tells whole messages apart: data goes its way, requests are handled, the rest is told and forgotten. */
export class ClientMessages {
  readonly #context: ServerContext;
  readonly #requests: ClientRequests;
  readonly #data: DataPath;

  constructor(context: ServerContext, requests: ClientRequests, data: DataPath) {
    this.#context = context;
    this.#requests = requests;
    this.#data = data;
  }

  /** One datagram, or one frame of a stream. */
  handle(tuple: FiveTuple, bytes: Uint8Array, now: Instant): void {
    const first = bytes[0] ?? 0xff;
    if (first >= 0x40 && first <= 0x7f) {
      this.#data.fromClient(tuple, bytes, now);
      return;
    }
    const message = decodeMessage(bytes);
    if (!message.ok) {
      const { code } = message.error;
      const reason = code === 'not-stun' || code === 'bad-cookie' ? 'not-stun' : 'malformed';
      this.#ignore(tuple.client, reason, message.error.message, bytes.length);
    } else if (checkFingerprint(message.value) === 'invalid') {
      // RFC 8489 6.3: then it is some other protocol's that looks like STUN.
      this.#ignore(tuple.client, 'bad-fingerprint', 'FINGERPRINT does not match', bytes.length);
    } else if (message.value.class === 'request') this.#requests.handle(tuple, message.value, now);
    else if (message.value.class === 'indication') this.#indication(tuple, message.value, now);
    else this.#ignore(tuple.client, 'unexpected-class', `a ${message.value.class} response to a server`, bytes.length);
  }

  #indication(tuple: FiveTuple, message: StunMessage, now: Instant): void {
    if (message.method === Method.Send) this.#data.fromClient(tuple, message.bytes, now);
    // A Binding indication keeps a NAT's mapping alive and asks for nothing (RFC 8489 3).
    else if (message.method !== Method.Binding) {
      const detail = `${methodName(message.method)} indication`;
      this.#ignore(tuple.client, 'unknown-method', detail, message.bytes.length);
    }
  }

  #ignore(from: SocketAddress, reason: IgnoredReason, detail: string, length: number): void {
    this.#context.queue.event({ type: 'ignored', from, reason, detail, length });
  }
}
