import { formatSocketAddress, type SocketAddress, type TransportKind } from '../core/address.ts';
import type { AttemptKey, PermissionAsked, RelayProof, Stage, StageData } from '../core/attempt.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import { endedStage, failedStage } from '../core/stun/describe.ts';
import type { LongTermCredentials } from '../core/stun/long-term.ts';
import { ErrorCode } from '../core/stun/registry.ts';
import type { Timing } from '../core/stun/transaction.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import type { RelayData } from '../record/events.ts';
import type { ProbeEnvironment } from './environment.ts';
import { measureRelayData, type RelayDataOptions, type RelayDataPath, thereAndBack } from './relay-data.ts';
import { openPeer, type RelayPeer } from './relay-peer.ts';
import { TurnSession } from './turn-session.ts';

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
    const isOpen = await this.#session.open();
    for (const stage of this.#session.openStages) this.#record(stage);
    if (!isOpen) return;
    const { relay } = this.#target;
    // Both at once: a server that answers neither must not cost the time of two.
    const [binding, allocated] = await Promise.all([
      this.#session.binding(),
      relay ? this.#session.allocate() : undefined,
    ]);
    // A TURN server need not answer Binding for the relay to work; a STUN server must.
    this.#record(relay && binding.status === 'fail' && allocated?.ok ? { ...binding, status: 'warn' } : binding);
    if (allocated === undefined) return;
    for (const stage of allocated.stages) this.#record(stage);
    if (!allocated.ok) return;
    this.#allocation = allocated.allocation;
    const peer = await this.#permit(allocated.allocation);
    if (peer === undefined) return;
    try {
      await this.#carry(allocated.allocation, peer);
    } finally {
      await peer.close();
    }
  }

  /** A peer that the relay lets us talk to: a socket of ours, or where it refuses our address, a second relay. */
  async #permit(allocation: Allocation): Promise<RelayPeer | undefined> {
    const startedAt = this.#environment.clock.now();
    const own = await this.#openPeer(allocation);
    if (own === undefined) {
      const { family } = allocation.relayed;
      const problem = `this machine has no IPv${family} address to be the peer of an IPv${family} relay`;
      this.#record(this.#stage('permission', 'skip', startedAt, problem, { problem }));
      return undefined;
    }
    const stage = await this.#session.permit([own.guess]);
    const granted = stage.status === 'pass';
    const data = { ...stage.data, permissions: [asked(own.guess, 'own', stage)] };
    if (granted) {
      this.#record({ ...stage, data });
      return own;
    }
    await own.close();
    const refused = stage.data.errorCode === ErrorCode.Forbidden;
    if (!refused) {
      this.#record({ ...stage, data });
      return undefined;
    }
    return this.#relayToRelay(stage, data.permissions);
  }

  /** The weaker proof: two allocations of one server. It shows that data crosses, not that the outside reaches it. */
  async #relayToRelay(refusal: Stage, permissions: readonly PermissionAsked[]): Promise<RelayPeer | undefined> {
    const second = this.#newSession();
    const allocated = (await second.open()) ? await second.allocate() : undefined;
    const mine = this.#allocation?.relayed;
    const theirs = allocated?.ok === true ? allocated.allocation.relayed : undefined;
    if (mine === undefined || theirs === undefined) {
      this.#record({ ...refusal, data: { ...refusal.data, permissions } });
      await second.release();
      return undefined;
    }
    const [stage, other] = await Promise.all([this.#session.permit([theirs]), second.permit([mine])]);
    const both = stage.status === 'pass' && other.status === 'pass';
    this.#record({
      ...refusal,
      status: both ? 'warn' : 'fail',
      data: { ...refusal.data, permissions: [...permissions, asked(theirs, 'server', stage)] },
    });
    if (!both) {
      await second.release();
      return undefined;
    }
    const peer: RelayPeer = {
      witness: 'relay',
      guess: theirs,
      egressWorks: undefined,
      onPacket: () => {},
      send: (to, bytes) => second.send(to, bytes),
      close: async () => void (await second.release()),
    };
    // A machine must not be fed while it is drained: the answer waits for the end of this step.
    second.onData = ({ peer: from, bytes }) => queueMicrotask(() => peer.onPacket(bytes, from));
    return peer;
  }

  async #carry(allocation: Allocation, peer: RelayPeer): Promise<void> {
    const startedAt = this.#environment.clock.now();
    const path: RelayDataPath = {
      session: this.#session,
      relayed: allocation.relayed,
      peer,
      guess: peer.guess,
      attempt: this.#attempt.id,
    };
    const measured = await measureRelayData(path, this.#options.data, this.#environment);
    for (const burst of measured.bursts) this.#environment.record(burst);
    this.#peerSeen = measured.peerSeen;
    const [peerFirst, relayToPeer, peerAfterRelay] = measured.bursts;
    const outward = crossed(relayToPeer);
    const inward = crossed(peerFirst) || crossed(peerAfterRelay);
    this.#carriesData = crossed(peerFirst) && outward && crossed(peerAfterRelay);
    const to = measured.peerSeen ?? peer.guess;
    const [sizes, ports] = outward && inward ? await Promise.all([this.#sizes(path, to), this.#ports()]) : [[], []];
    const own = {
      port: allocation.relayed.port,
      sent: relayToPeer?.sent ?? 0,
      received: peerAfterRelay?.received ?? 0,
    };
    const relay: RelayProof = {
      witness: peer.witness,
      ...(measured.egress !== null && { egressAddress: formatSocketAddress(measured.egress) }),
      ...(sizes.length > 0 && { sizes }),
      ...(ports.length > 0 && { ports: [own, ...ports] }),
      ...(peer.egressWorks !== undefined && { control: peer.egressWorks ? ('pass' as const) : ('fail' as const) }),
    };
    const detail = `peer first ${text(peerFirst)}, relay to peer ${text(relayToPeer)}, peer after relay ${text(peerAfterRelay)}`;
    const failure = this.#carriesData ? {} : { cause: 'timeout' as const };
    const data = { ...failure, relay, relayedAddress: formatSocketAddress(allocation.relayed) };
    this.#record(this.#stage('relay-data', this.#carriesData ? 'pass' : 'fail', startedAt, detail, data));
    if (!outward || !inward) return;
    await this.#channel(path, to);
    await this.#refresh(path, to);
  }

  /** Large datagrams die where small ones live: a path MTU that nobody tells us about. */
  async #sizes(path: RelayDataPath, to: SocketAddress): Promise<NonNullable<RelayProof['sizes']>> {
    const results: { readonly size: number; readonly sent: number; readonly received: number }[] = [];
    for (const size of this.#options.sizes) {
      if (this.#options.signal.aborted) break;
      const options = { ...this.#options.data, size, packets: 3, purpose: 'size' as const };
      const { bursts } = await thereAndBack(path, to, options, this.#environment);
      for (const burst of bursts) this.#environment.record(burst);
      results.push({ size, sent: bursts[0]?.sent ?? 0, received: bursts[1]?.received ?? 0 });
    }
    return results;
  }

  /** Other allocations get other relay ports: a port range that is open only in part shows. Two at a time. */
  async #ports(): Promise<NonNullable<RelayProof['ports']>> {
    const results: { readonly port: number; readonly sent: number; readonly received: number }[] = [];
    let left = this.#options.extraPorts;
    const worker = async () => {
      while (left-- > 0 && !this.#options.signal.aborted) {
        const result = await this.#tryPort();
        if (result !== undefined) results.push(result);
      }
    };
    await Promise.all([worker(), worker()]);
    return results;
  }

  async #tryPort() {
    const session = this.#newSession();
    const stop = () => void session.release();
    this.#options.signal.addEventListener('abort', stop, { once: true });
    let peer: RelayPeer | undefined;
    try {
      const allocated = (await session.open()) ? await session.allocate() : undefined;
      if (allocated?.ok !== true) return undefined;
      const { relayed } = allocated.allocation;
      peer = await this.#openPeer(allocated.allocation);
      if (peer === undefined || (await session.permit([peer.guess])).status !== 'pass') return undefined;
      const path = { session, relayed, peer, guess: peer.guess, attempt: this.#attempt.id };
      // Opens a NAT of ours for the relay.
      peer.send(relayed, new Uint8Array(4));
      const options = { ...this.#options.data, packets: 3, purpose: 'port' as const };
      const { bursts } = await thereAndBack(path, peer.guess, options, this.#environment);
      for (const burst of bursts) this.#environment.record(burst);
      return { port: relayed.port, sent: bursts[0]?.sent ?? 0, received: bursts[1]?.received ?? 0 };
    } finally {
      this.#options.signal.removeEventListener('abort', stop);
      await Promise.all([peer?.close(), session.release()]);
    }
  }

  #openPeer(allocation: Allocation): Promise<RelayPeer | undefined> {
    const { server, kind, peerLocals } = this.#target;
    return openPeer(allocation, { server, kind, locals: peerLocals }, this.#environment);
  }

  async #channel(path: RelayDataPath, to: SocketAddress): Promise<void> {
    const startedAt = this.#environment.clock.now();
    const bound = await this.#session.bindChannel(FIRST_CHANNEL, to);
    // An answer without integrity may still stand for a binding: whether ChannelData crosses is worth knowing either way.
    if (bound.status !== 'pass' && bound.data.cause !== 'bad-integrity') {
      this.#record(bound);
      return;
    }
    const options = { ...this.#options.data, packets: 5, channel: FIRST_CHANNEL, purpose: 'channel' as const };
    const { bursts } = await thereAndBack(path, to, options, this.#environment);
    for (const burst of bursts) this.#environment.record(burst);
    const [out, back] = bursts;
    const channelData = { sent: out?.sent ?? 0, received: out?.received ?? 0 };
    const detail = `${bound.status === 'pass' ? 'bound' : bound.detail}; relay to peer ${text(out)}, and back ${text(back)}`;
    const works = bound.status === 'pass' && crossed(out) && crossed(back);
    const cause = works ? {} : { cause: bound.data.cause ?? ('timeout' as const) };
    this.#record(
      this.#stage('channel', works ? 'pass' : 'fail', startedAt, detail, { ...bound.data, channelData, ...cause }),
    );
  }

  async #refresh(path: RelayDataPath, to: SocketAddress): Promise<void> {
    const stage = await this.#session.refresh();
    const { bursts } = await thereAndBack(
      path,
      to,
      { ...this.#options.data, packets: 3, purpose: 'after-refresh' },
      this.#environment,
    );
    for (const burst of bursts) this.#environment.record(burst);
    if (stage.status === 'pass' && !crossed(bursts[1])) {
      const detail = `${stage.detail}; no data crosses any more`;
      this.#record({ ...stage, status: 'fail', detail, data: { ...stage.data, cause: 'timeout' } });
    } else this.#record(stage);
  }

  #newSession(): TurnSession {
    const { kind, server, host, local, credentials } = this.#target;
    const { timing } = this.#options;
    return new TurnSession(
      { kind, server, host, local },
      { timing, ...(credentials !== undefined && { credentials }) },
      this.#environment,
    );
  }

  #stage(name: Stage['stage'], status: Stage['status'], startedAt: number, detail: string, data: StageData): Stage {
    const now = this.#environment.clock.now();
    return status === 'fail' && detail === ''
      ? failedStage(name, startedAt, now, data)
      : endedStage(name, status, startedAt, now, detail, data);
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

/** RFC 8656 12: the first of the numbers that may be bound. */
const FIRST_CHANNEL = 0x4000;

function crossed(burst: RelayData | undefined): boolean {
  return (burst?.received ?? 0) > 0;
}

function asked(peer: SocketAddress, kind: PermissionAsked['kind'], stage: Stage): PermissionAsked {
  const granted = stage.status === 'pass';
  const { errorCode } = stage.data;
  return { peer: formatSocketAddress(peer), kind, granted, ...(errorCode !== undefined && { errorCode }) };
}

function text(burst: RelayData | undefined): string {
  return `${burst?.received ?? 0}/${burst?.sent ?? 0}`;
}
