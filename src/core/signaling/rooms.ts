import { type Random, randomInteger } from '../random.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Instant } from '../time.ts';
import { MAX_MESSAGE_BYTES } from './message.ts';

export interface RoomLimits {
  /** Rooms at a time, over all clients. */
  readonly rooms: number;
  /** Milliseconds that a room lives in all; a call in it does not need the room any more. */
  readonly lifetimeMs: number;
  /** Messages that a client may send in a second, on the average, and at once. */
  readonly messagesPerSecond: number;
  readonly burst: number;
  /** Bytes that a client may send in a room's life. */
  readonly bytes: number;
  /** Wrong codes that all clients together may try in a minute: with 2^30 codes nobody finds a room by guessing. */
  readonly wrongCodesPerMinute: number;
}

export const ROOM_LIMITS: RoomLimits = {
  rooms: 100,
  lifetimeMs: 10 * 60_000,
  messagesPerSecond: 50,
  burst: 200,
  bytes: 2 * 1024 * 1024,
  wrongCodesPerMinute: 30,
};

export type RoomErrorCode =
  | 'wrong-code'
  | 'room-full'
  | 'too-many-rooms'
  | 'too-fast'
  | 'too-large'
  | 'expired'
  | 'alone';

export interface RoomError {
  readonly code: RoomErrorCode;
  readonly message: string;
}

interface Member {
  readonly id: string;
  tokens: number;
  refilledAt: Instant;
  bytes: number;
}

interface Room {
  readonly code: string;
  readonly createdAt: Instant;
  readonly members: Member[];
}

/**
 * Rooms of two, each named by a short code: who may speak to whom, how much and how long. Holds no sockets and no
 * messages: whoever has them asks here first.
 */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #random: Random;
  readonly #limits: RoomLimits;
  #wrongCodes: Instant[] = [];
  #nextId = 1;

  constructor(random: Random, limits: RoomLimits = ROOM_LIMITS) {
    this.#random = random;
    this.#limits = limits;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** Opens a room with its first member. */
  open(now: Instant): Result<{ readonly code: string; readonly id: string }, RoomError> {
    this.expire(now);
    if (this.#rooms.size >= this.#limits.rooms)
      return refuse('too-many-rooms', 'no more rooms can be opened now; try again later');
    const code = this.#newCode();
    const member = this.#newMember(now);
    this.#rooms.set(code, { code, createdAt: now, members: [member] });
    return ok({ code, id: member.id });
  }

  /** The second member; `peer` is the one who waits. */
  join(
    code: string,
    now: Instant,
  ): Result<{ readonly code: string; readonly id: string; readonly peer: string }, RoomError> {
    this.expire(now);
    this.#wrongCodes = this.#wrongCodes.filter((at) => now - at < 60_000);
    if (this.#wrongCodes.length >= this.#limits.wrongCodesPerMinute) {
      return refuse('too-fast', 'too many wrong codes were tried; wait a minute');
    }
    const room = this.#rooms.get(normaliseCode(code));
    const [first] = room?.members ?? [];
    if (room === undefined || first === undefined) {
      this.#wrongCodes.push(now);
      return refuse('wrong-code', 'no room has that code: it may be mistyped, over, or on another server');
    }
    if (room.members.length >= 2) return refuse('room-full', 'two are in that room already');
    const member = this.#newMember(now);
    room.members.push(member);
    return ok({ code: room.code, id: member.id, peer: first.id });
  }

  /** May this member send so many bytes now, and to whom do they go? */
  relay(code: string, id: string, bytes: number, now: Instant): Result<{ readonly to: string }, RoomError> {
    const room = this.#rooms.get(code);
    const member = room?.members.find((candidate) => candidate.id === id);
    if (room === undefined || member === undefined || this.#isOver(room, now)) {
      return refuse('expired', 'the room is over');
    }
    if (bytes > MAX_MESSAGE_BYTES || member.bytes + bytes > this.#limits.bytes) {
      return refuse(
        'too-large',
        `at most ${MAX_MESSAGE_BYTES} bytes a message and ${this.#limits.bytes} in all are taken`,
      );
    }
    if (!this.#takeToken(member, now))
      return refuse('too-fast', `more than ${this.#limits.messagesPerSecond} messages a second`);
    const peer = room.members.find((candidate) => candidate.id !== id);
    if (peer === undefined) return refuse('alone', 'nobody else is in the room');
    member.bytes += bytes;
    return ok({ to: peer.id });
  }

  /** Takes a member out; the room ends with either of them. Returns who else was there. */
  leave(code: string, id: string): readonly string[] {
    const room = this.#rooms.get(code);
    if (room === undefined || !room.members.some((member) => member.id === id)) return [];
    this.#rooms.delete(code);
    return room.members.filter((member) => member.id !== id).map((member) => member.id);
  }

  /** Ends the rooms whose time is over; the ids of those who were in them. */
  expire(now: Instant): readonly string[] {
    const gone: string[] = [];
    for (const room of this.#rooms.values()) {
      if (!this.#isOver(room, now)) continue;
      this.#rooms.delete(room.code);
      gone.push(...room.members.map((member) => member.id));
    }
    return gone;
  }

  #isOver(room: Room, now: Instant): boolean {
    return now - room.createdAt >= this.#limits.lifetimeMs;
  }

  #takeToken(member: Member, now: Instant): boolean {
    const { burst, messagesPerSecond } = this.#limits;
    member.tokens = Math.min(burst, member.tokens + ((now - member.refilledAt) / 1000) * messagesPerSecond);
    member.refilledAt = now;
    if (member.tokens < 1) return false;
    member.tokens--;
    return true;
  }

  #newMember(now: Instant): Member {
    return { id: `client-${this.#nextId++}`, tokens: this.#limits.burst, refilledAt: now, bytes: 0 };
  }

  #newCode(): string {
    for (;;) {
      let code = '';
      for (let i = 0; i < 6; i++) code += ALPHABET[randomInteger(this.#random, ALPHABET.length)] ?? '';
      if (!this.#rooms.has(code)) return code;
    }
  }
}

/** Without the letters and digits that are taken for each other when read aloud or from a screen. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

/** `abc-def` and `ABC DEF` are the code `ABCDEF`. */
export function normaliseCode(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, '');
}

/**
 * `ws://127.0.0.1:4321/ABC-DEF`, with the certificate's fingerprint where one was made for it: all that a person has to copy.
 * `base`: the address of a server of rooms.
 */
export function formatRoom(base: string, code: string): string {
  return base.replace(/^([^/]*\/\/[^/?#]*)[^?#]*/, `$1/${code.slice(0, 3)}-${code.slice(3)}`);
}

function refuse(code: RoomErrorCode, message: string): Result<never, RoomError> {
  return fail({ code, message });
}
