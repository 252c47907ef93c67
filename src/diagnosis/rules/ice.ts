import type { Gathering } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { ServerView, View } from '../view.ts';

export const iceRules: readonly Rule[] = [noRelay, noSrflx];

/** TURN was configured, gathering ended, and no relay candidate came. Mostly another finding says why. */
function noRelay(view: View): Conclusion[] {
  const turn = view.servers.filter(isTurn);
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    const [first] = turn;
    if (first === undefined || turn.some(isOpen)) return [];
    if (gathering.candidates.some((candidate) => candidate.type === 'relay')) return [];
    return [missing(view, gathering, 'ice.no-relay', turn)];
  });
}

/**
 * No server-reflexive candidate although somebody was asked. Without a NAT there is nothing to learn: then the mapped
 * address is a host candidate's, and the gatherer has left it out as redundant (RFC 8445 5.1.3).
 */
function noSrflx(view: View): Conclusion[] {
  if (view.observation.configuration.iceTransportPolicy === 'relay') return [];
  // Chromium and this gatherer learn it over UDP alone: over TCP the mapping is of no use to UDP candidates.
  const asked = view.servers.filter((server) => server.uri?.transport === 'udp');
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    const came =
      gathering.candidates.some((candidate) => candidate.type === 'srflx') ||
      gathering.omitted.some((omitted) => / typ srflx\b/.test(omitted.candidate));
    if (asked.length === 0 || came || asked.some(isOpen)) return [];
    const conclusion = missing(view, gathering, 'ice.no-srflx', asked);
    const relayed = gathering.candidates.some((candidate) => candidate.type === 'relay');
    return [{ ...conclusion, severity: relayed ? 'warning' : 'error' }];
  });
}

function isTurn(server: ServerView): boolean {
  return server.uri?.scheme === 'turn' || server.uri?.scheme === 'turns';
}

/** Cut off before it could give anything: what it would have given is not known. */
function isOpen(server: ServerView): boolean {
  return server.server.verdict === 'undetermined';
}

/** The gathering with all servers together, once it ended. */
function gatheringsOfAll(view: View): Gathering[] {
  return (view.observation.gatherings ?? []).filter(
    (gathering) => gathering.url === null && gathering.states.at(-1)?.state === 'complete',
  );
}

function missing(
  view: View,
  gathering: Gathering,
  id: 'ice.no-relay' | 'ice.no-srflx',
  servers: readonly ServerView[],
): Conclusion {
  const urls = servers.map((server) => server.url);
  const errors = gathering.errors.filter((error) => urls.includes(error.url));
  return {
    id,
    subject: urls[0] ?? gathering.vantage,
    urls,
    confidence: 'certain',
    params: {
      vantage: gathering.vantage,
      errors: errors.map((error) => `${error.errorCode} ${error.errorText}`.trim()),
      candidates: gathering.candidates.length,
    },
    evidence: view.evidence.where(
      (event) => event.type === 'candidate-error' && event.gathering === null && urls.includes(event.url),
    ),
  };
}
