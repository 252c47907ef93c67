import type { Family } from '../../address.ts';
import { sameBytes } from '../../bytes.ts';
import { fail, ok } from '../../result.ts';
import {
  type AddressError,
  AddressErrorCode,
  Lifetime,
  ReservationToken,
  XorMappedAddress,
  XorRelayedAddress,
} from '../../stun/attributes.ts';
import type { StunMessage } from '../../stun/message.ts';
import { ERROR_REASONS } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { Allocation, Owner, Relay } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Outcome } from './outcome.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { BindOutcome } from './relay-binder.ts';
import { type AllocateRequest, parseAllocate } from './requests.ts';
import type { Reservations } from './reservations.ts';
import { grantedLifetime } from './settings.ts';

/** Called once with the outcome, and the allocation if there is one. */
type Answer = (outcome: Outcome, now: Instant, allocation?: Allocation) => void;

/** RFC 8656 7: how allocations come to be. */
export class Allocating {
  readonly #context: ServerContext;
  readonly #lifecycle: Lifecycle;
  readonly #reservations: Reservations;

  constructor(context: ServerContext, lifecycle: Lifecycle, reservations: Reservations) {
    this.#context = context;
    this.#lifecycle = lifecycle;
    this.#reservations = reservations;
  }

  /** RFC 8656 7.2. Sockets have to be opened first, so the outcome comes by `answer`, now or later. */
  allocate({ tuple, message }: Exchange, owner: Owner, now: Instant, answer: Answer): void {
    const request = parseAllocate(message, tuple.protocol, this.#context.settings.tcpRelaying);
    if (!request.ok) {
      answer(request, now);
      return;
    }
    const refused = this.#refused(request.value, owner);
    if (refused !== undefined) {
      answer(fail(refused), now);
      return;
    }
    const { reservationToken } = request.value;
    const reserved = reservationToken === undefined ? undefined : this.#reservations.take(reservationToken);
    if (reservationToken !== undefined && reserved === undefined) {
      answer(fail(refusal(508, 'no such reservation')), now);
      return;
    }
    const allocation = this.#lifecycle.begin(tuple, owner, message.transactionId, now);
    if (reserved === undefined) this.#bind(allocation, request.value, now, answer);
    else this.#complete(allocation, request.value, [{ ok: true, relay: reserved, reserved: undefined }], now, answer);
  }

  /** RFC 8656 7.2: an Allocate on a 5-tuple that has one. */
  allocateAgain(allocation: Allocation, message: StunMessage): Outcome | Uint8Array {
    const isRetransmission =
      allocation.transactionId !== undefined && sameBytes(allocation.transactionId, message.transactionId);
    if (isRetransmission) return allocation.response;
    return fail(refusal(437, 'this 5-tuple has an allocation already'));
  }

  /** What speaks against it before any socket is opened (RFC 8656 7.2, steps 8 to 11). */
  #refused(request: AllocateRequest, owner: Owner): Refusal | undefined {
    const { settings, allocations, binder } = this.#context;
    const { quotas } = settings;
    const alternateServer = this.#context.faults.plan.redirect ?? settings.alternateServer;
    if (alternateServer !== undefined) return refusal(300, 'redirected', { alternate: alternateServer });
    if (!request.families.some((family) => binder.serves(family))) {
      return refusal(440, `no relayed addresses of IPv${request.families.join(' or IPv')}`);
    }
    if (allocations.countOf(owner.username) >= quotas.allocationsPerUser) {
      return refusal(486, `${quotas.allocationsPerUser} allocations of one user are the limit`);
    }
    if (allocations.size >= quotas.allocations) return refusal(508, `${quotas.allocations} allocations are the limit`);
    return undefined;
  }

  #bind(allocation: Allocation, request: AllocateRequest, now: Instant, answer: Answer): void {
    const outcomes: BindOutcome[] = [];
    let open = request.families.length;
    request.families.forEach((family, i) => {
      const wish = { protocol: request.protocol, family, port: i === 0 ? request.evenPort : 'any' } as const;
      this.#context.binder.bind(wish, now, (outcome, later) => {
        outcomes[i] = outcome;
        open--;
        if (open === 0) this.#complete(allocation, request, outcomes, later, answer);
      });
    });
  }

  #complete(
    allocation: Allocation,
    request: AllocateRequest,
    outcomes: readonly BindOutcome[],
    now: Instant,
    answer: Answer,
  ): void {
    const { binder } = this.#context;
    const relays: Relay[] = [];
    const errors: AddressError[] = [];
    let reserved: Relay | undefined;
    outcomes.forEach((outcome, i) => {
      const family: Family = request.families[i] ?? 4;
      if (outcome.ok) {
        relays.push(outcome.relay);
        reserved ??= outcome.reserved;
      } else {
        const code = outcome.why === 'no-port' ? 508 : 440;
        errors.push({ family, code, reason: ERROR_REASONS[code] ?? '' });
      }
    });
    if (allocation.state === 'ended') {
      // The client's connection went while the sockets were being opened.
      for (const relay of reserved === undefined ? relays : [...relays, reserved]) binder.close(relay);
      return;
    }
    if (relays.length === 0) {
      this.#lifecycle.end(allocation, 'relay-lost', now);
      // An address that the system refuses is the server's fault, whatever its family.
      const why = outcomes.map((outcome) => (outcome.ok ? '' : outcome.why)).join(', ');
      answer(fail(refusal(508, `no relayed transport address: ${why}`)), now);
      return;
    }
    const lifetime = grantedLifetime(this.#context.lifetimes, request.lifetime);
    const token = reserved === undefined ? undefined : this.#reservations.add(reserved, now);
    this.#lifecycle.complete(allocation, relays, lifetime, now);
    answer(
      ok((builder) => {
        for (const relay of relays) builder.add(XorRelayedAddress, relay.advertised);
        for (const error of errors) builder.add(AddressErrorCode, error);
        builder.add(Lifetime, lifetime).addOptional(ReservationToken, token);
        builder.add(XorMappedAddress, allocation.fiveTuple.client);
      }),
      now,
      allocation,
    );
  }
}
