const REDACTED = '[redacted]';

/**
 * A password or shared secret. Prints as `[redacted]` however it is turned into text, so that a log line, an error or a
 * report cannot carry it by accident. Who may call {@link reveal}: the key derivation in `core/stun/credentials`, the signature
 * of a webhook, and the four places whose purpose is to hand a credential on (`credentials`, `turn-server`, the page's form,
 * a peer).
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  get isEmpty(): boolean {
    return this.#value === '';
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
