import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../src/core/address.ts';
import type { Instant } from '../../src/core/time.ts';

export type Behaviour = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

export interface NatOptions {
  readonly mapping: Behaviour;
  readonly filtering: Behaviour;
  readonly hairpinning: boolean;
  readonly publicAddress: string;
  /** Further ones, drawn in turn, one for each mapping (RFC 4787 4.1, "arbitrary" pooling). */
  readonly pool?: readonly string[];
  /** How long a binding lives without outbound traffic (RFC 4787 REQ-5 asks for two minutes at least). */
  readonly lifetimeMs?: number;
  /** Keep the internal port where it is free. */
  readonly preservePort?: boolean;
}

interface Binding {
  readonly internal: SocketAddress;
  readonly external: SocketAddress;
  readonly key: string;
  /** Whom the internal endpoint sent to through this binding. */
  readonly destinations: SocketAddress[];
  lastOutbound: Instant;
}

/** A NAT in RFC 4787's words, in memory and in virtual time: the same kinds that the lab makes of nftables rules. */
export class SimulatedNat {
  readonly options: NatOptions;
  readonly #bindings: Binding[] = [];
  #nextPort = 40_000;

  constructor(options: NatOptions) {
    this.options = options;
  }

  get publicAddresses(): readonly string[] {
    return [this.options.publicAddress, ...(this.options.pool ?? [])];
  }

  /** A packet from inside: the source that the outside sees. */
  outbound(internal: SocketAddress, destination: SocketAddress, now: Instant): SocketAddress {
    const key = this.#mappingKey(internal, destination);
    let binding = this.#bindings.find((candidate) => candidate.key === key && this.#alive(candidate, now));
    if (binding === undefined) {
      const addresses = this.publicAddresses;
      const address = addresses[this.#bindings.length % addresses.length] ?? this.options.publicAddress;
      const external = { ...internal, address, port: this.#choosePort(internal.port, now) };
      binding = { internal, external, key, destinations: [], lastOutbound: now };
      this.#bindings.push(binding);
    }
    binding.lastOutbound = now;
    if (!binding.destinations.some((known) => sameSocketAddress(known, destination))) {
      binding.destinations.push(destination);
    }
    return binding.external;
  }

  /** A packet from outside to a mapped address: the internal endpoint that gets it, if the filter lets it in. */
  inbound(source: SocketAddress, external: SocketAddress, now: Instant): SocketAddress | undefined {
    const binding = this.#bindings.find(
      (candidate) => sameSocketAddress(candidate.external, external) && this.#alive(candidate, now),
    );
    return binding !== undefined && this.#lets(binding, source) ? binding.internal : undefined;
  }

  #alive(binding: Binding, now: Instant): boolean {
    return now - binding.lastOutbound <= (this.options.lifetimeMs ?? 120_000);
  }

  #mappingKey(internal: SocketAddress, destination: SocketAddress): string {
    const from = formatSocketAddress(internal);
    if (this.options.mapping === 'endpoint-independent') return from;
    if (this.options.mapping === 'address-dependent') return `${from} ${destination.address}`;
    return `${from} ${formatSocketAddress(destination)}`;
  }

  #lets(binding: Binding, source: SocketAddress): boolean {
    if (this.options.filtering === 'endpoint-independent') return true;
    return binding.destinations.some(
      (known) =>
        known.address === source.address &&
        (this.options.filtering === 'address-dependent' || known.port === source.port),
    );
  }

  #choosePort(wanted: number, now: Instant): number {
    const taken = (port: number) =>
      this.#bindings.some((binding) => binding.external.port === port && this.#alive(binding, now));
    if (this.options.preservePort === true && !taken(wanted)) return wanted;
    do this.#nextPort += 7;
    while (taken(this.#nextPort));
    return this.#nextPort;
  }
}
