import { askedServers } from '../record/asked.ts';
import type { Finding, Severity } from '../record/finding.ts';
import type { Attempt, Gathering, Report, Server, Verdict } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';

export type Judgement = 'worse' | 'better' | 'different';

/** One thing that is not as it was. */
export interface Change {
  /** `verdict`, `target`, `finding`, `candidates`, `server`, `stage`, `certificate`, `nat`, `time`, `environment`. */
  readonly what: string;
  readonly subject: string;
  /** null: was, or is, not there. */
  readonly before: string | null;
  readonly after: string | null;
  readonly judgement: Judgement;
}

/**
 * What changed from one run to another, the worst first. Addresses, ports and times that differ from run to run by
 * themselves are no change; a time counts once it has doubled or halved, and by more than 50 ms.
 */
export function compareReports(before: Report, after: Report): Change[] {
  const changes = [
    ...compareVerdicts(before.verdict, after.verdict),
    ...compareFindings(before.findings, after.findings),
    ...compareServers(askedServers(before), askedServers(after)),
    ...compareGatherings(before, after),
    ...compareNat(before, after),
    ...compareEnvironment(before, after),
  ];
  return worstFirst(changes);
}

function worstFirst(changes: readonly Change[]): Change[] {
  const order: readonly Judgement[] = ['worse', 'better', 'different'];
  return changes.toSorted((a, b) => order.indexOf(a.judgement) - order.indexOf(b.judgement));
}

/** The same for several targets, each with the one of its name; subjects begin with that. */
export function compareTargets(before: TargetsReport, after: TargetsReport): Change[] {
  const old = byKey(before.targets, ({ target }) => target);
  const now = byKey(after.targets, ({ target }) => target);
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((target) => {
    const [a, b] = [old.get(target)?.report, now.get(target)?.report];
    if (a === undefined || b === undefined) {
      return [change('target', target, a?.verdict, b?.verdict, b?.verdict === 'error' ? 'worse' : 'different')];
    }
    return compareReports(a, b).map((each) => ({ ...each, subject: `${target}: ${each.subject}` }));
  });
  return worstFirst(changes);
}

const VERDICTS: readonly Verdict[] = ['ok', 'warning', 'undetermined', 'error'];

function compareVerdicts(before: Verdict, after: Verdict): Change[] {
  return before === after ? [] : [change('verdict', 'the run', before, after, rank(VERDICTS, before, after))];
}

const SEVERITIES: readonly Severity[] = ['ok', 'info', 'warning', 'error'];

function compareFindings(before: readonly Finding[], after: readonly Finding[]): Change[] {
  const old = byKey(before, keyOfFinding);
  const now = byKey(after, keyOfFinding);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [a, b] = [old.get(key)?.severity, now.get(key)?.severity];
    const one = now.get(key) ?? old.get(key);
    if (a === b || one === undefined) return [];
    const judgement = rank(SEVERITIES, a ?? 'ok', b ?? 'ok');
    return [change('finding', `${one.id} ${one.subject}`, a, b, judgement)];
  });
}

function keyOfFinding({ id, subject }: Finding): string {
  return `${id} ${subject}`;
}

function compareServers(before: readonly Server[], after: readonly Server[]): Change[] {
  const old = byKey(before, ({ url }) => url);
  const now = byKey(after, ({ url }) => url);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((url) => {
    const [a, b] = [old.get(url), now.get(url)];
    if (a === undefined || b === undefined) {
      return [change('server', url, a?.verdict, b?.verdict, 'different')];
    }
    const verdict =
      a.verdict === b.verdict
        ? []
        : [change('server', url, a.verdict, b.verdict, rank(VERDICTS, a.verdict, b.verdict))];
    return [...verdict, ...compareAttempts(a, b)];
  });
}

const STATUSES = ['pass', 'warn', 'unknown', 'fail'];

function compareAttempts(a: Server, b: Server): Change[] {
  const left = [...a.attempts];
  return b.attempts.flatMap((now) => {
    // Of several that are alike the first answers to the first: one attempt is no standard for two.
    const index = left.findIndex((attempt) => keyOfAttempt(attempt) === keyOfAttempt(now));
    const [then] = index < 0 ? [] : left.splice(index, 1);
    if (then === undefined) return [];
    const place = `${b.url} (${now.transport}, IPv${now.family})`;
    const stages = now.stages.flatMap((stage) => {
      const earlier = then.stages.find((other) => other.stage === stage.stage);
      if (earlier === undefined || earlier.status === 'skip' || stage.status === 'skip') return [];
      const subject = `${stage.stage} of ${place}`;
      if (earlier.status !== stage.status) {
        const judgement = rank(STATUSES, earlier.status, stage.status);
        return [change('stage', subject, words(earlier), words(stage), judgement)];
      }
      return compareTimes(subject, earlier.ms, stage.ms);
    });
    return [...stages, ...compareCertificates(place, then, now)];
  });
}

/** Which address it was is chance where a name has several; what counts is that there was one. */
function keyOfAttempt({ family, transport, port, interface: name }: Attempt): string {
  return `${family} ${transport} ${port} ${name}`;
}

function words({ status, detail }: { readonly status: string; readonly detail: string }): string {
  return detail === '' ? status : `${status}: ${detail}`;
}

function compareCertificates(place: string, then: Attempt, now: Attempt): Change[] {
  const [a, b] = [then.tls?.chain[0], now.tls?.chain[0]];
  if (a === undefined || b === undefined || a.fingerprint256 === b.fingerprint256) return [];
  return [
    change(
      'certificate',
      place,
      `until ${a.validTo}, by ${a.issuer}`,
      `until ${b.validTo}, by ${b.issuer}`,
      'different',
    ),
  ];
}

function compareGatherings(before: Report, after: Report): Change[] {
  return (after.gatherings ?? []).flatMap((now) => {
    const then = before.gatherings?.find((other) => other.vantage === now.vantage && other.url === now.url);
    if (then === undefined) return [];
    const place = now.url ?? (now.vantage === 'browser' ? 'all servers, browser' : 'all servers');
    const [a, b] = [kindsOf(then), kindsOf(now)];
    const kinds = [...new Set([...a.keys(), ...b.keys()])].flatMap((kind) => {
      const [had, has] = [a.get(kind) ?? 0, b.get(kind) ?? 0];
      // Their number depends on interfaces and temporary addresses; that there are any does not.
      if (had > 0 === has > 0) return [];
      return [change('candidates', `${kind}, ${place}`, `${had}`, `${has}`, has === 0 ? 'worse' : 'better')];
    });
    return [...kinds, ...compareTimes(`gathering of ${place}`, completeAt(then), completeAt(now))];
  });
}

function kindsOf({ candidates }: Gathering): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type, protocol, relayProtocol, address } of candidates) {
    const kind = `${type} ${relayProtocol ?? protocol} ${address.includes(':') ? 'IPv6' : 'IPv4'}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function completeAt({ states }: Gathering): number | undefined {
  return states.find(({ state }) => state === 'complete')?.ms;
}

function compareNat(before: Report, after: Report): Change[] {
  return (after.nat ?? []).flatMap((now) => {
    const then = before.nat?.find((other) => other.family === now.family && other.interface === now.interface);
    if (then === undefined) return [];
    const place = `${now.interface ?? now.localAddress} IPv${now.family}`;
    return (['mapping', 'filtering'] as const).flatMap((name) =>
      then[name] === now[name] ? [] : [change('nat', `${name} of ${place}`, then[name], now[name], 'different')],
    );
  });
}

function compareEnvironment(before: Report, after: Report): Change[] {
  const pairs: readonly (readonly [string, string, string])[] = [
    ['iceprobe', before.tool.version, after.tool.version],
    ['interfaces', interfacesOf(before), interfacesOf(after)],
    ['policy', before.configuration.iceTransportPolicy, after.configuration.iceTransportPolicy],
  ];
  return pairs.flatMap(([name, a, b]) => (a === b ? [] : [change('environment', name, a, b, 'different')]));
}

function interfacesOf({ network }: Report): string {
  return (
    [...new Set(network.interfaces.map(({ name, family }) => `${name}/IPv${family}`))].toSorted().join(' ') || 'none'
  );
}

function compareTimes(subject: string, before: number | undefined, after: number | undefined): Change[] {
  if (before === undefined || after === undefined || Math.abs(after - before) <= 50) return [];
  if (after < 2 * before && before < 2 * after) return [];
  return [
    change('time', subject, `${Math.round(before)} ms`, `${Math.round(after)} ms`, after > before ? 'worse' : 'better'),
  ];
}

function rank<T>(order: readonly T[], before: T, after: T): Judgement {
  const [a, b] = [order.indexOf(before), order.indexOf(after)];
  return a === b || a < 0 || b < 0 ? 'different' : b > a ? 'worse' : 'better';
}

function change(
  what: string,
  subject: string,
  before: string | undefined | null,
  after: string | undefined | null,
  judgement: Judgement,
): Change {
  return { what, subject, before: before ?? null, after: after ?? null, judgement };
}

function byKey<T>(items: readonly T[], key: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [key(item), item]));
}
