import { type CallIceServer, type CallPath, separatePaths, serversFor } from '../../core/call/path.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import type { IceTransportPolicy } from '../../record/report.ts';
import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import type { Configuration } from '../servers/configuration.ts';
import type { callOptions } from './options.ts';

type Values = ValuesOf<typeof callOptions>;

/** How long one connection may take until its data channel is open. ICE itself gives up after 15 to 30 s. */
const CONNECT_MS = 15_000;
/** To gather statistics, say goodbye and give allocations back. */
const SLACK_MS = 10_000;

/** The paths to connect over, in order. Throws {@link UsageError} for one that no server is given for. */
export function pathsOf(
  { path = 'all' }: Values,
  servers: readonly CallIceServer[],
  policy: IceTransportPolicy,
): readonly CallPath[] {
  if (path !== 'all') {
    if (policy === 'relay' && needsNoRelay(path)) {
      throw new UsageError(`--path ${path} and the policy "relay" contradict each other`, 'drop one of them');
    }
    if (path !== 'any' && path !== 'host' && serversFor(path, servers).length === 0) {
      throw new UsageError(`--path ${path} needs ${NEEDS[path] ?? 'a server'}, and none is given`, 'add its URL');
    }
    return [policy === 'relay' && path === 'any' ? 'relay' : path];
  }
  return separatePaths(servers, policy);
}

const NEEDS: Readonly<Record<string, string>> = {
  srflx: 'a STUN server, or TURN over UDP',
  relay: 'a TURN server',
  'relay/udp': 'a TURN server over UDP (turn:HOST)',
  'relay/tcp': 'a TURN server over TCP (turn:HOST?transport=tcp)',
  'relay/tls': 'a TURN server over TLS (turns:HOST)',
};

function needsNoRelay(path: CallPath): boolean {
  return path === 'host' || path === 'srflx';
}

export interface CallTimes {
  readonly connectMs: number;
  readonly durationMs: number;
  /** Of the whole run. */
  readonly deadlineMs: number;
}

/** Who waits for a person, or for another end that decides how much is to be done. */
const MEETING_MS = 10 * 60_000;

/** The same where the other end is elsewhere; `patient` where people carry the messages. */
export function meetingTimes(given: Values, paths: number, patient: boolean): CallTimes {
  const times = timesOf(given, paths);
  if (given.timeout !== undefined) return times;
  return { ...times, deadlineMs: MEETING_MS + times.deadlineMs, ...(patient ? { connectMs: MEETING_MS } : {}) };
}

export function timesOf(given: Values, paths: number): CallTimes {
  const durationMs = 1000 * (given.duration ?? 1);
  if (given.timeout === undefined) {
    return { connectMs: CONNECT_MS, durationMs, deadlineMs: paths * (CONNECT_MS + durationMs) + SLACK_MS };
  }
  const deadlineMs = 1000 * given.timeout;
  // Each path has its share, so that one which fails leaves time to try the next; and all say how they ended.
  const share = (deadlineMs - Math.min(1000, deadlineMs / 4)) / paths;
  const measureMs = Math.min(durationMs, share / 4);
  return { connectMs: Math.min(CONNECT_MS, (share - measureMs) * 0.8), durationMs: measureMs, deadlineMs };
}

/** Handing credentials on to the peer is what they are for. */
export function callServers({ servers }: Configuration): CallIceServer[] {
  return servers.map(({ urls, username, credential }) => ({
    urls: urls.map(({ text }) => text),
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential: credential.reveal() }),
  }));
}

/** Both ends are here: without any other interface, loopback is what there is. */
export function hasLoopbackOnly(): boolean {
  return listInterfaces().every(({ kind }) => kind === 'loopback');
}
