import { formatSocketAddress, type SocketAddress, type TransportKind } from '../core/address.ts';
import type { AttemptKey, RelayPortTried, RelayProof, Stage, StageData } from '../core/attempt.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import { endedStage, failedStage } from '../core/stun/describe.ts';
import type { LongTermCredentials } from '../core/stun/long-term.ts';
import type { Timing } from '../core/stun/transaction.ts';
import { MIN_CHANNEL } from '../core/turn/channel-data.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import type { RelayData } from '../record/events.ts';
import type { ProbeEnvironment } from './environment.ts';
import { openRelayPeer, type PermissionTask, permitPeer, permittedAddresses } from './permission.ts';
import {
  crossings,
  type RelayDataOptions,
  type RelayDataPath,
  type RelayDataResult,
  thereAndBack,
} from './relay-data.ts';
import { openPeer, type RelayPeer } from './relay-peer.ts';
import { tryRelayPorts } from './relay-ports.ts';
import { type KnownMapping, proveRelay } from './relay-proof.ts';
import { tryRelaySizes } from './relay-sizes.ts';
import { openSession, type TurnSession } from './turn-session.ts';

/** One way to one address of one server. */
export interface LadderTarget {
  readonly url: string;
  /** `stun:` URLs end with the binding. */
  readonly relay: boolean;
  readonly kind: TransportKind;
  readonly server: SocketAddress;
  readonly host: string;
  readonly local: LocalAddress;
  /** Addresses of ours by family, for a peer of the relayed address's family. */
  readonly peerLocals: readonly LocalAddress[];
  readonly credentials?: LongTermCredentials;
}

export interface LadderOptions {
  readonly timing: Timing;
  readonly data: RelayDataOptions;
  /** Bytes of payload that are tried beside the main size, three packets each. */
  readonly sizes: readonly number[];
  /** Further allocations, each to see whether data passes its relay port. */
  readonly extraPorts: number;
  readonly signal: AbortSignal;
  /** What is known of the NAT in front of an address of ours; undefined where nobody looked. */
  readonly mappingOf: (local: LocalAddress) => KnownMapping | undefined;
  /** Servers over UDP, to tell what kind of NAT there is where nobody looked. */
  readonly stunServers: readonly SocketAddress[];
  /** Public addresses of ours that servers saw in this run. */
  readonly seenAddresses: () => readonly string[];
}

/** What a ladder came to, for those who ask further questions of the same server. */
export interface LadderResult {
  readonly attempt: AttemptKey;
  readonly allocation: Allocation | null;
  /** True where data crossed in every direction that a call may need. */
  readonly carriesData: boolean;
  /** The peer's address as the relay saw it. */
  readonly peerSeen: SocketAddress | null;
}

let attempts = 0;

/**
 * Walks one attempt up its stages: connect, tls, binding, challenge, allocate, permission, relay-data, channel, refresh,
 * release. Stops at the first that fails, gives everything back in any case, and records each stage as an event.
 */
export async function climb(
  target: LadderTarget,
  options: LadderOptions,
  environment: ProbeEnvironment,
): Promise<LadderResult> {
  return new Ladder(target, options, environment).climb();
}

class Ladder {
  readonly #target: LadderTarget;
  readonly #options: LadderOptions;
  readonly #environment: ProbeEnvironment;
  readonly #session: TurnSession;
  #attempt: AttemptKey;
  #allocation: Allocation | null = null;
  #peerSeen: SocketAddress | null = null;
  #rttMs = 0;
  #slowestMs = 0;
  #carriesData = false;

  constructor(target: LadderTarget, options: LadderOptions, environment: ProbeEnvironment) {
    this.#target = target;
    this.#options = options;
    this.#environment = environment;
    this.#session = this.#newSession();
    const { server, kind, local } = target;
    this.#attempt = {
      id: `probe-${++attempts}`,
      family: server.family,
      address: server.address,
      port: server.port,
      transport: kind,
      interface: local.interface === '' ? null : local.interface,
      localAddress: local.address,
    };
  }

  async climb(): Promise<LadderResult> {
    const stop = () => void this.#session.release();
    this.#options.signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#walk();
    } finally {
      this.#options.signal.removeEventListener('abort', stop);
      const released = await this.#session.release();
      if (this.#allocation !== null) this.#record(released);
    }
    const { id, ...rest } = this.#attempt;
    return {
      attempt: { id, ...rest },
      allocation: this.#allocation,
      carriesData: this.#carriesData,
      peerSeen: this.#peerSeen,
    };
  }

  async #walk(): Promise<void> {
    this.#tell(`connecting to ${this.#target.url}`);
    const startedAt = this.#environment.clock.now();
    const isOpen = await this.#session.open();
    const { openStages } = this.#session;
    for (const stage of openStages) this.#record(stage);
    if (!isOpen) {
      // What the deadline cut off is not good for having had a beginning.
      const name = openStages.some(({ stage }) => stage === 'connect') ? 'tls' : 'connect';
      const isTold = openStages.some(({ status }) => status === 'fail');
      if (!isTold) this.#record(this.#stage(name, 'unknown', startedAt, CUT_OFF, { cause: 'not-run' }));
      return;
    }
    const { relay } = this.#target;
    // Both at once: a server that answers neither must not cost the time of two.
    const asked = [this.#session.binding(), relay ? this.#session.allocate() : undefined] as const;
    const [binding, allocated] = await Promise.all(asked);
    this.#rttMs = binding.data.rttMs ?? 0;
    // A TURN server need not answer Binding for the relay to work; a STUN server must.
    this.#record(relay && binding.status === 'fail' && allocated?.ok ? { ...binding, status: 'warn' } : binding);
    if (allocated === undefined) return;
    for (const stage of allocated.stages) this.#record(stage);
    if (!allocated.ok) return;
    this.#allocation = allocated.allocation;
    this.#tell(`data through the relay of ${this.#target.url}`);
    const { stage, peer } = await permitPeer(this.#permission(allocated.allocation));
    this.#record(stage);
    if (peer === undefined) return;
    try {
      await this.#carry(allocated.allocation, peer);
    } finally {
      await peer.close();
    }
  }

  #permission(allocation: Allocation): PermissionTask {
    return {
      session: this.#session,
      allocation,
      signal: this.#options.signal,
      environment: this.#environment,
      newSession: () => this.#newSession(),
      openPeer: (each) => this.#openPeer(each),
      permitted: (guess) => this.#permitted(guess),
    };
  }

  #permitted(guess: SocketAddress): readonly SocketAddress[] {
    return permittedAddresses(guess, this.#options.seenAddresses());
  }

  async #carry(allocation: Allocation, own: RelayPeer): Promise<void> {
    const startedAt = this.#environment.clock.now();
    const { path, measured, proof } = await proveRelay(
      {
        path: {
          session: this.#session,
          relayed: allocation.relayed,
          peer: own,
          guess: own.guess,
          attempt: this.#attempt.id,
          opensFor: otherSources(allocation.relayed, this.#target.server),
        },
        data: this.#data(),
        server: this.#target.server,
        mapping: () => this.#options.mappingOf(this.#target.local),
        stunServers: this.#options.stunServers,
        openRelayPeer: async () => (await openRelayPeer(this.#permission(allocation))).peer,
        signal: this.#options.signal,
      },
      this.#environment,
    );
    const { peer } = path;
    const [peerFirst, relayToPeer, peerAfterRelay] = measured.bursts;
    if (measured.cutOff) {
      const told = peerFirst === undefined ? '' : `; ${text('peer first', peerFirst)}`;
      const data: StageData = { cause: 'not-run', relayedAddress: formatSocketAddress(allocation.relayed) };
      this.#record(this.#stage('relay-data', 'unknown', startedAt, `${CUT_OFF}${told}`, data));
      return;
    }
    const { outward, inward } = crossings(measured.bursts);
    this.#peerSeen = measured.peerSeen;
    this.#slowestMs = Math.max(0, ...(peerAfterRelay?.roundTripsMs ?? []));
    this.#carriesData = outward && (peer.witness === 'relay' ? inward : crossed(peerFirst) && crossed(peerAfterRelay));
    const to = measured.peerSeen ?? peer.guess;
    const [sizes, others] = await Promise.all([
      outward && inward ? this.#sizes(path, to) : [],
      proof.doubt === undefined && peer.witness === 'second-socket' ? this.#ports() : [],
    ]);
    const ports = [portOf(allocation.relayed.port, measured.bursts), ...others];
    const relay: RelayProof = {
      ...proof,
      ...(measured.egress !== null && { egressAddress: formatSocketAddress(measured.egress) }),
      ...(sizes.length > 0 && { sizes }),
      ...(others.length > 0 && { ports }),
    };
    const detail = `${text('peer first', peerFirst)}, ${text('relay to peer', relayToPeer)}, ${text('peer after relay', peerAfterRelay)}`;
    const failure = this.#carriesData ? {} : { cause: 'timeout' as const };
    const data = { ...failure, relay, relayedAddress: formatSocketAddress(allocation.relayed) };
    const status = this.#carriesData ? 'pass' : proof.doubt === undefined || (outward && inward) ? 'fail' : 'unknown';
    this.#record(this.#stage('relay-data', status, startedAt, `${detail}${remarkOf(proof, status)}`, data));
    try {
      if (!outward || !inward) return;
      await this.#channel(path, to);
      await this.#refresh(path, to);
    } finally {
      if (peer !== own) await peer.close();
    }
  }

  /** A round trip through a relay to this machine is two to the server; three times that is late. */
  #data(): RelayDataOptions {
    const { data } = this.#options;
    return { ...data, waitMs: Math.max(data.waitMs, 6 * this.#rttMs) };
  }

  /** For what comes after the first bursts: how long packets take is known by then, and what is not there is lost. */
  #later(): RelayDataOptions {
    const { data } = this.#options;
    return { ...data, waitMs: Math.max(Math.min(data.waitMs, LATER_WAIT_MS), 6 * this.#rttMs, 3 * this.#slowestMs) };
  }

  #sizes(path: RelayDataPath, to: SocketAddress): Promise<NonNullable<RelayProof['sizes']>> {
    const { sizes, signal } = this.#options;
    const task = { sizes, to, quick: this.#later(), patient: this.#data(), signal };
    return tryRelaySizes(path, task, this.#environment);
  }

  #ports() {
    return tryRelayPorts(
      {
        count: this.#options.extraPorts,
        // In full: what one port seems to drop is said of the server.
        data: this.#data(),
        attempt: this.#attempt.id,
        signal: this.#options.signal,
        newSession: () => this.#newSession(),
        openPeer: (allocation) => this.#openPeer(allocation),
        permitted: (guess) => this.#permitted(guess),
      },
      this.#environment,
    );
  }

  #openPeer(allocation: Allocation): Promise<RelayPeer | undefined> {
    const { server, kind, peerLocals } = this.#target;
    const seen = this.#options.seenAddresses();
    return openPeer(allocation, { server, kind, locals: peerLocals, seen }, this.#environment);
  }

  async #channel(path: RelayDataPath, to: SocketAddress): Promise<void> {
    const startedAt = this.#environment.clock.now();
    const bound = await this.#session.bindChannel(MIN_CHANNEL, to);
    // An answer without integrity may still stand for a binding: whether ChannelData crosses is worth knowing either way.
    if (bound.status !== 'pass' && bound.data.cause !== 'bad-integrity') {
      this.#record(bound);
      return;
    }
    const [out, back] = await this.#ten(path, to, { channel: MIN_CHANNEL, purpose: 'channel' });
    if (out === undefined) {
      this.#record(this.#stage('channel', 'unknown', startedAt, CUT_OFF, { ...bound.data, cause: 'not-run' }));
      return;
    }
    const channelData = { sent: out.sent, received: out.received };
    const detail = `${bound.status === 'pass' ? 'bound' : bound.detail}; ${text('relay to peer', out)}, ${text('and back', back)}`;
    const works = bound.status === 'pass' && crossed(out) && crossed(back);
    const cause = works ? {} : { cause: bound.data.cause ?? ('timeout' as const) };
    this.#record(
      this.#stage('channel', works ? 'pass' : 'fail', startedAt, detail, { ...bound.data, channelData, ...cause }),
    );
  }

  async #refresh(path: RelayDataPath, to: SocketAddress): Promise<void> {
    const stage = await this.#session.refresh();
    const [, back] = await this.#ten(path, to, { purpose: 'after-refresh' });
    if (stage.status === 'pass' && back !== undefined && !crossed(back)) {
      const detail = `${stage.detail}; no data crosses any more`;
      this.#record({ ...stage, status: 'fail', detail, data: { ...stage.data, cause: 'timeout' } });
    } else this.#record(stage);
  }

  /**
   * Ten packets there and back. Where they fail they are sent again with more patience: over TCP they may be late together.
   * None where the run ended in the middle.
   */
  async #ten(
    path: RelayDataPath,
    to: SocketAddress,
    more: { readonly purpose: 'channel' | 'after-refresh'; readonly channel?: number },
  ): Promise<RelayDataResult['bursts']> {
    const quick = await thereAndBack(path, to, { ...this.#later(), ...more, packets: 10 }, this.#environment);
    const isEnough = quick.bursts.every(crossed) || this.#options.signal.aborted;
    const { bursts } = isEnough
      ? quick
      : await thereAndBack(path, to, { ...this.#data(), ...more, packets: 10 }, this.#environment);
    for (const burst of bursts) this.#environment.record(burst);
    return bursts;
  }

  #newSession(): TurnSession {
    return openSession(this.#target, this.#options.timing, this.#environment);
  }

  #stage(name: Stage['stage'], status: Stage['status'], startedAt: number, detail: string, data: StageData): Stage {
    const now = this.#environment.clock.now();
    return status === 'fail' && detail === ''
      ? failedStage(name, startedAt, now, data)
      : endedStage(name, status, startedAt, now, detail, data);
  }

  #tell(text: string): void {
    this.#environment.record({ type: 'progress', text });
  }

  #record({ ms, ...stage }: Stage): void {
    this.#environment.record({
      type: 'stage',
      ...stage,
      durationMs: ms,
      url: this.#target.url,
      attempt: this.#attempt,
      transport: this.#session.transport,
    });
  }
}

const LATER_WAIT_MS = 250;
const CUT_OFF = 'the run ended in the middle of it';

function crossed(burst: RelayData | undefined): boolean {
  return (burst?.received ?? 0) > 0;
}

function text(direction: string, burst: RelayData | undefined): string {
  return `${direction} ${burst?.received ?? 0}/${burst?.sent ?? 0}`;
}

function portOf(port: number, [first, out, back]: RelayDataResult['bursts']): RelayPortTried {
  const returned = crossed(out) ? (back?.received ?? 0) : 0;
  const peerFirst = { sent: first?.sent ?? 0, received: first?.received ?? 0 };
  return { port, sent: out?.sent ?? 0, received: returned, peerFirst };
}

/** A relay that advertises an address that is not its own sends from the server's, as a rule. */
function otherSources(relayed: SocketAddress, server: SocketAddress): readonly SocketAddress[] {
  const isOther = server.address !== relayed.address && server.family === relayed.family;
  return isOther ? [{ ...server, port: relayed.port }] : [];
}

function remarkOf({ witness, doubt }: RelayProof, status: Stage['status']): string {
  if (witness === 'relay') return '; between two relays of this server, the weaker proof';
  if (status !== 'unknown') return '';
  return doubt === 'own-egress'
    ? '; our own UDP does not reach that host, so this says nothing about the relay'
    : '; our own NAT maps by destination, so a packet of the relay may be dropped by it';
}
