import type { Change } from './health.ts';
import type { MonitorClock } from './monitor.ts';
import type { OwnFigures } from './own.ts';
import { WebhookQueue } from './webhook-queue.ts';

export interface WebhookOptions {
  /** Host and port alone: the path may hold a token. */
  readonly name: string;
  /** Never rejects. Aborted: the answer is of no interest any more. */
  readonly post: (body: string, signal: AbortSignal) => Promise<PostOutcome>;
  readonly clock: MonitorClock;
  readonly own: OwnFigures;
  readonly onRemark: (text: string) => void;
}

export const WEBHOOK_SCHEMA = 'iceprobe.changes/1';

/** `isFinal`: the same would be refused again, however often it is sent. */
export type PostOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly isFinal: boolean; readonly why: string };

/** Tells somebody else's server of each change, by POST, in order. What it does not take waits, within bounds. */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #queue = new WebhookQueue();
  readonly #abort = new AbortController();
  #timer: { cancel(): void } | undefined;
  #isTold = false;
  #dropped = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    options.own.webhookQueued = () => this.#queue.length;
  }

  /** Bound, to be handed on. */
  readonly tell = (change: Change): void => {
    const dropped = this.#queue.add(change);
    if (dropped > 0) this.#noteDropped(dropped);
    this.#pump();
  };

  /** Gives what waits one last chance, for that many milliseconds at most. */
  async close(withinMs: number): Promise<void> {
    let limit: { cancel(): void } | undefined;
    if (this.#queue.length > 0 && this.#queue.failures === 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        limit = this.#options.clock.after(withinMs, resolve);
      });
    }
    limit?.cancel();
    this.#timer?.cancel();
    this.#abort.abort();
    const left = this.#queue.length;
    if (left === 0) return;
    const words = left === 1 ? '1 change was' : `${left} changes were`;
    this.#options.onRemark(`${words} not delivered to the webhook at ${this.#options.name}`);
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    const batch = this.#queue.next(clock.monotonic());
    if (batch !== undefined) void this.#send(batch);
    else if (this.#queue.deadline !== undefined) {
      const wait = Math.max(0, this.#queue.deadline - clock.monotonic());
      this.#timer = clock.after(wait, () => this.#pump());
    } else if (this.#queue.length === 0) this.#onIdle?.();
  }

  async #send(batch: readonly Change[]): Promise<void> {
    const { own, clock, name, post } = this.#options;
    const body = JSON.stringify({ schema: WEBHOOK_SCHEMA, text: batch.map(lineOf).join('\n'), changes: batch });
    const outcome = await post(body, this.#abort.signal);
    if (this.#abort.signal.aborted) return;
    own.webhookRequests.add(outcome.ok ? 'ok' : 'failed');
    if (outcome.ok) {
      this.#queue.delivered();
      own.webhook.add('delivered', batch.length);
      this.#noteBack();
    } else if (outcome.isFinal) {
      own.webhook.add('dropped', this.#queue.refused());
      this.#remarkOnce(`the webhook at ${name} refuses changes: ${outcome.why}; they are not sent again`);
    } else {
      this.#queue.failed(clock.monotonic());
      this.#remarkOnce(`the webhook at ${name} does not take changes: ${outcome.why}; it is tried again`);
      // There is no time left to try again.
      this.#onIdle?.();
    }
    this.#pump();
  }

  #noteDropped(count: number): void {
    this.#dropped += count;
    this.#options.own.webhook.add('dropped', count);
    if (this.#dropped === count) {
      this.#options.onRemark(
        `more changes wait for the webhook at ${this.#options.name} than are held: the oldest are dropped`,
      );
    }
  }

  #noteBack(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    const lost = this.#dropped === 0 ? '' : `; ${this.#dropped} were dropped meanwhile`;
    this.#dropped = 0;
    this.#options.onRemark(`the webhook at ${this.#options.name} takes changes again${lost}`);
  }

  #remarkOnce(text: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#options.onRemark(text);
  }
}

/** One line as people read it. */
export function lineOf({ change, target, text }: Change): string {
  return `${change} ${target}: ${text}`;
}
