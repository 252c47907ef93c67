import { showDuration } from '../../diagnosis/render.ts';
import type { Attempt, Report, Server, Stage, Verdict } from '../../record/report.ts';
import { flow, WIDTH } from '../layout.ts';
import type { Style } from '../style.ts';

const LABELS: Readonly<Record<Verdict, string>> = { ok: 'ok', warning: 'WARN', error: 'FAIL', undetermined: '--' };

export function verdictLabel(verdict: Verdict, style: Style): string {
  const colour = { ok: style.good, warning: style.warning, error: style.error, undetermined: style.warning }[verdict];
  return colour(LABELS[verdict].padEnd(4));
}

/** What each URL gave, or where it failed: one line each, more where there is more to say. */
export function serverLines(report: Report, style: Style): string[] {
  return (report.servers ?? []).flatMap((server) => {
    const parts = partsOf(server, report);
    const lines = flow(parts, WIDTH - 6, '   ');
    const oneLine = `${server.url}   ${parts.join('   ')}`;
    if (oneLine.length <= WIDTH - 6) return [`${verdictLabel(server.verdict, style)}  ${oneLine}`];
    return [`${verdictLabel(server.verdict, style)}  ${server.url}`, ...lines.map((line) => `      ${line}`)];
  });
}

function partsOf(server: Server, report: Report): string[] {
  const gave = gains(server, report);
  const best = bestAttempt(server);
  const stages = best?.stages ?? [];
  const failed =
    stages.find((stage) => stage.status === 'fail') ?? (stages.length === 0 ? failedResolve(server) : undefined);
  if (failed !== undefined && gave.length === 0) return [failureOf(failed)];
  const told = stages.filter((stage) => stage.status !== 'skip').map(stageOf);
  const parts = [...gave, ...told];
  return parts.length > 0 ? parts : ['not tried'];
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

function bestAttempt(server: Server): Attempt | undefined {
  const order: readonly Verdict[] = ['ok', 'warning', 'undetermined', 'error'];
  return server.attempts.toSorted(
    (a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || b.stages.length - a.stages.length,
  )[0];
}

function failedResolve(server: Server): Stage | undefined {
  return server.resolve?.status === 'fail' ? server.resolve : undefined;
}

function failureOf(stage: Stage): string {
  return `${stage.stage}: ${stage.detail} (${showDuration(stage.ms)})`;
}

function stageOf(stage: Stage): string {
  const { mappedAddress, relayedAddress } = stage.data;
  const shown = stage.stage === 'allocate' ? relayedAddress : stage.stage === 'binding' ? mappedAddress : undefined;
  const mark = stage.status === 'fail' ? `FAILED ${stage.detail}` : stage.status === 'warn' ? `! ${stage.detail}` : '';
  return [stage.stage, shown, mark, showDuration(stage.ms)].filter(Boolean).join(' ');
}
