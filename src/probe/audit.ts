import type { SocketAddress } from '../core/address.ts';
import type { AuditResult, PermissionAsked, Stage } from '../core/attempt.ts';
import { endedStage } from '../core/stun/describe.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import { acceptedTlsVersions } from '../net/tls-versions.ts';
import { measureAmplification } from './amplification.ts';
import { type AuditPeer, auditPeers } from './audit-peers.ts';
import { Burst } from './burst.ts';
import type { FurtherTask } from './further.ts';
import { Peer } from './peer.ts';
import type { TurnSession } from './turn-session.ts';

/** Ten packets to a listener of ours: one that arrives is proof. */
const PACKETS = 10;
const ARRIVAL_WAIT_MS = 400;
const TLS_WAIT_MS = 1500;

/**
 * Questions that the owner of a server asks: what it tells about itself, how much it answers to forged requests, which old
 * TLS it takes, and whether its relay is a door into the network that it stands in. Permissions are asked for, which sends
 * no packet to anybody; data goes only to listeners of our own, where the server runs on this very machine.
 */
export async function audit(task: FurtherTask): Promise<Stage> {
  const { target, environment } = task;
  const startedAt = environment.clock.now();
  const [relay, amplification, tlsVersions] = await Promise.all([
    task.allocated ? auditRelay(task) : undefined,
    target.kind === 'udp' ? measureAmplification(target, environment) : undefined,
    target.kind === 'tls' ? acceptedTlsVersions(target, TLS_WAIT_MS) : undefined,
  ]);
  const permissions = relay?.permissions ?? [];
  const result: AuditResult = {
    software: relay?.software ?? (await softwareOf(task)) ?? null,
    ...(amplification === undefined ? {} : { amplification }),
    ...(tlsVersions === undefined ? {} : { tlsVersions }),
  };
  const data = { permissions, audit: result };
  return endedStage('audit', 'pass', startedAt, environment.clock.now(), detailOf(result, permissions), data);
}

async function auditRelay(
  task: FurtherTask,
): Promise<{ readonly permissions: PermissionAsked[]; readonly software: string | undefined } | undefined> {
  const session = task.newSession();
  try {
    const result = (await session.open()) ? await session.allocate() : undefined;
    if (result?.ok !== true) return undefined;
    const software = result.stages.findLast(({ data }) => data.software !== undefined)?.data.software;
    const permissions: PermissionAsked[] = [];
    for (const peer of auditPeers(task.target.server, result.allocation.relayed.family, task.interfaces)) {
      if (task.signal.aborted) break;
      permissions.push(await ask(peer, session, result.allocation, task));
    }
    return { permissions, software };
  } finally {
    await session.release();
  }
}

async function ask(
  { kind, address, isOurs }: AuditPeer,
  session: TurnSession,
  allocation: Allocation,
  { environment }: FurtherTask,
): Promise<PermissionAsked> {
  const { family } = allocation.relayed;
  const listener = isOurs ? await Peer.open({ family, address }, environment) : undefined;
  try {
    const peer: SocketAddress = listener?.local ?? { family, address, port: DISCARD };
    const stage = await session.permit([peer]);
    const granted = stage.status === 'pass';
    const { errorCode } = stage.data;
    return {
      peer: address,
      kind,
      granted,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(granted && listener !== undefined ? { reached: await reaches(session, listener, environment) } : {}),
    };
  } finally {
    listener?.close();
  }
}

/** RFC 863: of a permission the port counts for nothing. */
const DISCARD = 9;

async function reaches(
  session: TurnSession,
  listener: Peer,
  environment: FurtherTask['environment'],
): Promise<boolean> {
  const burst = new Burst(PACKETS, 64, environment.random);
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), ARRIVAL_WAIT_MS);
    listener.onPacket = (bytes) => {
      if (burst.numberOf(bytes) === undefined) return;
      clearTimeout(limit);
      resolve(true);
    };
    for (let number = 0; number < burst.count; number++) {
      session.send(listener.local, burst.packet(number, environment.clock.now()));
    }
  });
}

/** A server without an allocation for us may tell it to a Binding request. */
async function softwareOf(task: FurtherTask): Promise<string | undefined> {
  const session = task.newSession();
  try {
    return (await session.open()) ? (await session.binding()).data.software : undefined;
  } finally {
    await session.release();
  }
}

function detailOf(
  { software, amplification, tlsVersions }: AuditResult,
  permissions: readonly PermissionAsked[],
): string {
  const granted = permissions.filter((each) => each.granted);
  return [
    software === null ? 'tells no software' : `says that it is ${software}`,
    ...(permissions.length === 0
      ? []
      : [
          granted.length === 0
            ? `refuses all of ${permissions.length} inner peers`
            : `would relay to ${granted.map(({ peer }) => peer).join(', ')}`,
        ]),
    ...(amplification === undefined ? [] : [`amplifies ${amplification.factor} times`]),
    ...(tlsVersions === undefined ? [] : [`takes ${tlsVersions.join(', ') || 'no version of TLS'}`]),
  ].join('; ');
}
