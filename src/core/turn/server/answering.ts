import { methodName } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { Authenticated } from './authentication.ts';
import type { ServerContext } from './context.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Exchange } from './exchange.ts';
import type { Tweaks } from './faults/plan.ts';
import type { ClientLeg } from './outbound.ts';
import type { AttributeSink, Outcome } from './outcome.ts';
import type { Refusal } from './refusal.ts';

/** Sends answers, and tells of refusals. */
export class Answering {
  readonly #context: ServerContext;
  readonly #leg: ClientLeg;
  readonly #elsewhere: Elsewhere;

  constructor(context: ServerContext, leg: ClientLeg, elsewhere: Elsewhere) {
    this.#context = context;
    this.#leg = leg;
    this.#elsewhere = elsewhere;
  }

  /** The answer that was sent, if it was a success. */
  conclude(exchange: Exchange, who: Authenticated | undefined, outcome: Outcome, now: Instant): Uint8Array | undefined {
    if (outcome === undefined) {
      const { tuple, message } = exchange;
      const detail = methodName(message.method);
      const { length } = message.bytes;
      this.#context.queue.event({ type: 'ignored', from: tuple.client, reason: 'retransmission', detail, length });
      return undefined;
    }
    if (outcome.ok) return this.succeed(exchange, who, outcome.value, now);
    this.refuse(exchange, who, outcome.error, now);
    return undefined;
  }

  succeed(
    exchange: Exchange,
    who: Authenticated | undefined,
    add: (sink: AttributeSink) => void,
    now: Instant,
  ): Uint8Array {
    const response = this.#context.responder.success(exchange, who, add);
    this.send(exchange, response, now);
    return response;
  }

  refuse(exchange: Exchange, who: Authenticated | undefined, why: Refusal, now: Instant): void {
    const { tuple, message } = exchange;
    const nonce = this.#context.nonces.issue(tuple.client.address, this.#context.unixNow(now));
    this.#context.queue.event({
      type: 'rejected',
      client: tuple.client,
      transport: tuple.protocol,
      method: methodName(message.method),
      code: why.code,
      reason: why.why,
      challenge: why.isFirst === true,
    });
    this.send(exchange, this.#context.responder.error(exchange, who, why, nonce), now);
  }

  /** A complete answer. */
  send({ tuple, tweaks }: Exchange, response: Uint8Array, now: Instant): void {
    const isStream = tuple.protocol !== 'udp';
    const bytes = this.#spoilt(response, tweaks.bytes);
    const from = tweaks.from === undefined || isStream ? undefined : this.#elsewhere.find(tuple.local, tweaks.from);
    for (let times = tweaks.twice === true ? 2 : 1; times > 0; times--) {
      this.#leg.send(from ?? tuple.transport, tuple.client, bytes, now, isStream, tweaks.delayMs);
    }
  }

  #spoilt(bytes: Uint8Array, how: Tweaks['bytes']): Uint8Array {
    switch (how) {
      case undefined:
        return bytes;
      case 'garbage': {
        const garbage = this.#context.faults.random.bytes(bytes.length);
        // No protocol that shares a port with STUN begins with such a byte (RFC 7983).
        garbage[0] = 0xc5;
        return garbage;
      }
      case 'http':
        return HTTP_ANSWER;
      case 'truncated':
        return bytes.subarray(0, bytes.length >> 1);
      case 'malformed': {
        const spoilt = bytes.slice();
        // The first attribute's length, past the end of the message.
        spoilt[22] = 0xff;
        return spoilt;
      }
    }
  }
}

const HTTP_ANSWER = Uint8Array.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', (c) => c.charCodeAt(0));
