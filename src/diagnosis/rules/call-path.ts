import { parseServerUri } from '../../core/stun/uri.ts';
import type { Call, CallPeer } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { View } from '../view.ts';
import { serverErrors } from './call-servers.ts';

/** No candidate pair carries a check there and its answer back: what each kind of pair saw. */
export function blockedPath(view: View, call: Call): Conclusion {
  const kinds = kindsOf(call);
  const cause = causeOf(call, kinds);
  const errors = serverErrors(view, call);
  return {
    id: 'call.no-path',
    subject: `path ${call.path}`,
    urls: [],
    // Of a dump of others nobody knows what was told to the other end.
    confidence: !isOurs(call) ? 'possible' : cause === 'unanswered' ? 'likely' : 'certain',
    // What an end lacks may be its servers' fault, its own, or that of the way to them.
    ...(cause === 'unanswered' ? {} : { locus: 'unknown' as const }),
    params: {
      path: call.path,
      cause,
      [cause]: true,
      kinds: kinds.map(wordsOf),
      errors: errors.words,
      deafRelay: cause === 'unanswered' && call.path.startsWith('relay'),
      deafPath: cause === 'unanswered' && !call.path.startsWith('relay'),
    },
    evidence: view.evidence
      .where(
        (event) =>
          'call' in event &&
          event.call === call.path &&
          (event.type === 'candidate-pair' || (event.type === 'peer-state' && event.machine !== 'signaling')),
      )
      .concat(errors.evidence),
  };
}

/** A server that gives nothing is one cause, however many paths need it. */
export function mergedByServer(conclusions: readonly Conclusion[]): Conclusion[] {
  const merged = new Map<unknown, Conclusion>();
  for (const conclusion of conclusions) {
    const key = serversMissing(conclusion) ?? conclusion;
    const before = merged.get(key);
    merged.set(key, before === undefined ? conclusion : both(before, conclusion));
  }
  return [...merged.values()];
}

/** The hosts whose errors left an end without candidates; undefined where that is not the cause, or none is named. */
function serversMissing({ id, params }: Conclusion): string | undefined {
  const errors = params?.['errors'];
  if (id !== 'call.no-path' || params?.['noCandidates'] !== true || !Array.isArray(errors)) return undefined;
  const hosts = errors.flatMap((error) => {
    const uri = parseServerUri(String(error).split(': ', 1)[0] ?? '');
    return uri.ok ? [uri.value.host] : [];
  });
  return hosts.length === 0 ? undefined : [...new Set(hosts)].sort().join(' ');
}

function both(a: Conclusion, b: Conclusion): Conclusion {
  const listed = (name: string): readonly string[] => [
    ...new Set([a, b].flatMap(({ params }) => [params?.[name] ?? []].flat().map(String))),
  ];
  const path = listed('path').join(', ');
  return {
    ...a,
    subject: `paths ${path}`,
    params: { ...a.params, path, kinds: listed('kinds'), errors: listed('errors') },
    evidence: [...new Set([...a.evidence, ...b.evidence])],
  };
}

/**
 * `noAnswer`: the other end never answered the offer. `noCandidates`: an end has none of the kind. `unanswered`: checks were
 * sent and nothing came back. `unchecked`: there was no pair to check.
 */
type Cause = 'noAnswer' | 'noCandidates' | 'unanswered' | 'unchecked';

function causeOf(call: Call, kinds: readonly Kind[]): Cause {
  const offerer = call.peers.find(({ peer }) => peer === 'offerer');
  if (offerer !== undefined && call.timing.answerMs === null && call.reason?.startsWith('signaling') === true) {
    return 'noAnswer';
  }
  if (isOurs(call) && call.peers.some((peer) => !tells(peer, 'sent') || !tells(peer, 'received')))
    return 'noCandidates';
  return kinds.some(({ sent }) => sent > 0) ? 'unanswered' : 'unchecked';
}

/** One of our own sessions, whose every step is on record. */
function isOurs({ peers }: Call): boolean {
  return peers.some(({ states }) => states.some(({ machine }) => machine === 'call'));
}

function tells(peer: CallPeer, direction: 'sent' | 'received'): boolean {
  return peer.candidates.some((each) => each.direction === direction && each.error === null);
}

interface Kind {
  readonly name: string;
  sent: number;
  answered: number;
  received: number;
}

/** Local kind - remote kind, with the checks of all such pairs, at the ends that we see. */
function kindsOf(call: Call): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const { pairs } of call.peers) {
    for (const { local, remote, requestsSent, responsesReceived, requestsReceived } of pairs) {
      const name = `${local.candidateType}-${remote.candidateType}`;
      const kind = kinds.get(name) ?? { name, sent: 0, answered: 0, received: 0 };
      kind.sent += requestsSent;
      kind.answered += responsesReceived;
      kind.received += requestsReceived;
      kinds.set(name, kind);
    }
  }
  return [...kinds.values()];
}

function wordsOf({ name, sent, answered, received }: Kind): string {
  return `${name}: ${sent} checks sent, ${answered} answered, ${received} received`;
}
