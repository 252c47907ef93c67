import type { WebSocket } from 'ws';
import {
  MAX_ROOM_TEXT,
  type RoomNotice,
  type RoomRequest,
  readRoomRequest,
} from '../../core/signaling/room-messages.ts';
import { ROOM_LIMITS, type RoomLimits, Rooms } from '../../core/signaling/rooms.ts';
import { systemRandom } from '../../net/random.ts';

export interface RoomServiceLimits extends RoomLimits {
  /** Connections at a time: over all, and from one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Milliseconds in which a new connection must open a room or join one. */
  readonly introductionMs: number;
  /** Mistakes that a connection may make before it is closed. */
  readonly mistakes: number;
}

export const ROOM_SERVICE_LIMITS: RoomServiceLimits = {
  ...ROOM_LIMITS,
  connections: 200,
  connectionsPerAddress: 20,
  introductionMs: 10_000,
  mistakes: 5,
};

/** The longest text that is read from a connection. */
export const ROOM_PAYLOAD = MAX_ROOM_TEXT;

const TICK_MS = 5000;
/** Who does not read what it is told is cut off: it would fill our memory. */
const MOST_BUFFERED_BYTES = 512 * 1024;

interface Guest {
  readonly socket: WebSocket;
  readonly address: string;
  readonly since: number;
  room: { readonly code: string; readonly id: string } | undefined;
  mistakes: number;
  isAlive: boolean;
}

/** Carries messages between two that meet in a room; holds nothing but who they are. */
export class RoomService {
  readonly #limits: RoomServiceLimits;
  readonly #rooms: Rooms;
  readonly #guests = new Set<Guest>();
  readonly #byId = new Map<string, Guest>();
  readonly #timer: NodeJS.Timeout;

  constructor(limits: Partial<RoomServiceLimits> = {}) {
    this.#limits = { ...ROOM_SERVICE_LIMITS, ...limits };
    this.#rooms = new Rooms(systemRandom(), this.#limits);
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, this.#limits.introductionMs / 2)).unref();
  }

  /** Rooms and connections at this moment. */
  get size(): { readonly rooms: number; readonly connections: number } {
    return { rooms: this.#rooms.size, connections: this.#guests.size };
  }

  /** Whether one more connection from there is taken. */
  hasRoomFor(address: string): boolean {
    if (this.#guests.size >= this.#limits.connections) return false;
    const own = [...this.#guests].filter((guest) => guest.address === address);
    return own.length < this.#limits.connectionsPerAddress;
  }

  accept(socket: WebSocket, address: string): void {
    const guest: Guest = {
      socket,
      address,
      since: performance.now(),
      room: undefined,
      mistakes: 0,
      isAlive: true,
    };
    this.#guests.add(guest);
    socket.on('message', (data, isBinary) => this.#onText(guest, isBinary ? '' : String(data)));
    socket.on('pong', () => {
      guest.isAlive = true;
    });
    // Of a message beyond the limit, among others; the end follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose(guest));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const guest of this.#guests) {
      this.#tell(guest, { type: 'over', reason: 'server-closed' });
      guest.socket.terminate();
    }
  }

  #onText(guest: Guest, text: string): void {
    const request = readRoomRequest(text);
    if (request.ok) this.#handle(guest, request.value);
    else this.#refuse(guest, request.error);
  }

  #handle(guest: Guest, request: RoomRequest): void {
    switch (request.type) {
      case 'open':
      case 'join':
        if (guest.room === undefined) this.#enter(guest, request);
        else this.#refuse(guest, { code: 'room-full', message: 'you are in a room already' });
        break;
      case 'message':
        this.#relay(guest, request);
        break;
    }
  }

  #enter(guest: Guest, request: Extract<RoomRequest, { readonly type: 'open' | 'join' }>): void {
    const now = performance.now();
    if (request.type === 'open') {
      const opened = this.#rooms.open(now);
      if (!opened.ok) {
        this.#refuse(guest, opened.error);
        return;
      }
      this.#seat(guest, opened.value);
      this.#tell(guest, { type: 'opened', ...opened.value, expiresInMs: this.#limits.lifetimeMs });
      return;
    }
    const joined = this.#rooms.join(request.code, now);
    if (!joined.ok) {
      this.#refuse(guest, joined.error);
      return;
    }
    const { code, id, peer } = joined.value;
    this.#seat(guest, { code, id });
    this.#tell(guest, { type: 'joined', code, id, peer });
    this.#tell(this.#byId.get(peer), { type: 'peer-joined', peer: id });
  }

  #seat(guest: Guest, room: { readonly code: string; readonly id: string }): void {
    guest.room = room;
    this.#byId.set(room.id, guest);
  }

  #relay(guest: Guest, { to, message }: Extract<RoomRequest, { readonly type: 'message' }>): void {
    if (guest.room === undefined) {
      this.#refuse(guest, { code: 'no-room', message: 'open a room or join one first' });
      return;
    }
    const { code, id } = guest.room;
    // As it is sent on: what was left out when it was read counts for nobody.
    const bytes = Buffer.byteLength(JSON.stringify(message));
    const allowed = this.#rooms.relay(code, id, bytes, performance.now());
    if (!allowed.ok) this.#refuse(guest, allowed.error);
    else if (allowed.value.to !== to) this.#refuse(guest, { code: 'alone', message: `no ${to} is in your room` });
    else this.#tell(this.#byId.get(to), { type: 'message', from: id, message });
  }

  #refuse(guest: Guest, { code, message }: Omit<Extract<RoomNotice, { readonly type: 'error' }>, 'type'>): void {
    this.#tell(guest, { type: 'error', code, message });
    if (++guest.mistakes >= this.#limits.mistakes) guest.socket.close(1008, 'too many mistakes');
  }

  #onClose(guest: Guest): void {
    this.#guests.delete(guest);
    if (guest.room === undefined) return;
    this.#byId.delete(guest.room.id);
    for (const id of this.#rooms.leave(guest.room.code, guest.room.id)) this.#end(id, 'peer-left');
  }

  #end(id: string, reason: Extract<RoomNotice, { readonly type: 'over' }>['reason']): void {
    const guest = this.#byId.get(id);
    this.#byId.delete(id);
    if (guest === undefined) return;
    guest.room = undefined;
    this.#tell(guest, { type: 'over', reason });
    guest.socket.close(1000, reason);
  }

  #tick(): void {
    const now = performance.now();
    for (const id of this.#rooms.expire(now)) this.#end(id, 'expired');
    for (const guest of this.#guests) {
      const isStranger = guest.room === undefined && now - guest.since > this.#limits.introductionMs;
      // Silence since the last tick: the other end is gone without a word.
      if (isStranger || !guest.isAlive) guest.socket.terminate();
      guest.isAlive = false;
      if (guest.socket.readyState === guest.socket.OPEN) guest.socket.ping();
    }
  }

  #tell(guest: Guest | undefined, notice: RoomNotice): void {
    if (guest === undefined || guest.socket.readyState !== guest.socket.OPEN) return;
    if (guest.socket.bufferedAmount > MOST_BUFFERED_BYTES) guest.socket.terminate();
    else guest.socket.send(JSON.stringify(notice));
  }
}
