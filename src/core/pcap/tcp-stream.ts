import type { Segment } from './dissect.ts';

export interface StreamChunk {
  /** The frame that completed it. */
  readonly segment: Segment;
  readonly bytes: Uint8Array;
  /** Bytes before this chunk are missing from the capture: whatever was unfinished stays so. */
  readonly afterGap: boolean;
}

/** How many segments may wait for an earlier one before it is taken for lost. */
const MAX_WAITING = 64;

/** Puts one direction of a TCP connection into order: retransmissions dropped, gaps marked. */
export class TcpStream {
  #next: number | undefined;
  #waiting: Segment[] = [];

  /** The chunks that this segment makes available, in order. */
  push(segment: Segment): StreamChunk[] {
    if (segment.syn) {
      // The SYN takes a number of its own; a second one begins a new connection on the same ports.
      this.#next = (segment.sequence + 1) >>> 0;
      this.#waiting = [];
      return [];
    }
    if (segment.payload.length === 0) return [];
    this.#next ??= segment.sequence;
    this.#waiting.push(segment);
    const chunks = this.#drain(false);
    if (chunks.length === 0 && this.#waiting.length > MAX_WAITING) return this.skipGap();
    return chunks;
  }

  /** Gives up on what is missing, and goes on behind it: at the end of a capture, or when too much waits. */
  skipGap(): StreamChunk[] {
    const next = this.#next ?? 0;
    const earliest = this.#waiting.toSorted((a, b) => ahead(a.sequence, next) - ahead(b.sequence, next))[0];
    if (earliest === undefined) return [];
    this.#next = earliest.sequence;
    return this.#drain(true);
  }

  #drain(afterGap: boolean): StreamChunk[] {
    const chunks: StreamChunk[] = [];
    for (;;) {
      const next = this.#next ?? 0;
      const at = this.#waiting.findIndex((segment) => ahead(segment.sequence, next) <= 0);
      const segment = this.#waiting[at];
      if (segment === undefined) return chunks;
      this.#waiting.splice(at, 1);
      const bytes = segment.payload.subarray(-ahead(segment.sequence, next));
      if (bytes.length === 0) continue;
      this.#next = (next + bytes.length) >>> 0;
      chunks.push({ segment, bytes, afterGap: afterGap && chunks.length === 0 });
    }
  }
}

/** How far `sequence` lies ahead of `next`, negative if behind (RFC 9293 3.4: modulo 2^32). */
function ahead(sequence: number, next: number): number {
  return (sequence - next) | 0;
}
