import { formatSocketAddress, type SocketAddress, type TransportKind } from '../../address.ts';
import type { Candidate, CandidateType } from '../candidate.ts';
import { Foundations } from '../foundation.ts';
import { Priorities } from '../priority.ts';
import { formatCandidate } from '../sdp.ts';
import type { Local } from './locals.ts';

/** A transport address that was found, before it is known to be worth telling. */
export interface Found {
  readonly type: CandidateType;
  readonly protocol: 'udp' | 'tcp';
  readonly address: SocketAddress;
  /** RFC 8445 5.1.1: from where it is sent; of a relayed candidate the relayed address itself. */
  readonly base: SocketAddress;
  readonly related: SocketAddress | null;
  readonly local: Local;
  readonly url: string | null;
  readonly server: SocketAddress | null;
  readonly relayProtocol: TransportKind | null;
  readonly rttMs: number | null;
  readonly requestsSent: number | null;
}

export type Offered =
  | { readonly kind: 'new'; readonly candidate: Omit<Candidate, 'ms'> }
  | { readonly kind: 'redundant'; readonly candidate: string; readonly with: string };

/** The candidates of one gathering, each once. */
export class Candidates {
  readonly #foundations = new Foundations();
  readonly #priorities = new Priorities();
  readonly #kept = new Map<string, Omit<Candidate, 'ms'>>();

  get count(): number {
    return this.#kept.size;
  }

  add(found: Found): Offered {
    const candidate = this.#candidate(found);
    // RFC 8445 5.1.3: redundant is what has the transport address and the base of another one; the lower priority goes.
    // Host candidates come first and are the highest, so it is always the newcomer.
    const key = `${found.protocol} ${formatSocketAddress(found.address)} ${formatSocketAddress(found.base)}`;
    const twin = this.#kept.get(key);
    if (twin !== undefined) return { kind: 'redundant', candidate: candidate.candidate, with: twin.candidate };
    this.#kept.set(key, candidate);
    return { kind: 'new', candidate };
  }

  #candidate(found: Found): Omit<Candidate, 'ms'> {
    const { type, protocol, address, base, related, local, url, server, relayProtocol } = found;
    const fields = {
      foundation: this.#foundations.of({
        type,
        protocol,
        baseAddress: base.address,
        serverAddress: server?.address ?? null,
        relayProtocol,
      }),
      component: 1,
      protocol,
      priority: this.#priorities.assign({ type, protocol, relayProtocol, rank: local.rank }),
      address: address.address,
      port: address.port,
      type,
      relatedAddress: related?.address ?? null,
      relatedPort: related?.port ?? null,
      tcpType: protocol === 'tcp' ? ('active' as const) : null,
    };
    return {
      candidate: formatCandidate(fields),
      ...fields,
      url,
      relayProtocol,
      rttMs: found.rttMs,
      requestsSent: found.requestsSent,
      interface: local.interface,
    };
  }
}
