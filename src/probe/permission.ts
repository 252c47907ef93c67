import { addressKind, formatSocketAddress, isPrivateKind, type SocketAddress } from '../core/address.ts';
import type { PermissionAsked, Stage } from '../core/attempt.ts';
import { endedStage } from '../core/stun/describe.ts';
import { ErrorCode } from '../core/stun/registry.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import type { ProbeEnvironment } from './environment.ts';
import { peerBehindRelay, type RelayPeer } from './relay-peer.ts';
import type { TurnSession } from './turn-session.ts';

export interface PermissionTask {
  readonly session: TurnSession;
  readonly allocation: Allocation;
  readonly signal: AbortSignal;
  readonly environment: ProbeEnvironment;
  newSession(): TurnSession;
  openPeer(allocation: Allocation): Promise<RelayPeer | undefined>;
  /** Addresses that the peer may come from. */
  permitted(guess: SocketAddress): readonly SocketAddress[];
}

/**
 * A NAT with several addresses may give the peer another one than the client. What a server behind a source NAT saw of us is
 * private and none of ours; a relay may refuse all that is asked in one request for its sake.
 */
export function permittedAddresses(guess: SocketAddress, seen: readonly string[]): readonly SocketAddress[] {
  const mayBe = (address: string): boolean =>
    isPrivateKind(addressKind(guess.address)) || !isPrivateKind(addressKind(address));
  const others = seen.filter(
    (address) => address !== guess.address && address.includes(':') === (guess.family === 6) && mayBe(address),
  );
  return [guess, ...others.map((address) => ({ ...guess, address }))];
}

/**
 * A peer that the relay lets us talk to, and the stage `permission`: a socket of ours, or where that cannot be or is
 * refused, a second relay.
 */
export async function permitPeer(task: PermissionTask): Promise<{ readonly stage: Stage; readonly peer?: RelayPeer }> {
  const own = await task.openPeer(task.allocation);
  if (own === undefined) return permitRelay(task);
  const stage = await task.session.permit(task.permitted(own.guess));
  const permissions = [asked(own.guess, 'own', stage)];
  if (stage.status === 'pass') return { stage: { ...stage, data: { ...stage.data, permissions } }, peer: own };
  await own.close();
  if (stage.data.errorCode !== ErrorCode.Forbidden)
    return { stage: { ...stage, data: { ...stage.data, permissions } } };
  const relay = await openRelayPeer(task);
  const more = relay.stage === undefined ? [] : [asked(relay.address, 'server', relay.stage)];
  const data = { ...stage.data, permissions: [...permissions, ...more] };
  if (relay.peer === undefined) return { stage: { ...stage, status: 'fail', data } };
  return { stage: { ...stage, status: 'warn', data }, peer: relay.peer };
}

/** A second allocation of the same server, each permitted to the other. Released by closing the peer, and on abort. */
export async function openRelayPeer(task: PermissionTask): Promise<{
  readonly peer?: RelayPeer;
  readonly stage?: Stage;
  readonly address: SocketAddress;
}> {
  const mine = task.allocation.relayed;
  const second = task.newSession();
  task.signal.addEventListener('abort', () => void second.release(), { once: true });
  const allocated = (await second.open()) ? await second.allocate() : undefined;
  if (allocated?.ok !== true || allocated.allocation.relayed.family !== mine.family) {
    await second.release();
    return { address: mine };
  }
  const address = allocated.allocation.relayed;
  const [stage, other] = await Promise.all([task.session.permit([address]), second.permit([mine])]);
  if (stage.status === 'pass' && other.status === 'pass') {
    return { peer: peerBehindRelay(second, address), stage, address };
  }
  await second.release();
  return { stage, address };
}

/** No address of ours in the family of the relayed one, or none that is known outside. */
async function permitRelay(task: PermissionTask): Promise<{ readonly stage: Stage; readonly peer?: RelayPeer }> {
  const startedAt = task.environment.clock.now();
  const { family } = task.allocation.relayed;
  const problem = `no IPv${family} address of this machine is known to an IPv${family} relay as a peer`;
  const { peer, stage } = await openRelayPeer(task);
  if (peer === undefined || stage === undefined) {
    const now = task.environment.clock.now();
    return { stage: endedStage('permission', 'skip', startedAt, now, problem, { problem }) };
  }
  return { stage: { ...stage, detail: `${stage.detail}; for a second relay, as ${problem}` }, peer };
}

function asked(peer: SocketAddress, kind: PermissionAsked['kind'], stage: Stage): PermissionAsked {
  const granted = stage.status === 'pass';
  const { errorCode } = stage.data;
  return { peer: formatSocketAddress(peer), kind, granted, ...(errorCode !== undefined && { errorCode }) };
}
