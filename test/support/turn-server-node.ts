import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../src/core/address.ts';
import type { Instant } from '../../src/core/time.ts';
import { TurnServer } from '../../src/core/turn/server/server.ts';
import type { TurnServerSettings } from '../../src/core/turn/server/settings.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { settings } from './simulated-turn.ts';
import type { Endpoint, Packet, Simulator } from './simulator.ts';

/** The TURN server of the product as an endpoint of the simulator: a UDP listener, TCP on the same port, its relays. */
export class TurnServerNode implements Endpoint {
  readonly server: TurnServer;
  readonly #simulator: Simulator;
  readonly #listener: SocketAddress;
  readonly #relays = new Map<string, SocketAddress>();
  readonly #streams = new Map<string, SocketAddress>();

  constructor(simulator: Simulator, listener: SocketAddress, overrides: Partial<TurnServerSettings> = {}) {
    this.#simulator = simulator;
    this.#listener = listener;
    const relays = { [listener.family]: { bind: listener.address } };
    this.server = new TurnServer(settings({ relays, ...overrides }), nodeHashes, simulator.random);
    this.server.handle({ type: 'listener-opened', transport: 'udp', local: listener }, simulator.now);
    this.#drain();
    simulator.add(this);
  }

  /** Allocations that stand. */
  get relayed(): string[] {
    return [...this.#relays.values()].map(formatSocketAddress);
  }

  owns(address: SocketAddress): boolean {
    return (
      sameSocketAddress(address, this.#listener) ||
      [...this.#relays.values()].some((relay) => sameSocketAddress(relay, address))
    );
  }

  receive({ from, to, bytes, stream }: Packet, now: Instant): void {
    const relay = [...this.#relays].find(([, address]) => sameSocketAddress(address, to));
    if (relay !== undefined) this.server.handle({ type: 'relay-received', relay: relay[0], from, bytes }, now);
    else if (stream) {
      const transport = formatSocketAddress(from);
      if (!this.#streams.has(transport)) {
        this.#streams.set(transport, from);
        const opened = {
          type: 'stream-opened',
          protocol: 'tcp',
          transport,
          local: this.#listener,
          remote: from,
        } as const;
        this.server.handle(opened, now);
      }
      this.server.handle({ type: 'received', transport, from, bytes }, now);
    } else this.server.handle({ type: 'received', transport: 'udp', from, bytes }, now);
    this.#drain();
  }

  get wakeAt(): Instant | undefined {
    return this.server.deadline?.at;
  }

  wake(now: Instant): void {
    this.server.handleTimeout(now);
    this.#drain();
  }

  #drain(): void {
    for (let output = this.server.poll(); output !== undefined; output = this.server.poll()) {
      if (output.kind === 'transmit') {
        const from = this.#relays.get(output.transport) ?? this.#listener;
        const stream = this.#streams.has(output.transport);
        this.#simulator.send({ from, to: output.to, bytes: output.bytes.slice(), stream });
      } else if (output.kind === 'command') {
        const { command } = output;
        if (command.type === 'bind-relay') {
          const { relay, family, address, port } = command;
          this.#relays.set(relay, { family, address, port });
          this.#simulator.after(0, () => {
            this.server.handle({ type: 'relay-bound', relay }, this.#simulator.now);
            this.#drain();
          });
        } else if (command.type === 'close-relay') this.#relays.delete(command.relay);
        else if (command.type === 'close-stream') this.#streams.delete(command.transport);
        else throw new Error(`no TCP allocations here: ${command.type}`);
      }
    }
  }
}

/** A peer that sends back whatever comes. */
export class EchoPeer implements Endpoint {
  readonly address: SocketAddress;
  readonly #simulator: Simulator;
  received = 0;

  constructor(simulator: Simulator, address: SocketAddress) {
    this.#simulator = simulator;
    this.address = address;
    simulator.add(this);
  }

  readonly wakeAt = undefined;

  wake(): void {}

  owns(address: SocketAddress): boolean {
    return sameSocketAddress(address, this.address);
  }

  receive({ from, to, bytes }: Packet): void {
    this.received++;
    this.#simulator.send({ from: to, to: from, bytes, stream: false });
  }
}
