import type { SocketAddress } from '../core/address.ts';
import type { RelayPortTried } from '../core/attempt.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import type { ProbeEnvironment } from './environment.ts';
import { measureRelayData, type RelayDataOptions } from './relay-data.ts';
import type { RelayPeer } from './relay-peer.ts';
import type { TurnSession } from './turn-session.ts';

export interface PortsTask {
  readonly count: number;
  readonly data: RelayDataOptions;
  /** Of the attempt, for the events. */
  readonly attempt: string;
  readonly signal: AbortSignal;
  newSession(): TurnSession;
  openPeer(allocation: Allocation): Promise<RelayPeer | undefined>;
  /** Addresses that the peer may come from. */
  permitted(guess: SocketAddress): readonly SocketAddress[];
}

/** Ten lost of ten is no chance, at any loss that a call would survive. */
const PACKETS = 10;
const AT_A_TIME = 3;

/** Other allocations get other relay ports: a port range that is open only in part shows. */
export async function tryRelayPorts(task: PortsTask, environment: ProbeEnvironment): Promise<RelayPortTried[]> {
  const results: RelayPortTried[] = [];
  let left = task.count;
  const worker = async (): Promise<void> => {
    while (left-- > 0 && !task.signal.aborted) {
      const result = await tryPort(task, environment);
      if (result !== undefined) results.push(result);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}

/** Undefined where the server gives no further allocation: its limits are no fault that this could judge. */
async function tryPort(task: PortsTask, environment: ProbeEnvironment): Promise<RelayPortTried | undefined> {
  const session = task.newSession();
  const stop = () => void session.release();
  task.signal.addEventListener('abort', stop, { once: true });
  let peer: RelayPeer | undefined;
  try {
    const allocated = (await session.open()) ? await session.allocate() : undefined;
    if (allocated?.ok !== true) return undefined;
    const { relayed } = allocated.allocation;
    peer = await task.openPeer(allocated.allocation);
    if (peer === undefined || (await session.permit(task.permitted(peer.guess))).status !== 'pass') return undefined;
    const path = { session, relayed, peer, guess: peer.guess, attempt: task.attempt };
    const options = {
      ...task.data,
      packets: PACKETS,
      purpose: 'port' as const,
    };
    const { bursts, cutOff } = await measureRelayData(path, options, environment);
    if (cutOff) return undefined;
    for (const burst of bursts) environment.record(burst);
    const [first, out, back] = bursts;
    return {
      port: relayed.port,
      sent: out?.sent ?? 0,
      received: (out?.received ?? 0) > 0 ? (back?.received ?? 0) : 0,
      peerFirst: { sent: first?.sent ?? 0, received: first?.received ?? 0 },
    };
  } finally {
    task.signal.removeEventListener('abort', stop);
    await Promise.all([peer?.close(), session.release()]);
  }
}
