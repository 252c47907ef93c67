import { formatSocketAddress, type SocketAddress } from '../../core/address.ts';
import type { RelayFeature } from '../../core/attempt.ts';
import { sameBytes } from '../../core/bytes.ts';
import { describeFailure } from '../../core/stun/describe.ts';
import type { Allocation } from '../../core/turn/client/types.ts';
import { openTransport } from '../../net/open.ts';
import { listenTcp } from '../../net/tcp-listener.ts';
import type { ProbeEnvironment } from '../environment.ts';
import type { FurtherTask } from '../further.ts';
import type { TurnSession } from '../turn-session.ts';
import { within } from '../within.ts';
import { type JoinedConnection, joinConnection } from './joined-connection.ts';
import { notGranted } from './not-granted.ts';

/** One end of a byte stream. */
interface End {
  onData: (bytes: Uint8Array) => void;
  send(bytes: Uint8Array): void;
}

type Outcome = { readonly crossed: boolean | null; readonly detail: string };

const BYTES = 4096;
const CONNECT_WAIT_MS = 2500;
const DATA_WAIT_MS = 2000;
const FEATURE = 'tcp-allocation';

/**
 * RFC 6062: a relay for TCP. A peer of ours connects to the relayed address, which any peer may be kept from by a firewall,
 * and where no NAT stands before us the relay connects to a peer of ours; bytes must cross both ways, unchanged.
 */
export async function tcpAllocation(task: FurtherTask): Promise<RelayFeature> {
  const { target } = task;
  if (target.kind === 'udp') {
    return { feature: FEATURE, supported: null, detail: 'is had over TCP and TLS alone (RFC 6062 5.1)' };
  }
  const session = task.newSession({ allocate: { transport: 'tcp' } });
  try {
    const result = (await session.open()) ? await session.allocate() : undefined;
    if (result?.ok !== true) return notGranted(FEATURE, result);
    const { allocation } = result;
    const local = target.peerLocals.find(({ family }) => family === allocation.relayed.family);
    const mapped = allocation.mapped;
    if (local === undefined || mapped?.family !== allocation.relayed.family) {
      return { feature: FEATURE, supported: true, detail: 'granted; no address of ours to try data from' };
    }
    const permitted = await session.permit([mapped]);
    if (permitted.status !== 'pass') {
      return {
        feature: FEATURE,
        supported: true,
        detail: `granted; our own peer is not permitted: ${permitted.detail}`,
      };
    }
    const inward = await fromPeer(session, allocation, local, task);
    const outward =
      local.address === mapped.address
        ? await toPeer(session, local, task)
        : { crossed: null, detail: 'a NAT of ours keeps the relay from connecting to us' };
    return judged(allocation.relayed, inward, outward);
  } finally {
    await session.release();
  }
}

function judged(relayed: SocketAddress, inward: Outcome, outward: Outcome): RelayFeature {
  const outcomes = [inward, outward].map(({ crossed }) => crossed);
  const detail = `${formatSocketAddress(relayed)}: ${inward.detail}; ${outward.detail}`;
  const works = outcomes.includes(false) ? false : outcomes.includes(true) ? true : undefined;
  return { feature: FEATURE, supported: true, ...(works === undefined ? {} : { works }), detail };
}

/** The peer speaks first: it connects to the relayed address. */
async function fromPeer(
  session: TurnSession,
  { relayed }: Allocation,
  local: Pick<SocketAddress, 'family' | 'address'>,
  task: FurtherTask,
): Promise<Outcome> {
  const { environment } = task;
  const attempted = new Promise<number>((resolve) => {
    session.onConnectionAttempt = ({ connectionId }) => resolve(connectionId);
  });
  const peer = connectPeer(local, relayed, environment);
  try {
    const connectionId = await within(CONNECT_WAIT_MS, Promise.race([attempted, peer.failed]));
    if (typeof connectionId === 'string') {
      // The relay's own host says so: nobody listens there.
      return { crossed: false, detail: `a peer cannot connect to it (${connectionId})` };
    }
    // Silence may be a firewall of the server's, or of ours that lets out nothing but some ports.
    if (connectionId === undefined) return { crossed: null, detail: 'a connection to it is not answered' };
    return await exchange(connectionId, session, peer.end, 'peer to relay', task);
  } finally {
    peer.close();
  }
}

/** The relay connects to a listener of ours. */
async function toPeer(
  session: TurnSession,
  local: Pick<SocketAddress, 'family' | 'address'>,
  task: FurtherTask,
): Promise<Outcome> {
  const listener = await listenTcp({ family: local.family, address: local.address });
  if (listener === undefined) return { crossed: null, detail: 'no port of ours to listen on' };
  try {
    const stage = await session.connectPeer(listener.local);
    const { connectionId, cause } = stage.data;
    if (stage.status !== 'pass' || connectionId === undefined) {
      // A host firewall of ours looks to the relay like a peer that is not there: 447, or silence.
      const isOurs = cause === 'timeout' || stage.data.errorCode === 447;
      return { crossed: isOurs ? null : false, detail: `Connect: ${stage.detail}` };
    }
    const accepted = await within(CONNECT_WAIT_MS, listener.accepted);
    if (accepted === undefined) return { crossed: false, detail: 'Connect succeeds, and nobody connects to us' };
    return await exchange(connectionId, session, accepted, 'relay to peer', task);
  } finally {
    listener.close();
  }
}

/** Joins a connection of ours to the peer's, and sends random bytes through both ways. */
async function exchange(
  connectionId: number,
  session: TurnSession,
  peer: End,
  name: string,
  task: FurtherTask,
): Promise<Outcome> {
  const joined = await joinConnection(task.target, connectionId, session.credentials, task.environment);
  if (!joined.ok) return { crossed: false, detail: `ConnectionBind: ${describeFailure(joined.data)}` };
  const { connection } = joined;
  try {
    const inward = await carried(peer, connection, task);
    const outward = await carried(connection, peer, task);
    const detail = `connected ${name}, ${inward ? '' : 'no '}bytes in, ${outward ? '' : 'no '}bytes out`;
    return { crossed: inward && outward, detail };
  } finally {
    connection.close();
  }
}

async function carried(from: End, to: End | JoinedConnection, { environment }: FurtherTask): Promise<boolean> {
  const sent = environment.random.bytes(BYTES);
  const received = new Uint8Array(BYTES);
  let count = 0;
  const arrived = new Promise<boolean>((resolve) => {
    to.onData = (bytes) => {
      const part = bytes.subarray(0, BYTES - count);
      received.set(part, count);
      count += part.length;
      if (count === BYTES) resolve(sameBytes(sent, received));
    };
  });
  from.send(sent);
  return (await within(DATA_WAIT_MS, arrived)) ?? false;
}

function connectPeer(
  local: Pick<SocketAddress, 'family' | 'address'>,
  remote: SocketAddress,
  environment: ProbeEnvironment,
) {
  const end: End = { onData: () => {}, send: (bytes) => transport.send(bytes, remote) };
  let fail: (error: string) => void = () => {};
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  const transport = openTransport(
    { kind: 'tcp', local: { family: local.family, address: local.address, port: 0 }, remote, host: remote.address },
    environment.tls,
    {
      connected: () => {},
      shaken: () => {},
      opened: () => {},
      received: (bytes) => end.onData(bytes),
      failed: (error) => fail(error),
      sendFailed: () => {},
    },
  );
  return { end, failed, close: () => transport.close() };
}
