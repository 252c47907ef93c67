import type { SocketAddress } from '../../src/core/address.ts';
import type { Instant } from '../../src/core/time.ts';
import { type NatOptions, SimulatedNat } from './nat.ts';
import type { Gateway, Packet, Simulator } from './simulator.ts';

/** A NAT in the simulator, in front of every address that begins with `inside` (`192.168.`). Add the inner of two first. */
export class NatGateway implements Gateway {
  readonly nat: SimulatedNat;
  readonly #inside: string;

  constructor(simulator: Simulator, inside: string, options: NatOptions) {
    this.nat = new SimulatedNat(options);
    this.#inside = inside;
    simulator.addGateway(this);
  }

  outward(packet: Packet, now: Instant): Packet {
    if (!this.#isInside(packet.from) || this.#isInside(packet.to)) return packet;
    return { ...packet, from: this.nat.outbound(packet.from, packet.to, now) };
  }

  inward(packet: Packet, now: Instant): Packet | undefined {
    const { publicAddresses, options } = this.nat;
    if (!publicAddresses.includes(packet.to.address)) return packet;
    // From our own outside: one of our own clients sent it (RFC 4787 6).
    if (publicAddresses.includes(packet.from.address) && !options.hairpinning) return undefined;
    const to = this.nat.inbound(packet.from, packet.to, now);
    return to === undefined ? undefined : { ...packet, to };
  }

  #isInside({ address }: SocketAddress): boolean {
    return address.startsWith(this.#inside);
  }
}
