import type { Instant } from '../../time.ts';

/** Something that ends by itself at `expiresAt`. The queue keeps its place in `queueIndex`; -1 while it is in none. */
export interface Expiring {
  expiresAt: Instant;
  queueIndex: number;
}

/**
 * Who expires next: a binary heap that knows each item's place, so that refreshing and removing one of a hundred thousand
 * costs a few steps and leaves nothing behind.
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get next(): T | undefined {
    return this.#heap[0];
  }

  /** Puts the item in, or moves it where it was in already. */
  set(item: T, expiresAt: Instant): void {
    item.expiresAt = expiresAt;
    if (item.queueIndex < 0) {
      item.queueIndex = this.#heap.length;
      this.#heap.push(item);
    }
    this.#settle(item);
  }

  remove(item: T): void {
    const at = item.queueIndex;
    if (at < 0) return;
    item.queueIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#heap[at] = last;
    last.queueIndex = at;
    this.#settle(last);
  }

  /** The next item that has expired by then, taken out. */
  takeExpired(now: Instant): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.expiresAt > now) return undefined;
    this.remove(first);
    return first;
  }

  #settle(item: T): void {
    this.#up(item);
    this.#down(item);
  }

  #up(item: T): void {
    let at = item.queueIndex;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#heap[parentAt];
      if (parent === undefined || parent.expiresAt <= item.expiresAt) break;
      this.#heap[at] = parent;
      parent.queueIndex = at;
      at = parentAt;
    }
    this.#heap[at] = item;
    item.queueIndex = at;
  }

  #down(item: T): void {
    let at = item.queueIndex;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      if (left === undefined) break;
      const right = this.#heap[2 * at + 2];
      const child = right !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (child.expiresAt >= item.expiresAt) break;
      const childAt = child.queueIndex;
      this.#heap[at] = child;
      child.queueIndex = at;
      at = childAt;
    }
    this.#heap[at] = item;
    item.queueIndex = at;
  }
}
