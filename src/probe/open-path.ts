import type { TurnClientOptions } from '../core/turn/client/types.ts';
import type { EventBody, RelayData } from '../record/events.ts';
import type { FurtherTask } from './further.ts';
import { measureRelayData, type RelayDataPath } from './relay-data.ts';
import { openPeer } from './relay-peer.ts';

export interface OpenPath {
  /** Its `guess` is the peer as the relay sees it. */
  readonly path: RelayDataPath;
  /** Seconds, as granted. */
  readonly lifetimeSeconds: number;
  close(): Promise<void>;
}

/** A fresh allocation with a peer that has been heard through it; undefined where that cannot be had. */
export async function openPath(
  task: FurtherTask,
  purpose: NonNullable<RelayData['purpose']>,
  options: Pick<TurnClientOptions, 'allocate' | 'keepalive'> = {},
  note?: (body: EventBody) => void,
): Promise<OpenPath | undefined> {
  const { target, environment } = task;
  const session = task.newSession(options, note);
  const result = (await session.open()) ? await session.allocate() : undefined;
  const around = { server: target.server, kind: target.kind, locals: target.peerLocals, seen: task.seen() };
  const peer = result?.ok === true ? await openPeer(result.allocation, around, environment) : undefined;
  const close = async (): Promise<void> => void (await Promise.all([peer?.close(), session.release()]));
  if (result?.ok === true && peer !== undefined) {
    const { relayed, lifetime } = result.allocation;
    const permitted = await session.permit(task.permitted(peer.guess));
    const path = { session, relayed, peer, guess: peer.guess, attempt: task.attempt };
    const seen =
      permitted.status === 'pass'
        ? (await measureRelayData(path, { ...task.data, packets: 5, purpose }, environment)).peerSeen
        : null;
    if (seen !== null) return { path: { ...path, guess: seen }, lifetimeSeconds: lifetime, close };
  }
  await close();
  return undefined;
}
