import type { Gathering, Server } from '../../record/report.ts';
import { catalogueEntry, type FindingId } from '../catalogue.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { showDuration } from '../render.ts';
import type { ServerView, View } from '../view.ts';
import { gatheringsOfAll, isTurn } from './gatherings.ts';
import { slowGathering } from './ice-slow.ts';

export const iceRules: readonly Rule[] = [noRelay, noSrflx, slowGathering, hostHidden];

/** TURN was configured, gathering ended, and no relay candidate came. Mostly another finding says why. */
function noRelay(view: View): Conclusion[] {
  const turn = view.servers.filter(isTurn);
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    const [first] = turn;
    if (first === undefined || turn.some(isOpen) || cameAnywhere(view, 'relay')) return [];
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
  const asked = view.servers.filter((server) => server.uri?.transport === 'udp' && server.uri.dtls !== true);
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    if (asked.length === 0 || asked.some(isOpen) || cameAnywhere(view, 'srflx')) return [];
    if (gathering.vantage === 'browser' && !asked.every(({ url }) => isUnreached(gathering, url))) return [];
    const conclusion = missing(view, gathering, 'ice.no-srflx', asked);
    const relayed = gathering.candidates.some((candidate) => candidate.type === 'relay');
    return [{ ...conclusion, severity: relayed ? 'warning' : 'error' }];
  });
}

/** To the terminal or to a browser, kept or left out: where only one of them got it, `ice.vantages-differ` says so. */
function cameAnywhere(view: View, type: 'relay' | 'srflx'): boolean {
  return gatheringsOfAll(view).some(
    ({ candidates, omitted }) =>
      candidates.some((candidate) => candidate.type === type) ||
      omitted.some(({ candidate }) => new RegExp(` typ ${type}\\b`).test(candidate)),
  );
}

/** A browser does not tell what it leaves out as redundant: only where nobody answered is a missing candidate missed. */
function isUnreached({ errors }: Gathering, url: string): boolean {
  const own = errors.filter((error) => error.url === url);
  return own.length > 0 && own.every((error) => error.errorCode === 701);
}

/** Cut off before it could give anything: what it would have given is not known. */
function isOpen({ server }: ServerView): boolean {
  return server.verdict === 'undetermined';
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
      errors: [...new Set(errors.map((error) => `${error.errorCode} ${error.errorText}`.trim()))],
      candidates: gathering.candidates.length,
    },
    evidence: view.evidence.where(
      (event) => event.type === 'candidate-error' && event.gathering === null && urls.includes(event.url),
    ),
  };
}

/** A browser that hides addresses behind `.local` names: privacy, and no failure (RFC 8828, draft-ietf-mmusic-mdns-ice-candidates). */
function hostHidden(view: View): Conclusion[] {
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    const hosts = gathering.candidates.filter((candidate) => candidate.type === 'host');
    const hidden = hosts.filter((candidate) => candidate.address.endsWith('.local'));
    if (hidden.length === 0) return [];
    return [
      {
        id: 'ice.host-hidden',
        subject: gathering.vantage,
        urls: [],
        confidence: 'certain',
        params: { hidden: hidden.length, hosts: hosts.length },
        evidence: view.evidence.where(
          (event) => event.type === 'candidate' && event.candidate.address.endsWith('.local'),
        ),
      },
    ];
  });
}

/**
 * A URL that failed and that no finding speaks of: nothing may fail in silence. Comes last, and gives no cause, since a
 * wrong name is worse than none.
 */
export function unexplained(
  view: View,
  conclusions: readonly Conclusion[],
  severityOf: (each: Conclusion) => string,
): Conclusion[] {
  const speaking = conclusions.filter((each) => isCause(each) && (severityOf(each) === 'error' || disarms(each)));
  const told = new Set(speaking.flatMap((each) => each.urls));
  const global = speaking.some((each) => each.urls.length === 0);
  if (global) return [];
  return view.servers
    .filter(({ url, works, server }) => !works && server.verdict === 'error' && !told.has(url))
    .map(({ url, server, targets }): Conclusion => {
      const failure = targets.find((target) => target.failure !== undefined)?.failure;
      const stage = failure?.stage ?? failedStageOf(server);
      const id: FindingId = 'ice.server-failed';
      return {
        id,
        subject: url,
        urls: [url],
        confidence: 'certain',
        params: {
          stage: stage?.stage ?? '',
          problem: stage?.detail ?? '',
          took: stage === undefined ? '' : showDuration(stage.ms),
          hint: hintOf(view, url),
        },
        evidence: failure === undefined ? [] : view.evidence.ofStage(failure.attempt, failure.stage.stage),
      };
    });
}

function isCause({ id }: Conclusion): boolean {
  return !id.startsWith('ice.');
}

function disarms({ id }: Conclusion): boolean {
  const entry = catalogueEntry(id);
  return entry.disarms === true && entry.explains?.includes('ice.server-failed') === true;
}

function failedStageOf(server: Server): Server['resolve'] {
  return server.attempts.flatMap(({ stages }) => stages).find(({ status }) => status === 'fail') ?? server.resolve;
}

/** What would settle it, where that is known: `udp-or-server` if UDP is silent and TCP to the same host answers. */
function hintOf(view: View, url: string): string | null {
  const own = view.servers.find((server) => server.url === url);
  const silentUdp = own?.targets.some(
    (target) => target.transport === 'udp' && target.failure?.stage.data.cause === 'timeout',
  );
  const stream = view.everything.find(
    (target) => target.uri?.host === own?.uri?.host && target.transport !== 'udp' && target.outcome === 'works',
  );
  return silentUdp === true && stream !== undefined ? stream.url : null;
}
