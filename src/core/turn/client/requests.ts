import type { SocketAddress } from '../../address.ts';
import { MessageBuilder } from '../../stun/encode.ts';
import type { Answered, Exchange, Failed, Refused } from '../../stun/exchange.ts';
import type { StunLink } from '../../stun/link.ts';
import type { ChallengeRefusal, LongTermSession } from '../../stun/long-term.ts';
import type { StunMessage } from '../../stun/message.ts';
import { ErrorCode } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';

export interface AuthenticatedSpec {
  readonly method: number;
  readonly timing: Timing;
  /** Take a success without regard to its integrity: from a server known to get that wrong. */
  readonly unverified?: boolean;
  /** Adds the attributes of the method. */
  add(builder: MessageBuilder): MessageBuilder;
  /** The server asks for credentials, or for a new nonce, and gets them. */
  challenged?(answer: Refused, session: LongTermSession, now: Instant): void;
  /** Called once. */
  ended(result: AuthenticatedResult, now: Instant): void;
  answeredLate?(message: StunMessage, now: Instant): void;
}

export type AuthenticatedResult = (Answered | Refused | Failed) & {
  /** Whether the last request carried integrity. */
  readonly authenticated: boolean;
  /** Nonces that the server called stale within this one request. */
  readonly staleNonces: number;
  /** Why a 401 or 438 was not answered by another request. */
  readonly refusal?: ChallengeRefusal;
};

/**
 * The requests of one client to one server, with its long-term credentials (RFC 8489 9.2): a 401 or 438 is answered by the
 * request again, with what it asks for, as long as that makes sense.
 */
export class AuthenticatedRequests {
  readonly server: SocketAddress;
  readonly #link: StunLink;
  #session: LongTermSession | undefined;
  #backedOff = false;

  /** `session`: how it begins; nonces belong to one server (RFC 8489 10). */
  constructor(link: StunLink, server: SocketAddress, session: LongTermSession | undefined) {
    this.#link = link;
    this.server = server;
    this.#session = session;
  }

  /** What the next request will be sent with. */
  get session(): LongTermSession | undefined {
    return this.#session;
  }

  /** Whether requests carry integrity by now. */
  get authenticated(): boolean {
    return this.#session?.challenged === true;
  }

  run(spec: AuthenticatedSpec, now: Instant): Exchange {
    let current: Exchange | undefined;
    let abandoned = false;
    let staleNonces = 0;
    const send = (at: Instant): void => {
      const session = this.#session;
      const authenticated = session?.challenged === true;
      // Assigned after the call: on a closed link `ended` comes first, and nobody is left to abandon.
      current = this.#link.request(
        {
          method: spec.method,
          to: this.server,
          timing: this.#backedOff ? backedOff(spec.timing) : spec.timing,
          build: (transactionId) => {
            const builder = spec.add(new MessageBuilder('request', spec.method, transactionId));
            return (session?.authenticate(builder) ?? builder).build();
          },
          ...(session === undefined || !authenticated || spec.unverified === true
            ? {}
            : { verify: (message: StunMessage) => session.verifyResponse(message) }),
          ended: (result, then) => {
            // RFC 6298 3 and 5.5 (Karn): an answer after several sends measures nothing, so the next request gets more
            // time. On a way slower than the RTO no round trip would ever be measured otherwise.
            this.#backedOff = result.outcome !== 'failed' && result.rttMs === null;
            if (result.outcome === 'success' && authenticated && this.#session === session) {
              this.#session = session.succeeded();
            }
            if (result.outcome !== 'error' || !isChallenge(result.error.code) || session === undefined) {
              spec.ended({ ...result, authenticated, staleNonces }, then);
              return;
            }
            if (result.error.code === ErrorCode.StaleNonce) staleNonces++;
            const next = session.challenge(result.message);
            // The session sees to it that this ends.
            if (!next.ok) {
              spec.ended({ ...result, authenticated, staleNonces, refusal: next.error }, then);
              return;
            }
            this.#session = next.value;
            spec.challenged?.(result, next.value, then);
            if (!abandoned) send(then);
          },
          ...(spec.answeredLate === undefined
            ? {}
            : { answeredLate: (message: StunMessage, then: Instant) => spec.answeredLate?.(message, then) }),
        },
        at,
      );
    };
    send(now);
    return {
      get requestsSent() {
        return current?.requestsSent ?? 0;
      },
      abandon: () => {
        abandoned = true;
        current?.abandon();
      },
    };
  }
}

function backedOff(timing: Timing): Timing {
  return { ...timing, rtoMs: 2 * timing.rtoMs };
}

function isChallenge(code: number): boolean {
  return code === ErrorCode.Unauthenticated || code === ErrorCode.StaleNonce;
}
