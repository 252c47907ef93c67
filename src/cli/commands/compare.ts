import { isTargetsReport } from '../../record/targets.ts';
import { type Change, compareReports, compareTargets } from '../../report/compare.ts';
import { labelled } from '../../report/layout.ts';
import type { Style } from '../../report/style.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { choice } from '../options/option.ts';
import { styleFor } from '../output/style.ts';
import { type LoadedRun, loadSavedRun } from '../saved-run.ts';

const options = {
  format: choice(['pretty', 'json'], { group: 'Output', alias: 'f', help: 'of the comparison (default: pretty)' }),
} as const;

export const command = defineCommand({
  positionals: 'BEFORE AFTER',
  description:
    'Tells what changed between two saved runs (-f json or -f ndjson): verdicts, findings, candidates, stages, certificates, ' +
    'NAT behaviour, times that doubled. Ends with 1 if the second run has an error that the first had not.',
  options,
  examples: [['iceprobe compare yesterday.json today.json', 'what is new since the last good run']],
  async run({ options: given, positionals }, context) {
    const [before = '', after = '', ...more] = positionals;
    if (before === '' || after === '' || more.length > 0) {
      throw new UsageError('compare takes two files', 'iceprobe compare BEFORE AFTER; one of them may be "-", stdin');
    }
    if (before === '-' && after === '-') throw new UsageError('only one of the two can be stdin', 'name a file');
    const first = await loadSavedRun(before, context);
    const second = await loadSavedRun(after, context);
    for (const { name, note } of [first, second]) {
      if (note !== undefined) await context.stderr.write(`note: ${name}: ${note}\n`);
    }
    const changes = changesBetween(first, second);
    const text =
      given.format === 'json' ? `${JSON.stringify({ changes }, null, 2)}\n` : pretty(changes, styleFor(context.stdout));
    await context.stdout.write(text);
    return changes.some(isNewError) ? 1 : 0;
  },
});

function changesBetween(first: LoadedRun, second: LoadedRun): readonly Change[] {
  const [a, b] = [first.report, second.report];
  if (isTargetsReport(a)) {
    if (isTargetsReport(b)) return compareTargets(a, b);
  } else if (!isTargetsReport(b)) return compareReports(a, b);
  const [alone, several] = isTargetsReport(a) ? [second, first] : [first, second];
  throw new UsageError(
    `${several.name} holds targets, and ${alone.name} a run without any`,
    'compare what the same kind of run wrote',
  );
}

function isNewError({ what, after, judgement }: Change): boolean {
  return (what === 'finding' || what === 'verdict' || what === 'target') && after === 'error' && judgement === 'worse';
}

/** `new: error`, `gone: error`, `ok -> error`. */
function step(before: string | null, after: string | null): string {
  if (before === null) return `new: ${after}`;
  return after === null ? `gone: ${before}` : `${before} -> ${after}`;
}

const LABEL = 11;

function pretty(changes: readonly Change[], style: Style): string {
  if (changes.length === 0) return 'Nothing changed.\n';
  const colors = { worse: style.error, better: style.good, different: style.dim };
  return changes
    .flatMap((change) => {
      const { what, subject, before, after, judgement } = change;
      const [first = '', ...more] = labelled('', `${what} ${subject}: ${step(before, after)}`, LABEL, 0);
      return [colors[judgement](judgement.padEnd(LABEL)) + first.slice(LABEL), ...more];
    })
    .map((line) => `${line}\n`)
    .join('');
}
