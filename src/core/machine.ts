import type { SocketAddress } from './address.ts';
import type { Instant } from './time.ts';

/** Names one socket or connection for as long as a run lasts. Chosen by the machine that asked for it. */
export type TransportId = string;

/** When a machine wants to be woken if nothing else happens, and what it is waiting for, in words for a person. */
export interface Deadline {
  readonly at: Instant;
  readonly why: string;
}

/** Bytes to be put on the wire. On a stream `to` is the connection's other end. */
export interface Transmit {
  readonly kind: 'transmit';
  readonly transport: TransportId;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

export interface CommandOutput<Command> {
  readonly kind: 'command';
  readonly command: Command;
}

export interface EventOutput<Event> {
  readonly kind: 'event';
  readonly event: Event;
}

export type Output<Command, Event> = Transmit | CommandOutput<Command> | EventOutput<Event>;

/**
 * A protocol without I/O. The contract:
 *
 * - Call {@link poll} until it returns undefined after each `handle` and `handleTimeout`, before the next.
 * - Then look at {@link deadline}: call `handleTimeout` once that instant has come. Calling it early is harmless.
 * - `handle` never throws on bytes from the network: what it cannot use becomes an `ignored` event with the reason.
 *   An exception means a defect of the caller or of the machine.
 */
export interface Machine<Input, Command, Event> {
  handle(input: Input, now: Instant): void;
  handleTimeout(now: Instant): void;
  poll(): Output<Command, Event> | undefined;
  readonly deadline: Deadline | undefined;
}

/** The earlier of two deadlines, either of which may be absent. */
export function earlier(a: Deadline | undefined, b: Deadline | undefined): Deadline | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return b.at < a.at ? b : a;
}
