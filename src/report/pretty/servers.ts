import { showDuration } from '../../diagnosis/render.ts';
import type { Attempt, Report, Server, Stage, StageName, Verdict } from '../../record/report.ts';
import { flow, WIDTH, wrap } from '../layout.ts';
import type { Style } from '../style.ts';

const LABELS: Readonly<Record<Verdict, string>> = { ok: 'ok', warning: 'WARN', error: 'FAIL', undetermined: '--' };
const INDENT = 6;
const GAP = '   ';

export function verdictLabel(verdict: Verdict, style: Style): string {
  const colour = { ok: style.good, warning: style.warning, error: style.error, undetermined: style.warning }[verdict];
  return colour(LABELS[verdict].padEnd(INDENT - 2));
}

/** What each URL gave and how far it came, or where it failed: one line where that fits. */
export function serverLines(report: Report, style: Style): string[] {
  const servers = report.servers ?? [];
  const asked = servers.filter((server) => server.control === undefined);
  const controls = servers.filter((server) => server.control !== undefined);
  return [
    ...asked.flatMap((server) => [
      ...linesOf(server, partsOf(server, report), style),
      ...furtherOf(server).flatMap((words) => wrap(words, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line)),
    ]),
    ...controls.flatMap((server) => controlLines(server, style)),
  ];
}

/** What became of a URL, in one line of any length. */
export function wayTold(server: Server, report: Report): string {
  return [...partsOf(server, report), ...furtherOf(server)].join(', ');
}

function linesOf(server: Server, parts: readonly string[], style: Style): string[] {
  const label = verdictLabel(server.verdict, style);
  const oneLine = [server.url, ...parts].join(GAP);
  if (oneLine.length <= WIDTH - INDENT) return [`${label}  ${oneLine}`];
  const lines = flow(parts, WIDTH - INDENT, GAP);
  return [`${label}  ${server.url}`.slice(0, WIDTH + label.length), ...lines.map((line) => ' '.repeat(INDENT) + line)];
}

/** What nobody asked for, and why it was tried all the same. */
function controlLines(server: Server, style: Style): string[] {
  const answer = server.attempts.some(({ stages }) =>
    stages.some(({ status, stage }) => status === 'pass' && stage !== 'resolve'),
  )
    ? 'answers'
    : 'does not answer';
  return flow([`${server.url} ${answer}`, `(tried: ${server.control})`], WIDTH - INDENT, ' ').map((line, index) =>
    style.dim(`${index === 0 ? '--' : ''}`.padEnd(INDENT) + line),
  );
}

function partsOf(server: Server, report: Report): string[] {
  const best = bestAttempt(server);
  const failed = best?.stages.find(hasFailed) ?? (best === undefined ? failedResolve(server) : undefined);
  const finding = report.findings.find(
    ({ severity, params }) =>
      severity === 'error' && Array.isArray(params['urls']) && params['urls'].some((url) => url === server.url),
  );
  if (best === undefined) return [failed === undefined ? 'not tried' : failureOf(failed)];
  const parts = [...gains(server, report), ...(isProbed(best) ? ladderOf(best) : wayOf(best))];
  const reason = finding === undefined ? '' : `-> ${finding.id}`;
  return [...parts, ...(failed === undefined ? [] : [failureOf(failed)]), reason].filter((part) => part !== '');
}

/** The candidates that came from it. */
function gains(server: Server, report: Report): string[] {
  const gathering = report.gatherings?.find((each) => each.url === null);
  const types = (gathering?.candidates ?? []).filter((each) => each.url === server.url).map((each) => each.type);
  return ['srflx', 'relay']
    .map((type) => ({ type, count: types.filter((each) => each === type).length }))
    .filter(({ count }) => count > 0)
    .map(({ type, count }) => `gave ${count} ${type}`);
}

/** The one that was probed furthest; else the best of those that only gathered. */
function bestAttempt(server: Server): Attempt | undefined {
  const order: readonly Verdict[] = ['ok', 'warning', 'undetermined', 'error'];
  return server.attempts.toSorted(
    (a, b) =>
      Number(isProbed(b)) - Number(isProbed(a)) ||
      order.indexOf(a.verdict) - order.indexOf(b.verdict) ||
      b.stages.length - a.stages.length,
  )[0];
}

function isProbed({ stages }: Attempt): boolean {
  return stages.some(({ stage }) => stage === 'permission' || stage === 'relay-data');
}

/** Of a gathering: how long each step to the server took. */
function wayOf(attempt: Attempt): string[] {
  const passed = attempt.stages.filter(hasPassed);
  return (['connect', 'tls', 'binding', 'allocate'] as const).flatMap((name) => {
    const stage = passed.find((each) => each.stage === name);
    if (stage === undefined) return [];
    const shown =
      name === 'binding' && passed.some((each) => each.stage === 'allocate') ? [] : [stageOf(stage, attempt)];
    return shown;
  });
}

/** What was asked beyond the ladder, and what came of it. */
function furtherOf(server: Server): string[] {
  const stages = bestAttempt(server)?.stages ?? [];
  return stages.filter(({ stage }) => FURTHER.includes(stage)).map(({ stage, detail }) => `${stage}: ${detail}`);
}

const FURTHER: readonly StageName[] = ['rate', 'deep', 'audit', 'soak', 'witness'];
const TOLD: readonly StageName[] = ['resolve', 'connect', 'tls', 'binding', 'allocate', 'relay-data'];

/** Of a probe: the steps with something to show, the rest by name. */
function ladderOf(attempt: Attempt): string[] {
  const passed = attempt.stages.filter(hasPassed);
  const shown = passed.filter(({ stage }) => TOLD.includes(stage));
  const rest = passed.filter(({ stage }) => ![...TOLD, ...FURTHER, 'challenge'].includes(stage));
  return [
    ...shown.map((stage) => stageOf(stage, attempt)),
    ...(rest.length === 0 ? [] : [`${rest.map(({ stage }) => stage).join(', ')} ok`]),
  ];
}

function stageOf(stage: Stage, attempt: Attempt): string {
  const { mappedAddress, relayedAddress } = stage.data;
  const took = showDuration(stage.ms);
  switch (stage.stage) {
    case 'allocate':
      return `allocate ${relayedAddress ?? ''} ${took}`.replace('  ', ' ');
    case 'binding':
      return `binding ${mappedAddress ?? ''} ${took}`.replace('  ', ' ');
    case 'tls':
      return `${attempt.tls?.protocol ?? 'tls'} ${took}${stage.status === 'warn' ? ' (certificate refused)' : ''}`;
    case 'relay-data':
      return relayOf(attempt);
    default:
      return `${stage.stage} ${took}`;
  }
}

/** `data 60 of 60, rtt 1.2 ms, jitter 0.1 ms`. */
function relayOf({ relay }: Attempt): string {
  if (relay === undefined) return 'relay-data ok';
  const sent = relay.directions.reduce((sum, each) => sum + each.sent, 0);
  const received = relay.directions.reduce((sum, each) => sum + each.received, 0);
  const rtt = relay.rttMs === null ? '' : `, rtt ${showDuration(relay.rttMs.p50)}`;
  const jitter = relay.jitterMs === null ? '' : `, jitter ${showDuration(relay.jitterMs)}`;
  return `data ${received} of ${sent}${rtt}${jitter}`;
}

function failureOf(stage: Stage): string {
  const { cause, errorCode, reason, problem } = stage.data;
  const words =
    cause === 'stun-error' ? `${errorCode ?? ''} ${reason || problem || ''}`.replaceAll('\0', '').trim() : stage.detail;
  return `${stage.stage}: ${words} (${showDuration(stage.ms)})`;
}

function failedResolve(server: Server): Stage | undefined {
  return server.resolve?.status === 'fail' ? server.resolve : undefined;
}

function hasFailed({ status }: Stage): boolean {
  return status === 'fail' || status === 'unknown';
}

function hasPassed({ status }: Stage): boolean {
  return status === 'pass' || status === 'warn';
}
