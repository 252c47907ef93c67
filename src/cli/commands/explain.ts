import { suggest } from '../../core/suggest.ts';
import { FINDING_IDS, type FindingId, resolveFindingId } from '../../diagnosis/catalogue.ts';
import { labelled } from '../../report/layout.ts';
import type { Style } from '../../report/style.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { type Explanation, explainFinding } from '../explain/explanation.ts';
import { choice } from '../options/option.ts';
import { styleFor } from '../output/style.ts';

const options = {
  format: choice(['pretty', 'json'], { group: 'Output', alias: 'f', help: 'of the explanation (default: pretty)' }),
} as const;

export const command = defineCommand({
  positionals: '[FINDING...]',
  description:
    'Explains findings: what each means, what must have been seen before it is raised, and how to mend it. A family, like ' +
    'auth, lists its findings; nothing at all lists every one.',
  options,
  examples: [
    ['iceprobe explain auth.bad-credentials', 'one finding'],
    ['iceprobe explain auth', 'what can be wrong with authentication'],
  ],
  async run({ options: given, positionals }, { stdout }) {
    const ids = positionals.length === 0 ? FINDING_IDS : positionals.flatMap(findingsOf);
    // Asked for by name it is explained; of a family, and of all, only the titles are listed.
    const isList = !positionals.some((word) => resolveFindingId(word) !== undefined);
    const explained = ids.map(explainFinding);
    if (given.format === 'json') {
      await stdout.write(`${JSON.stringify(explained, null, 2)}\n`);
      return 0;
    }
    const style = styleFor(stdout);
    const text = isList ? list(explained, style) : explained.map((one) => page(one, style)).join('\n');
    await stdout.write(text);
    return 0;
  },
});

function findingsOf(word: string): readonly FindingId[] {
  const exact = resolveFindingId(word);
  if (exact !== undefined) return [exact];
  const family = FINDING_IDS.filter((id) => id.startsWith(`${word.replace(/\.$/, '')}.`));
  if (family.length > 0) return family;
  const names = FINDING_IDS.map((id) => id.slice(id.indexOf('.') + 1));
  const meant = suggest(word, FINDING_IDS) ?? FINDING_IDS[names.indexOf(suggest(word, names) ?? '')];
  throw new UsageError(
    `there is no finding ${JSON.stringify(word)}`,
    meant === undefined ? 'iceprobe explain lists them' : `did you mean ${meant}? iceprobe explain lists them all`,
  );
}

const LABEL = 10;

function page(one: Explanation, style: Style): string {
  const parts: readonly (readonly [string, string])[] = [
    ['Means', one.meaning],
    ['Needs', one.needs],
    // A fix that is nothing but a value differs from case to case.
    ['Fix', /^<\w+>$/.test(one.fix) ? 'depends on the case: the finding itself says it' : one.fix],
    ['Explains', one.explains.join(', ')],
  ];
  const lines = parts.filter(([, text]) => text !== '').flatMap(([label, text]) => labelled(label, text, LABEL, 2));
  const head = `${style.bold(one.id)}    ${colored(one.severity, style)}    fix on: ${one.locus.toUpperCase()}`;
  return `${[head, ...labelled('', one.title, 0, 2), '', ...lines].join('\n')}\n`;
}

function list(all: readonly Explanation[], style: Style): string {
  const width = Math.max(...all.map(({ id }) => id.length)) + 2;
  return all
    .flatMap((one) => {
      const [first = '', ...more] = labelled('', one.title, 0, width + 9);
      const head = `${style.bold(one.id.padEnd(width))}${colored(one.severity.padEnd(9), style)}`;
      return [head + first.trimStart(), ...more];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function colored(severity: string, style: Style): string {
  const kind = severity.trim();
  return kind === 'error' ? style.error(severity) : kind === 'warning' ? style.warning(severity) : severity;
}
