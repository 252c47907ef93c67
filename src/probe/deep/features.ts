import { formatSocketAddress, type SocketAddress } from '../../core/address.ts';
import type { RelayFeature } from '../../core/attempt.ts';
import type { AllocateOptions, Allocation } from '../../core/turn/client/types.ts';
import type { FurtherTask } from '../further.ts';
import { thereAndBack } from '../relay-data.ts';
import { openPeer } from '../relay-peer.ts';
import type { TurnSession } from '../turn-session.ts';
import { notGranted } from './not-granted.ts';

const PACKETS = 10;

type Judge = (allocation: Allocation, session: TurnSession) => Promise<Omit<RelayFeature, 'feature'>>;

/** Allocates with something more than usual, and lets `judge` look at what came. */
async function allocateWith(
  feature: RelayFeature['feature'],
  allocate: AllocateOptions,
  task: FurtherTask,
  judge: Judge,
): Promise<RelayFeature> {
  const session = task.newSession({ allocate });
  try {
    const result = (await session.open()) ? await session.allocate() : undefined;
    if (result?.ok !== true) return notGranted(feature, result);
    return { feature, ...(await judge(result.allocation, session)) };
  } finally {
    await session.release();
  }
}

/** RFC 8656 7.1: an IPv6 relay beside the IPv4 one. A server that does not know the attribute gives one address. */
export function bothFamilies(task: FurtherTask): Promise<RelayFeature> {
  return allocateWith('both-families', { additionalIPv6: true }, task, async (allocation, session) => {
    const { relayed, additional, addressErrors } = allocation;
    // coturn without an IPv6 relay gives 0.0.0.0:0.
    if (additional === null || additional.family !== 6 || additional.port === 0) {
      const [error] = addressErrors;
      const why = error === undefined ? 'one address only' : `no IPv${error.family} address: ${error.code}`;
      return { supported: false, detail: why, ...(error === undefined ? {} : { errorCode: error.code }) };
    }
    const addresses = [relayed, additional];
    const crossings: (boolean | undefined)[] = [];
    for (const address of addresses) crossings.push(await crosses(address, allocation, session, task));
    const told = addresses.map((address, i) => `${formatSocketAddress(address)} ${wordOf(crossings[i])}`);
    return { supported: true, ...worksOf(crossings), detail: told.join(', ') };
  });
}

/** RFC 8656 18.9: the server sets DF on what it sends to peers. */
export function dontFragment(task: FurtherTask): Promise<RelayFeature> {
  return allocateWith('dont-fragment', { dontFragment: true }, task, async (allocation, session) => {
    const sendWhole = session.sendWhole.bind(session);
    const crossing = await crosses(allocation.relayed, allocation, session, task, sendWhole);
    return { supported: true, ...worksOf([crossing]), detail: `data with DF ${wordOf(crossing)}` };
  });
}

/** RFC 8656 18.6: an even port, and the next one kept for a second allocation, as RTP and RTCP had them. */
export function evenPort(task: FurtherTask): Promise<RelayFeature> {
  return allocateWith('even-port', { evenPort: 'reserve-next' }, task, async ({ relayed, reservationToken }) => {
    if (relayed.port % 2 !== 0) return { supported: true, works: false, detail: `granted port ${relayed.port}` };
    if (reservationToken === null) {
      return { supported: true, works: false, detail: `port ${relayed.port}, without a token for the next` };
    }
    const next = task.newSession({ allocate: { reservationToken } });
    try {
      const result = (await next.open()) ? await next.allocate() : undefined;
      if (result?.ok !== true) {
        const { detail, errorCode } = notGranted('even-port', result);
        // Only a refusal is the server's word on its own token.
        const works = errorCode === undefined ? {} : { works: false };
        return { supported: true, ...works, detail: `port ${relayed.port}; its reservation: ${detail}` };
      }
      const { port } = result.allocation.relayed;
      return { supported: true, works: port === relayed.port + 1, detail: `ports ${relayed.port} and ${port}` };
    } finally {
      await next.release();
    }
  });
}

/** RFC 8016. */
export function mobility(task: FurtherTask): Promise<RelayFeature> {
  return allocateWith('mobility', { mobility: true }, task, async ({ isMobile }) => ({
    supported: isMobile,
    detail: isMobile ? 'a ticket was given' : 'no ticket',
  }));
}

/** Whether packets cross to a socket of ours and back; undefined where there is none to try with. */
async function crosses(
  relayed: SocketAddress,
  allocation: Allocation,
  session: TurnSession,
  task: FurtherTask,
  send?: TurnSession['send'],
): Promise<boolean | undefined> {
  const { target, environment } = task;
  const around = { server: target.server, kind: target.kind, locals: target.peerLocals, seen: task.seen() };
  const peer = await openPeer({ ...allocation, relayed }, around, environment);
  if (peer === undefined) return undefined;
  try {
    if ((await session.permit([peer.guess])).status !== 'pass') return undefined;
    const path = { session, relayed, peer, guess: peer.guess, attempt: task.attempt };
    const options = { ...task.data, packets: PACKETS, size: 172, ...(send === undefined ? {} : { send }) };
    // A NAT of ours lets in what answers.
    peer.send(relayed, new Uint8Array(4));
    const { bursts, cutOff } = await thereAndBack(path, peer.guess, { ...options, purpose: 'feature' }, environment);
    if (cutOff) return undefined;
    for (const burst of bursts) environment.record(burst);
    const received = bursts[1]?.received ?? 0;
    // Where packets do not cross without all this, that is told already. Behind a NAT the guess may be wrong, and a peer
    // that is not known to reach the server's host proves nothing by silence.
    const isTelling = task.carriesData && !peer.isTranslated && peer.egressWorks === true;
    if (received === 0 && !isTelling) return undefined;
    return received > 0;
  } finally {
    await peer.close();
  }
}

function worksOf(crossings: readonly (boolean | undefined)[]): Pick<RelayFeature, 'works'> {
  const known = crossings.filter((each) => each !== undefined);
  return known.length === 0 ? {} : { works: known.every((each) => each) };
}

function wordOf(crossing: boolean | undefined): string {
  return crossing === undefined ? '(data not tried)' : crossing ? 'carries data' : 'carries no data';
}
