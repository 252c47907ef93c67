import { type SocketAddress, sameSocketAddress } from '../core/address.ts';
import type { RelayProof } from '../core/attempt.ts';
import type { NatVerdict } from '../core/nat/verdict.ts';
import type { RelayData } from '../record/events.ts';
import type { ProbeEnvironment } from './environment.ts';
import {
  crossings,
  measureRelayData,
  type RelayDataOptions,
  type RelayDataPath,
  type RelayDataResult,
} from './relay-data.ts';
import type { RelayPeer } from './relay-peer.ts';

export type KnownMapping = NatVerdict['mapping'];

export interface ProofTask {
  readonly path: RelayDataPath;
  readonly data: RelayDataOptions;
  readonly server: SocketAddress;
  /** Of the NAT in front of us; undefined where nobody looked. */
  readonly mapping: () => KnownMapping | undefined;
  /** Servers over UDP, to tell what kind of NAT there is where nobody looked. */
  readonly stunServers: readonly SocketAddress[];
  /** A second allocation of the same server, each permitted to the other; undefined where it cannot be had. */
  readonly openRelayPeer: () => Promise<RelayPeer | undefined>;
  readonly signal: AbortSignal;
}

export interface Proven {
  /** The path that the figures are of. Its peer is the caller's to close. */
  readonly path: RelayDataPath;
  readonly measured: RelayDataResult;
  readonly proof: RelayProof;
}

/**
 * Data in three directions with a socket of ours. Where nothing at all crossed and something of our own may be why, a
 * second relay is asked: the weaker proof. Records the bursts.
 */
export async function proveRelay(task: ProofTask, environment: ProbeEnvironment): Promise<Proven> {
  const { path, data, signal } = task;
  const own = path.peer;
  const measured = await measureRelayData(path, data, environment);
  if (measured.cutOff) {
    record(measured.bursts, environment);
    return { path, measured, proof: { witness: own.witness, ...controlOf(own) } };
  }
  const { outward, inward } = crossings(measured.bursts);
  const doubt = own.witness === 'relay' || outward || inward ? undefined : await doubtOf(own, task);
  const known: RelayProof = { witness: own.witness, ...controlOf(own) };
  const peer = doubt === undefined || signal.aborted ? undefined : await task.openRelayPeer();
  if (peer === undefined) {
    record(measured.bursts, environment);
    return { path, measured, proof: { ...known, ...(doubt !== undefined && { doubt }) } };
  }
  const second = { ...path, peer, guess: peer.guess };
  const between = await measureRelayData(second, data, environment);
  if (between.cutOff) {
    await peer.close();
    record(measured.bursts, environment);
    return { path, measured, proof: { ...known, ...(doubt !== undefined && { doubt }) } };
  }
  const crossing = crossings(between.bursts);
  const works = crossing.outward && crossing.inward;
  // Where our own UDP is what does not get out, two relays are all that can be had; behind a NAT they settle nothing.
  if (works && doubt === 'own-egress') {
    recordSuperseded(measured.bursts, environment);
    record(between.bursts, environment);
    return { path: second, measured: between, proof: { ...known, witness: 'relay', betweenRelays: 'pass' } };
  }
  await peer.close();
  record(measured.bursts, environment);
  recordSuperseded(between.bursts, environment);
  if (works && doubt !== undefined) return { path, measured, proof: { ...known, doubt, betweenRelays: 'pass' } };
  // Dead among its own relays too: our own network is not what stands between them.
  return { path, measured, proof: { ...known, betweenRelays: 'fail' } };
}

/** What of our own may have dropped everything: no UDP to that host, or a NAT whose mapping for the relay we do not know. */
async function doubtOf(peer: RelayPeer, { mapping, server, stunServers }: ProofTask): Promise<RelayProof['doubt']> {
  if (peer.egressWorks === false) return 'own-egress';
  if (!peer.isTranslated) return undefined;
  const known = mapping();
  if (known === 'endpoint-independent' || known === 'none') return undefined;
  if (known !== undefined && known !== 'not-determined') return 'own-nat';
  const others = stunServers.filter(
    ({ family, address }) => family === peer.guess.family && address !== server.address,
  );
  for (const other of others.slice(0, 2)) {
    const seen = await peer.mappedBy(other);
    if (seen !== undefined) return sameSocketAddress(seen, peer.guess) ? undefined : 'own-nat';
  }
  return 'own-nat';
}

function controlOf({ egressWorks }: RelayPeer): Pick<RelayProof, 'control'> {
  return egressWorks === undefined ? {} : { control: egressWorks ? 'pass' : 'fail' };
}

function record(bursts: readonly RelayData[], environment: ProbeEnvironment): void {
  for (const burst of bursts) environment.record(burst);
}

function recordSuperseded(bursts: readonly RelayData[], environment: ProbeEnvironment): void {
  record(
    bursts.map((burst) => ({ ...burst, purpose: 'superseded' })),
    environment,
  );
}
