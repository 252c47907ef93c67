import { parseServerUri } from '../core/stun/uri.ts';
import type { Attempt, Candidate, Gathering, Report, Server } from '../record/report.ts';

/** What became of one URL, seen from one place. */
export interface Outcome {
  /**
   * `works`: it gave what it is for. `silent-ok`: it was asked, said nothing wrong and gave no candidate of its own (a STUN
   * server without a NAT in between). `fails`: it is through without a result. `open`: no result yet, or cut off. `untried`.
   */
  readonly word: 'works' | 'silent-ok' | 'fails' | 'open' | 'untried';
  /** How long it took, in milliseconds; null where there is no result. */
  readonly ms: number | null;
  /** Of the error that counts: a STUN error code, 701, or 0 where the browser refused the URL. */
  readonly code: number | null;
  /** In words, as the vantage told it. */
  readonly text: string;
}

type Seen = Pick<Report, 'gatherings' | 'servers'>;

const UNTRIED: Outcome = { word: 'untried', ms: null, code: null, text: '' };

/** By the connection that had this URL alone; else by what the one with all servers says of it. */
export function browserOutcome({ gatherings = [] }: Seen, url: string): Outcome {
  const own = gatherings.filter((gathering) => gathering.vantage === 'browser');
  const alone = own.find((gathering) => gathering.url === url);
  if (alone !== undefined) return outcomeOfGathering(alone, url, alone.candidates, alone.errors);
  const all = own.find((gathering) => gathering.url === null);
  if (all === undefined) return UNTRIED;
  const candidates = all.candidates.filter((candidate) => candidate.url === url);
  const errors = all.errors.filter((error) => error.url === url);
  if (candidates.length + errors.length > 0) return outcomeOfGathering(all, url, candidates, errors);
  // Firefox names no server: that no relay came at all says something of each TURN server, anything else of none.
  const relayed = all.candidates.some((candidate) => candidate.type === 'relay');
  return isTurn(url) && !relayed ? outcomeOfGathering(all, url, [], []) : UNTRIED;
}

export function terminalOutcome({ servers = [] }: Seen, url: string): Outcome {
  const server = servers.find((each) => each.url === url);
  if (server === undefined) return UNTRIED;
  const good = server.attempts.filter(({ verdict }) => verdict === 'ok' || verdict === 'warning');
  if (good.length > 0) {
    return { word: 'works', ms: Math.min(...good.map(durationOf)), code: null, text: '' };
  }
  const failed = server.attempts.find((attempt) => attempt.verdict === 'error');
  if (failed !== undefined && !server.attempts.some((attempt) => attempt.verdict === 'undetermined')) {
    return failureOf(server);
  }
  if (server.attempts.length === 0 && server.resolve?.status === 'fail') return failureOf(server);
  return { word: 'open', ms: null, code: null, text: '' };
}

function outcomeOfGathering(
  gathering: Gathering,
  url: string,
  candidates: readonly Candidate[],
  errors: Gathering['errors'],
): Outcome {
  const wanted = isTurn(url) ? 'relay' : 'srflx';
  const start = gathering.states.find(({ state }) => state === 'gathering')?.ms ?? gathering.states[0]?.ms ?? 0;
  const first = candidates.find((candidate) => candidate.type === wanted);
  if (first !== undefined) return { word: 'works', ms: first.ms - start, code: null, text: '' };
  const complete = gathering.states.find(({ state }) => state === 'complete');
  // 701 comes once for each address family and interface; what a server answered tells more.
  const error = errors.find(({ errorCode }) => errorCode !== 701) ?? errors[0];
  if (error !== undefined && (complete !== undefined || error.errorCode !== 701)) {
    return { word: 'fails', ms: error.ms - start, code: error.errorCode, text: error.errorText };
  }
  if (complete === undefined) return { word: 'open', ms: null, code: null, text: '' };
  return { word: isTurn(url) ? 'fails' : 'silent-ok', ms: complete.ms - start, code: null, text: '' };
}

function failureOf(server: Server): Outcome {
  const stages = [
    ...server.attempts.flatMap((attempt) => attempt.stages.map((stage) => ({ stage, ms: durationOf(attempt) }))),
    ...(server.resolve === undefined ? [] : [{ stage: server.resolve, ms: server.resolve.ms }]),
  ].filter(({ stage }) => stage.status === 'fail' && stage.data.cause !== 'not-run');
  // An answer tells more than silence.
  const telling = stages.find(({ stage }) => stage.data.errorCode !== undefined) ?? stages.find(isAnswer) ?? stages[0];
  if (telling === undefined) return { word: 'fails', ms: null, code: null, text: '' };
  const { stage, ms } = telling;
  return { word: 'fails', ms, code: stage.data.errorCode ?? null, text: `${stage.stage}: ${stage.detail}` };
}

function isAnswer({ stage }: { readonly stage: Server['attempts'][number]['stages'][number] }): boolean {
  return !['timeout', 'unreachable', 'local'].includes(stage.data.cause ?? '');
}

/** Up to what the URL is for; what follows (data, refresh) asks other questions. */
function durationOf(attempt: Attempt): number {
  const last = attempt.stages.findLastIndex(({ stage }) => stage === 'allocate' || stage === 'binding');
  const counted = last < 0 ? attempt.stages : attempt.stages.slice(0, last + 1);
  return counted.reduce((total, { status, ms }) => (status === 'skip' ? total : total + ms), 0);
}

function isTurn(url: string): boolean {
  const uri = parseServerUri(url);
  return uri.ok && (uri.value.scheme === 'turn' || uri.value.scheme === 'turns');
}
