import { toHex } from '../../bytes.ts';
import type { Instant } from '../../time.ts';
import type { Relay } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Expiring } from './expiry-queue.ts';

/** The odd port beside an even one, kept for the client that shows the token (RFC 8656 7.2). */
export class Reservation implements Expiring {
  readonly kind = 'reservation';
  readonly token: string;
  readonly relay: Relay;
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(token: string, relay: Relay) {
    this.token = token;
    this.relay = relay;
  }
}

export class Reservations {
  readonly #context: ServerContext;
  readonly #byToken = new Map<string, Reservation>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** The token to hand out. */
  add(relay: Relay, now: Instant): Uint8Array {
    const token = this.#context.random.bytes(8);
    const reservation = new Reservation(toHex(token), relay);
    this.#byToken.set(reservation.token, reservation);
    this.#context.expiries.set(reservation, now + this.#context.lifetimes.reservation * 1000);
    return token;
  }

  /** The reserved relay, which is then the caller's. */
  take(token: Uint8Array): Relay | undefined {
    const reservation = this.#byToken.get(toHex(token));
    if (reservation === undefined) return undefined;
    this.#forget(reservation);
    return reservation.relay;
  }

  expire(reservation: Reservation): void {
    this.#forget(reservation);
    this.#context.binder.close(reservation.relay);
  }

  close(): void {
    for (const reservation of [...this.#byToken.values()]) this.expire(reservation);
  }

  #forget(reservation: Reservation): void {
    this.#byToken.delete(reservation.token);
    this.#context.expiries.remove(reservation);
  }
}
