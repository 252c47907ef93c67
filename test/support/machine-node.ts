import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../src/core/address.ts';
import type { Machine, Output, TransportId } from '../../src/core/machine.ts';
import { decodeMessage, looksLikeStun } from '../../src/core/stun/message.ts';
import { methodName } from '../../src/core/stun/registry.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Endpoint, Packet, Simulator } from './simulator.ts';

export interface SimulatedTransport {
  readonly local: SocketAddress;
  /** Set on a stream and on a connected UDP socket, which hears nobody else. */
  readonly remote?: SocketAddress;
  readonly stream: boolean;
}

interface Received {
  readonly type: 'received';
  readonly transport: TransportId;
  readonly from: SocketAddress;
  readonly bytes: Uint8Array;
}

/** A machine in the simulator: carries its packets, keeps what it tells, and hands its commands to the test. */
export class MachineNode<Input, Command, Event extends { readonly type: string }> implements Endpoint {
  readonly events: { readonly at: Instant; readonly event: Event }[] = [];
  readonly commands: { readonly at: Instant; readonly command: Command }[] = [];
  /** `0 a Allocate 192.0.2.1:3478`: when, on which transport, what, where to. */
  readonly sent: string[] = [];
  readonly transports = new Map<TransportId, SimulatedTransport>();
  /** What to do with a command; by default it is only kept. */
  onCommand: (command: Command, now: Instant) => void = () => {};
  readonly #simulator: Simulator;
  readonly #machine: Machine<Input | Received, Command, Event>;

  constructor(simulator: Simulator, machine: Machine<Input | Received, Command, Event>) {
    this.#simulator = simulator;
    this.#machine = machine;
    simulator.add(this);
  }

  /** Tells the machine something at the present instant. */
  handle(input: Input): void {
    this.#machine.handle(input, this.#simulator.now);
    this.#drain();
  }

  /** Events of one type, in order. */
  of<T extends Event['type']>(type: T): Extract<Event, { type: T }>[] {
    return this.events
      .map(({ event }) => event)
      .filter((event): event is Extract<Event, { type: T }> => event.type === type);
  }

  owns(address: SocketAddress): boolean {
    for (const { local } of this.transports.values()) if (sameSocketAddress(local, address)) return true;
    return false;
  }

  receive(packet: Packet, now: Instant): void {
    // A connected socket takes the packets of its peer, and nothing else.
    let found: TransportId | undefined;
    for (const [transport, { local, remote }] of this.transports) {
      if (!sameSocketAddress(local, packet.to)) continue;
      if (remote === undefined) found ??= transport;
      else if (sameSocketAddress(remote, packet.from)) {
        found = transport;
        break;
      }
    }
    if (found === undefined) return;
    this.#machine.handle({ type: 'received', transport: found, from: packet.from, bytes: packet.bytes }, now);
    this.#drain();
  }

  get wakeAt(): Instant | undefined {
    return this.#machine.deadline?.at;
  }

  wake(now: Instant): void {
    this.#machine.handleTimeout(now);
    this.#drain();
  }

  #drain(): void {
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) this.#take(output);
  }

  #take(output: Output<Command, Event>): void {
    const now = this.#simulator.now;
    if (output.kind === 'event') this.events.push({ at: now, event: output.event });
    else if (output.kind === 'command') {
      this.commands.push({ at: now, command: output.command });
      this.onCommand(output.command, now);
    } else {
      const transport = this.transports.get(output.transport);
      if (transport === undefined) throw new Error(`sent on the transport ${output.transport}, which is not open`);
      this.sent.push(`${now} ${output.transport} ${describePacket(output.bytes)} ${formatSocketAddress(output.to)}`);
      this.#simulator.send({ from: transport.local, to: output.to, bytes: output.bytes, stream: transport.stream });
    }
  }
}

/** `Allocate`, `Binding success`, `Refresh error`, `Send indication`, `ChannelData 0x4000`, or the first bytes. */
export function describePacket(bytes: Uint8Array): string {
  if (looksLikeStun(bytes)) {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) return `malformed STUN (${decoded.error.code})`;
    const { class: messageClass, method } = decoded.value;
    return messageClass === 'request' ? methodName(method) : `${methodName(method)} ${messageClass}`;
  }
  const first = bytes[0] ?? 0;
  if (first >= 0x40 && first <= 0x4f) return `ChannelData 0x${((first << 8) | (bytes[1] ?? 0)).toString(16)}`;
  return `bytes ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
}
