import type { SocketAddress } from '../core/address.ts';
import type { Timing } from '../core/stun/transaction.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { LadderTarget } from './ladder.ts';
import { openSession } from './turn-session.ts';

/** A relay of ours as a remote sender: it sends from its relayed address, and hears what is sent there. */
export interface NatRelay {
  readonly id: string;
  readonly relayed: SocketAddress;
  send(to: SocketAddress, bytes: Uint8Array): void;
  release(): Promise<void>;
}

/** Allocates on a server; undefined where it gives no relay of that family. */
export async function openNatRelay(
  target: LadderTarget,
  family: 4 | 6,
  timing: Timing,
  heard: (relay: string, from: SocketAddress, bytes: Uint8Array) => void,
  environment: ProbeEnvironment,
): Promise<NatRelay | undefined> {
  const session = openSession(target, timing, environment);
  const allocated = (await session.open()) ? await session.allocate() : undefined;
  if (allocated?.ok !== true || allocated.allocation.relayed.family !== family) {
    await session.release();
    return undefined;
  }
  const id = session.transport;
  session.onData = ({ peer, bytes }) => queueMicrotask(() => heard(id, peer, bytes));
  const permitted = new Map<string, Promise<unknown>>();
  return {
    id,
    relayed: allocated.allocation.relayed,
    send(to, bytes) {
      const permission = permitted.get(to.address) ?? session.permit([to]);
      permitted.set(to.address, permission);
      void permission.then(() => session.send(to, bytes));
    },
    release: async () => void (await session.release()),
  };
}
