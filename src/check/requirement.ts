import type { Family, TransportKind } from '../core/address.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { askedServers } from '../record/asked.ts';
import type { Attempt, Report, Server } from '../record/report.ts';
import type { Check, CheckError, Outcome } from './check.ts';

/** What must come about: `relay/udp`, `relay/tls/6@turns:turn.example.org`, `srflx`, `host`. */
export interface Requirement {
  readonly type: 'host' | 'srflx' | 'relay';
  readonly transport?: TransportKind;
  readonly family?: Family;
  /** A URL as configured; absent: any of them. */
  readonly url?: string;
}

/** Parses one item of `--require`. */
export function parseRequirement(text: string): Result<Requirement, CheckError> {
  const at = text.indexOf('@');
  const [type = '', ...modifiers] = (at < 0 ? text : text.slice(0, at)).split('/');
  const url = at < 0 ? undefined : text.slice(at + 1);
  if (type !== 'host' && type !== 'srflx' && type !== 'relay') {
    return error(text, `"${type}" is no candidate type`, 'use host, srflx or relay, as in relay/udp or srflx');
  }
  if (url === '') return error(text, 'no URL after "@"', 'write the URL as it is configured, or leave "@" out');
  let requirement: Requirement = { type, ...(url !== undefined && { url }) };
  for (const modifier of modifiers) {
    if (modifier === '4' || modifier === '6') requirement = { ...requirement, family: modifier === '4' ? 4 : 6 };
    else if (modifier === 'udp' || modifier === 'tcp' || modifier === 'tls') {
      if (type !== 'relay') {
        return error(text, `"${modifier}" says how a relay is reached`, `use it with relay: relay/${modifier}`);
      }
      requirement = { ...requirement, transport: modifier };
    } else return error(text, `"${modifier}" is neither a transport nor a family`, 'use udp, tcp, tls, 4 or 6');
  }
  return ok(requirement);
}

/** A relay counts only when data crossed it: a candidate alone proves no call. */
export function requirementCheck(requirement: Requirement): Check {
  return {
    text: `require ${requirementText(requirement)}`,
    evaluate: (report) =>
      requirement.type === 'relay' ? evaluateRelay(requirement, report) : evaluateCandidates(requirement, report),
    impossible: (urls) => impossible(requirement, urls),
  };
}

export function requirementText({ type, transport, family, url }: Requirement): string {
  const modifiers = [transport, family].filter((part) => part !== undefined);
  return `${[type, ...modifiers].join('/')}${url === undefined ? '' : `@${url}`}`;
}

function evaluateRelay(requirement: Requirement, report: Report): Outcome {
  const servers = askedServers(report).filter(
    (server) => requirement.url === undefined || server.url === requirement.url,
  );
  const attempts = servers.flatMap((server) => server.attempts.filter((attempt) => matches(requirement, attempt)));
  if (attempts.some(dataCrossed)) return { met: true, value: attempts.filter(dataCrossed).length };
  const open = attempts.some((attempt) => stageOf(attempt, 'relay-data') === undefined && !hasFailed(attempt));
  if (open || (attempts.length === 0 && servers.some(isUndetermined))) {
    return { met: null, value: 0, because: 'whether data crosses the relay was not determined' };
  }
  return { met: false, value: 0, because: 'no data crossed such a relay', subjects: servers.map(({ url }) => url) };
}

function evaluateCandidates(requirement: Requirement, report: Report): Outcome {
  const gatherings = report.gatherings ?? [];
  const candidates = gatherings
    .flatMap((gathering) => gathering.candidates)
    .filter((candidate) => {
      const family = candidate.address.includes(':') ? 6 : 4;
      return (
        candidate.type === requirement.type &&
        (requirement.family === undefined || family === requirement.family) &&
        (requirement.url === undefined || candidate.url === requirement.url)
      );
    });
  if (candidates.length > 0) return { met: true, value: candidates.length };
  // Without a NAT a server-reflexive address is the host's own and left out as redundant: the server did answer.
  if (requirement.type === 'srflx' && answered(requirement, report)) return { met: true, value: 0 };
  if (!gatherings.some((gathering) => gathering.states.at(-1)?.state === 'complete')) {
    return { met: null, value: 0, because: 'gathering did not complete' };
  }
  const subjects = askedServers(report).map(({ url }) => url);
  return { met: false, value: 0, because: `no ${requirement.type} candidate was gathered`, subjects };
}

function answered(requirement: Requirement, report: Report): boolean {
  return askedServers(report)
    .filter((server) => requirement.url === undefined || server.url === requirement.url)
    .flatMap((server) => server.attempts)
    .some((attempt) => matches(requirement, attempt) && stageOf(attempt, 'binding')?.status === 'pass');
}

function matches(requirement: Requirement, attempt: Attempt): boolean {
  return (
    (requirement.transport === undefined || attempt.transport === requirement.transport) &&
    (requirement.family === undefined || attempt.family === requirement.family)
  );
}

export function stageOf(attempt: Attempt, name: Attempt['stages'][number]['stage']) {
  return attempt.stages.find((stage) => stage.stage === name);
}

export function dataCrossed(attempt: Attempt): boolean {
  const stage = stageOf(attempt, 'relay-data');
  return stage !== undefined && (stage.status === 'pass' || stage.status === 'warn');
}

function hasFailed(attempt: Attempt): boolean {
  return attempt.stages.some((stage) => stage.status === 'fail' && stage.data.cause !== 'not-run');
}

function isUndetermined(server: Server): boolean {
  return server.verdict === 'undetermined';
}

/** A requirement that no configured URL could ever meet is a mistake in writing it. */
function impossible(requirement: Requirement, urls: readonly string[]): string | undefined {
  if (requirement.url !== undefined && !urls.includes(requirement.url)) {
    return `${requirement.url} is none of the configured URLs (${urls.join(', ')})`;
  }
  if (requirement.type === 'host') return undefined;
  const wanted = requirement.url === undefined ? urls : [requirement.url];
  const fitting = wanted.filter((url) => canGive(url, requirement));
  if (fitting.length > 0) return undefined;
  return `none of the configured URLs can give ${requirementText(withoutUrl(requirement))}`;
}

function canGive(url: string, requirement: Requirement): boolean {
  const lower = url.toLowerCase();
  if (requirement.type === 'srflx') return true;
  if (!lower.startsWith('turn')) return false;
  if (requirement.transport === undefined) return true;
  const tls = lower.startsWith('turns:');
  const tcp = lower.includes('transport=tcp');
  return requirement.transport === (tls ? 'tls' : tcp ? 'tcp' : 'udp');
}

function error(text: string, message: string, hint: string): Result<never, CheckError> {
  return fail({ option: 'require', text, message, hint });
}

function withoutUrl({ url: _, ...rest }: Requirement): Requirement {
  return rest;
}
