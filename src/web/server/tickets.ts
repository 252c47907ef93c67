import { randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a ticket waits to be used. */
const TICKET_LIFETIME_MS = 10 * 60_000;
const MOST_SESSIONS = 50;

/**
 * Who may see the page. A ticket stands in a URL, which gets into histories and logs: it opens the page once. What it is
 * exchanged for, a session, travels as a cookie that scripts cannot read and other sites cannot make a browser send.
 */
export class Tickets {
  readonly #tickets = new Map<string, number>();
  readonly #sessions: Buffer[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    const ticket = randomText();
    this.#tickets.set(ticket, this.#now() + TICKET_LIFETIME_MS);
    return ticket;
  }

  /** A new session for a good ticket, which is spent with that. */
  redeem(ticket: string): string | undefined {
    const until = this.#tickets.get(ticket);
    if (until === undefined) return undefined;
    this.#tickets.delete(ticket);
    if (until < this.#now()) return undefined;
    const session = randomText();
    this.#sessions.push(Buffer.from(session));
    if (this.#sessions.length > MOST_SESSIONS) this.#sessions.shift();
    return session;
  }

  knows(session: string): boolean {
    const given = Buffer.from(session);
    return this.#sessions.some((known) => known.length === given.length && timingSafeEqual(known, given));
  }
}

/** 192 bits: nobody guesses one, however often they try. */
export function randomText(): string {
  return randomBytes(24).toString('base64url');
}
