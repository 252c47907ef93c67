import type { TransportKind } from '../address.ts';
import type { Candidate } from './candidate.ts';

/** What RFC 8445 5.1.1.3 compares. */
export type Founded = Pick<Candidate, 'type' | 'protocol'> & {
  readonly baseAddress: string;
  /** Of the STUN or TURN server, null for host candidates. */
  readonly serverAddress: string | null;
  readonly relayProtocol: TransportKind | null;
};

/**
 * Foundations: the same for candidates of the same type, whose bases have the same address, from the same server address,
 * over the same protocol (RFC 8445 5.1.1.3). Numbers in the order of first use, not hashes: a hash of an address is soon
 * turned back into the address, and reports are shared.
 */
export class Foundations {
  readonly #known = new Map<string, string>();

  of({ type, protocol, baseAddress, serverAddress, relayProtocol }: Founded): string {
    const key = [type, protocol, baseAddress, serverAddress, relayProtocol].join(' ');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const foundation = `${this.#known.size + 1}`;
    this.#known.set(key, foundation);
    return foundation;
  }
}
