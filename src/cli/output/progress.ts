import { printable } from '../../core/printable.ts';
import type { Output } from '../context.ts';

/** Long enough for a run that takes no time to show nothing. */
const FIRST_MS = 300;
const REFRESH_MS = 200;
const ERASE = '\r\u001b[K';

/** What is being waited for, in one line on stderr that leaves no trace. Nothing where stderr is no terminal. */
export class ProgressLine {
  readonly #stderr: Output;
  #text = '';
  #since = 0;
  #shown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stderr: Output) {
    this.#stderr = stderr;
  }

  show(text: string): void {
    if (!this.#stderr.isTTY) return;
    if (text !== this.#text) this.#since = performance.now();
    this.#text = text;
    this.#timer ??= setTimeout(() => this.#tick(), FIRST_MS).unref();
  }

  /** Takes the line away before something else is written; it comes back by itself. */
  hide(): void {
    if (this.#shown) this.#write(ERASE);
    this.#shown = false;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.hide();
  }

  #tick(): void {
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
    const line = `${printable(this.#text)} (${seconds} s)`.slice(0, this.#stderr.columns - 1);
    this.#write(`${ERASE}${line}`);
    this.#shown = true;
    this.#timer = setTimeout(() => this.#tick(), REFRESH_MS).unref();
  }

  /** A terminal that is gone needs none. */
  #write(text: string): void {
    this.#stderr.write(text).catch(() => {});
  }
}
