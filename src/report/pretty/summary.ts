import { askedServers } from '../../record/asked.ts';
import type { CandidateType, Gathering, Report } from '../../record/report.ts';
import { plural } from '../layout.ts';

/** What a run without a grave finding came to, in one line. */
export function summaryOf(report: Report): string {
  const told = [callWords(report), gatheringWords(report), relayWords(report)]
    .filter((words) => words !== '')
    .join('; ');
  if (report.verdict === 'undetermined') return told === '' ? 'Not determined' : `Not determined; so far ${told}`;
  if (told !== '') return told;
  return report.command === 'lint' ? 'Nothing wrong with the configuration' : 'Nothing wrong was found';
}

/** `connected over 5 of 6 paths`; paths for which there is nothing to try do not count. */
function callWords({ calls = [] }: Report): string {
  const tried = calls.filter(({ outcome }) => outcome !== 'no-candidates');
  const connected = tried.filter(({ outcome }) => outcome === 'connected');
  if (calls.length === 0) return '';
  if (calls.length === 1) return connected.length === 1 ? 'connected, and data crosses' : 'not connected';
  return `connected over ${connected.length} of ${plural(tried.length, 'path')}`;
}

/** The first cause, or what came. */
export function titleOf(report: Report): string {
  return isTitled(report) ? (report.findings[0]?.title ?? '') : unmetOr(report);
}

/** Whether the title is that of the first finding: a warning does not hide that something is not determined. */
export function isTitled({ findings: [first], verdict }: Report): boolean {
  return first?.severity === 'error' || (first?.severity === 'warning' && verdict === 'warning');
}

/** Nothing may be wrong in itself, and yet not be what was expected. */
function unmetOr(report: Report): string {
  const unmet = (report.expectations ?? []).filter(({ met }) => met === false).length;
  return unmet === 0 ? summaryOf(report) : `${unmet} of ${report.expectations?.length ?? 0} expectations not met`;
}

/** `2 host, 3 relay; 1 srflx omitted (same as its base)`. */
export function countsOf(gathering: Gathering): string {
  const types: readonly CandidateType[] = ['host', 'srflx', 'prflx', 'relay'];
  const counts = types
    .map((type) => ({ type, count: gathering.candidates.filter((each) => each.type === type).length }))
    .filter(({ count }) => count > 0)
    .map(({ type, count }) => `${count} ${type}`);
  const omitted = gathering.omitted.map((each) => / typ (\w+)/.exec(each.candidate)?.[1] ?? 'candidate');
  const kinds = [...new Set(omitted)].map((type) => `${omitted.filter((each) => each === type).length} ${type}`);
  const reason = omitted.includes('srflx') && kinds.length === 1 ? ' (same as its base)' : ' (redundant)';
  const left = kinds.length === 0 ? '' : `; ${kinds.join(', ')} omitted${reason}`;
  return `${counts.length === 0 ? 'no candidates' : counts.join(', ')}${left}`;
}

function gatheringWords(report: Report): string {
  const gathering = report.gatherings?.find((each) => each.url === null);
  return gathering === undefined ? '' : countsOf(gathering);
}

/** What a probe proved: data through relays, answers of STUN servers. */
function relayWords(report: Report): string {
  const asked = askedServers(report);
  const relays = asked.filter(({ attempts }) =>
    attempts.some(({ stages }) => stages.some(({ stage }) => stage === 'relay-data')),
  );
  const crossing = relays.filter(({ attempts }) =>
    attempts.some(({ stages }) =>
      stages.some(({ stage, status }) => stage === 'relay-data' && (status === 'pass' || status === 'warn')),
    ),
  );
  if (relays.length > 0) return `data crosses ${crossing.length} of ${plural(relays.length, 'relay')}`;
  if (report.gatherings !== undefined || asked.length === 0) return '';
  const good = asked.filter(({ verdict }) => verdict === 'ok' || verdict === 'warning');
  return `${good.length} of ${plural(asked.length, 'server')} answer as they should`;
}
