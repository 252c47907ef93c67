import type { RunEvent } from '../../record/events.ts';
import type { Call, CallPeer, CandidatePair } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';
import { blockedPath, mergedByServer } from './call-path.ts';

/** What the connections of a call show: why one did not come about, was lost, or came late. */
export const callRules: readonly Rule[] = [failures, lost, slow, relayOnly];

/** One cause for each connection that did not come about: the first that its evidence carries. */
function failures(view: View): Conclusion[] {
  const found = callsOf(view).flatMap((call) => {
    if (call.outcome === 'crashed') return [crashed(view, call)];
    if (call.outcome !== 'failed') return [];
    const cause = dtlsFailed(view, call) ?? lateCandidates(view, call) ?? oneWay(view, call);
    if (cause !== undefined) return [cause];
    // Beside one that an application would get, a direct path that does not work is no fault: relays are there for that.
    const direct = call.path === 'host' || call.path === 'srflx';
    const works = callsOf(view).some(({ path, outcome }) => path === 'any' && outcome === 'connected');
    return direct && works ? [] : [blockedPath(view, call)];
  });
  return mergedByServer(found);
}

function crashed(view: View, call: Call): Conclusion {
  return {
    ...about(view, call, ({ type }) => type === 'peer-state'),
    id: 'call.stack-crashed',
    confidence: 'certain',
    params: { path: call.path, problem: call.reason ?? '' },
  };
}

/** ICE found a pair that carries checks both ways, and the handshake over it (RFC 8842) did not end. */
function dtlsFailed(view: View, call: Call): Conclusion | undefined {
  const { iceMs, channelMs } = call.timing;
  const works = call.peers.some(({ pairs }) =>
    pairs.some(
      ({ state, nominated, responsesReceived }) => state === 'succeeded' && nominated && responsesReceived > 0,
    ),
  );
  if ((iceMs === null && !works) || channelMs !== null) return undefined;
  const refused = call.peers.some((peer) => reached(peer, 'dtls', 'failed'));
  const finished = call.peers.some((peer) => reached(peer, 'dtls', 'connected'));
  // ICE alone may have come and gone; what ended last is what failed.
  if (finished || (!refused && call.reason?.startsWith('dtls') !== true)) return undefined;
  return {
    ...about(view, call, (event) => event.type === 'peer-state' && event.machine !== 'gathering'),
    id: 'call.dtls-failed',
    confidence: refused ? 'certain' : 'likely',
    params: { path: call.path, refused, silent: !refused, iceMs },
  };
}

/**
 * Checks of the other end arrive and are answered, and nothing comes back to ours. With both ends here, each tells what it
 * received; with one, that its requests stay unanswered while those of the other end come in.
 */
function oneWay(view: View, call: Call): Conclusion | undefined {
  const [first, second] = call.peers;
  if (first === undefined) return undefined;
  const { thresholds } = view;
  const hears = (peer: CallPeer): boolean => peer.pairs.some(({ requestsReceived }) => requestsReceived > 0);
  const isAnswered = (peer: CallPeer): boolean => peer.pairs.some(({ responsesReceived }) => responsesReceived > 0);
  const sent = (peer: CallPeer): number => Math.max(0, ...peer.pairs.map(({ requestsSent }) => requestsSent));
  const hearing = call.peers.filter((peer) => hears(peer) && !isAnswered(peer));
  const [listener] = hearing;
  if (listener === undefined || hearing.length > 1 || sent(listener) < thresholds.sendsForSilence) return undefined;
  // The other end, where we see it, must have heard nothing.
  if (second !== undefined && call.peers.some((peer) => peer !== listener && hears(peer))) return undefined;
  const heard = listener.pairs.filter(({ requestsReceived }) => requestsReceived > 0);
  const [pair] = heard;
  return {
    ...about(view, call, (event) => event.type === 'candidate-pair' && event.peer === listener.peer),
    id: 'call.one-way',
    confidence: second === undefined ? 'likely' : 'certain',
    params: {
      path: call.path,
      listener: listener.peer,
      speaker: listener.peer === 'offerer' ? 'answerer' : 'offerer',
      received: heard.reduce((sum, each) => sum + each.requestsReceived, 0),
      sent: heard.reduce((sum, each) => sum + each.requestsSent, 0),
      pair: pair === undefined ? '' : wordsOf(pair),
    },
  };
}

/** What the other end had to offer came when it was too late, or could not be taken. */
function lateCandidates(view: View, call: Call): Conclusion | undefined {
  const { lateCandidateMs } = view.thresholds;
  for (const peer of call.peers) {
    const described = describedMs(view, call, peer);
    const received = peer.candidates.filter(({ direction }) => direction === 'received');
    const usable = received.filter(({ error }) => error === null);
    const refused = received.filter(({ error }) => error !== null);
    const [first] = usable;
    const lateMs = first === undefined || described === undefined ? 0 : first.ms - described;
    const allRefused = usable.length === 0 && refused.length > 0;
    if (lateMs <= lateCandidateMs && !allRefused) continue;
    return {
      ...about(view, call, (event) => event.type === 'signaling' && event.peer === peer.peer),
      id: 'call.late-candidates',
      ...(call.outcome === 'connected' ? { severity: 'warning' as const } : {}),
      confidence: 'likely',
      params: {
        path: call.path,
        peer: peer.peer,
        count: received.length,
        ...(allRefused ? { problem: refused[0]?.error ?? '' } : { lateMs }),
      },
    };
  }
  return undefined;
}

/** The instant of the run at which a peer knew the other end's description. */
function describedMs(view: View, call: Call, peer: CallPeer): number | undefined {
  const wanted = peer.peer === 'offerer' ? 'answer' : 'offer';
  const told = view.events.find(
    (event) =>
      event.type === 'signaling' &&
      event.call === call.path &&
      event.peer === peer.peer &&
      event.direction === 'received' &&
      event.message === wanted,
  );
  const ms = wanted === 'answer' ? call.timing.answerMs : call.timing.offerMs;
  return told?.ms ?? (ms === null ? undefined : call.startedMs + ms);
}

/** RFC 7675: a path that no longer answers is given up after 30 s at most, whatever still arrives on it. */
function lost(view: View): Conclusion[] {
  return callsOf(view).flatMap((call): Conclusion[] => {
    const restarts = Math.max(0, ...call.peers.map((peer) => peer.restarts));
    if (call.outcome !== 'lost' && (call.outcome !== 'connected' || restarts === 0)) return [];
    const breaks = call.peers.flatMap(({ states }) =>
      states.filter(
        ({ machine, state }) => machine === 'connection' && (state === 'disconnected' || state === 'failed'),
      ),
    );
    const brokeMs = Math.min(...breaks.map(({ ms }) => ms));
    const opened = call.timing.channelMs ?? 0;
    return [
      {
        ...about(view, call, ({ type }) => type === 'peer-state' || type === 'candidate-pair'),
        id: 'call.consent-lost',
        ...(call.outcome === 'connected' ? { severity: 'warning' as const } : {}),
        confidence: 'certain',
        params: {
          path: call.path,
          ...(Number.isFinite(brokeMs) ? { aliveMs: Math.max(0, brokeMs - call.startedMs - opened) } : {}),
          pair: call.selected === null ? '' : wordsOf(call.selected),
          recovered: call.outcome === 'connected',
          gone: call.outcome === 'lost',
          restarts,
        },
      },
    ];
  });
}

/** It came about, and later than people wait gladly: the step that took longest. */
function slow(view: View): Conclusion[] {
  const { connectMs } = view.thresholds;
  return callsOf(view).flatMap((call): Conclusion[] => {
    const { channelMs } = call.timing;
    if (call.outcome !== 'connected' || channelMs === null || channelMs <= connectMs) return [];
    const late = lateCandidates(view, call);
    if (late !== undefined) return [late];
    const [longest] = stepsOf(call).toSorted((a, b) => b.ms - a.ms);
    if (longest === undefined) return [];
    return [
      {
        ...about(view, call, ({ type }) => type === 'peer-state' || type === 'signaling'),
        id: 'call.slow-connect',
        confidence: 'certain',
        params: { path: call.path, channelMs, stepMs: longest.ms, step: longest.step, [longest.step]: true },
      },
    ];
  });
}

type Step = 'gathering' | 'signaling' | 'checks' | 'dtls' | 'channel';

function stepsOf({ timing }: Call): { readonly step: Step; readonly ms: number }[] {
  const { offerMs, answerMs, iceMs, dtlsMs, connectedMs, channelMs } = timing;
  const marks: readonly (readonly [Step, number | null])[] = [
    ['gathering', offerMs],
    ['signaling', answerMs],
    ['checks', iceMs],
    ['dtls', dtlsMs ?? connectedMs],
    ['channel', channelMs],
  ];
  const steps: { step: Step; ms: number }[] = [];
  let before = 0;
  for (const [step, at] of marks) {
    if (at === null) continue;
    steps.push({ step, ms: Math.max(0, at - before) });
    before = Math.max(before, at);
  }
  return steps;
}

/** What an application would get goes through a relay: it works, and costs its owner what it carries. */
function relayOnly(view: View): Conclusion[] {
  if (view.observation.configuration.iceTransportPolicy === 'relay') return [];
  return callsOf(view)
    .filter(({ path, outcome, selected }) => path === 'any' && outcome === 'connected' && selected !== null)
    .filter(({ selected }) => selected !== null && isRelayed(selected))
    .map((call) => {
      const direct = callsOf(view).filter(({ path }) => path === 'host' || path === 'srflx');
      return {
        ...about(view, call, (event) => event.type === 'candidate-pair' && event.pair.selected),
        id: 'call.relay-only',
        // That another path does not work is known only where it was tried by itself.
        confidence: direct.length > 0 && direct.every(({ outcome }) => outcome !== 'connected') ? 'certain' : 'likely',
        params: {
          path: call.path,
          pair: call.selected === null ? '' : wordsOf(call.selected),
          tried: direct.map(({ path }) => path),
        },
      } as const;
    });
}

function isRelayed({ local, remote }: CandidatePair): boolean {
  return local.candidateType === 'relay' || remote.candidateType === 'relay';
}

function reached(peer: CallPeer, machine: string, name: string): boolean {
  return peer.states.some((each) => each.machine === machine && each.state === name);
}

function callsOf(view: View): readonly Call[] {
  return view.observation.calls ?? [];
}

function wordsOf({ local, remote }: CandidatePair): string {
  return `${local.candidateType} - ${remote.candidateType}`;
}

/** What every conclusion about a connection begins with. */
export function about(
  view: View,
  call: Call,
  isEvidence: (event: RunEvent) => boolean,
): Pick<Conclusion, 'subject' | 'urls' | 'evidence'> {
  return {
    subject: `path ${call.path}`,
    urls: [],
    evidence: view.evidence.where((event) => 'call' in event && event.call === call.path && isEvidence(event)),
  };
}
