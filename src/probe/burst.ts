import type { Random } from '../core/random.ts';

const HEADER = 16;
/** `iceprobe` in a payload tells our packets from any stranger's, and a stranger what it is that arrives. */
const MARK = Uint8Array.from('iceprobe', (letter) => letter.charCodeAt(0));

/**
 * Numbered packets of one burst. A payload: 8 bytes of mark, 4 of the burst's tag, 4 of the number, the rest filled with
 * bytes that depend on their place, so that a truncated or mixed-up packet shows.
 */
export class Burst {
  readonly count: number;
  readonly size: number;
  readonly sentAt: number[] = [];
  readonly #tag: Uint8Array;
  readonly #arrivedAt = new Map<number, number>();
  #highest = -1;
  duplicates = 0;
  reordered = 0;

  constructor(count: number, size: number, random: Random) {
    this.count = count;
    this.size = Math.max(HEADER, size);
    this.#tag = random.bytes(4);
  }

  get received(): number {
    return this.#arrivedAt.size;
  }

  /** How many arrived before the first that did not. */
  get leading(): number {
    return leadingOf(this.#arrivedAt, this.count);
  }

  get complete(): boolean {
    return this.received >= this.count;
  }

  packet(number: number, now: number): Uint8Array {
    this.sentAt[number] = now;
    const bytes = new Uint8Array(this.size);
    bytes.set(MARK, 0);
    bytes.set(this.#tag, 8);
    new DataView(bytes.buffer).setUint32(12, number);
    for (let i = HEADER; i < bytes.length; i++) bytes[i] = (i * 31 + number) & 0xff;
    return bytes;
  }

  /** The number of a packet of this burst; undefined for any other bytes, a truncated packet too. */
  numberOf(bytes: Uint8Array): number | undefined {
    if (bytes.length !== this.size) return undefined;
    for (let i = 0; i < 8; i++) if (bytes[i] !== MARK[i]) return undefined;
    for (let i = 0; i < 4; i++) if (bytes[8 + i] !== this.#tag[i]) return undefined;
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(12);
    return number < this.count ? number : undefined;
  }

  arrived(number: number, now: number): void {
    if (this.#arrivedAt.has(number)) {
      this.duplicates++;
      return;
    }
    if (number < this.#highest) this.reordered++;
    this.#highest = Math.max(this.#highest, number);
    this.#arrivedAt.set(number, now);
  }

  /** Milliseconds from send to arrival, in the order of the numbers: a round trip where the packets come back. */
  get delaysMs(): number[] {
    const delays: number[] = [];
    for (let i = 0; i < this.count; i++) {
      const sent = this.sentAt[i];
      const arrived = this.#arrivedAt.get(i);
      if (sent !== undefined && arrived !== undefined) delays.push(Math.round((arrived - sent) * 1000) / 1000);
    }
    return delays;
  }
}

/** How many of the numbers from 0 on are there before the first that is not. */
export function leadingOf(arrived: ReadonlyMap<number, unknown>, count: number): number {
  const missing = Array.from({ length: count }, (_, number) => number).find((number) => !arrived.has(number));
  return missing ?? count;
}
