import type { SocketAddress } from '../core/address.ts';
import type { Deadline, Machine, Output } from '../core/machine.ts';
import type { NatDiscovery } from '../core/nat/discovery.ts';
import type { NatInput } from '../core/nat/discovery-io.ts';
import type { Instant } from '../core/time.ts';
import type { SocketCommand, SocketInput } from '../net/drive.ts';
import type { EventBody } from '../record/events.ts';

export type RelaySend = (relay: string, to: SocketAddress, bytes: Uint8Array) => void;

/** A {@link NatDiscovery} as the driver drives it: what it asks of relays goes to whoever has them. */
export class NatMachine implements Machine<NatInput | SocketInput, SocketCommand, EventBody> {
  readonly #discovery: NatDiscovery;
  readonly #relaySend: RelaySend;

  constructor(discovery: NatDiscovery, relaySend: RelaySend) {
    this.#discovery = discovery;
    this.#relaySend = relaySend;
  }

  get finished(): boolean {
    return this.#discovery.finished;
  }

  get deadline(): Deadline | undefined {
    return this.#discovery.deadline;
  }

  handle(input: NatInput | SocketInput, now: Instant): void {
    // An address that cannot be sent to is as silent as one that does not answer.
    if (input.type === 'connected' || input.type === 'send-failed') return;
    this.#discovery.handle(input, now);
  }

  handleTimeout(now: Instant): void {
    this.#discovery.handleTimeout(now);
  }

  poll(): Output<SocketCommand, EventBody> | undefined {
    for (let output = this.#discovery.poll(); output !== undefined; output = this.#discovery.poll()) {
      if (output.kind === 'transmit') return output;
      if (output.kind === 'event') {
        if (output.event.type === 'nat-test') return { kind: 'event', event: output.event };
      } else if (output.command.type === 'relay-send') {
        const { relay, to, bytes } = output.command;
        this.#relaySend(relay, to, bytes);
      } else return { kind: 'command', command: output.command };
    }
    return undefined;
  }
}
