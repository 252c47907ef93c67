import type { Judgement, Verdict } from './judge.ts';

/** 95 % interval of a share of `total` (Wilson's score). */
export function wilson(right: number, total: number): readonly [number, number] {
  if (total === 0) return [0, 1];
  const z = 1.96;
  const share = right / total;
  const middle = share + (z * z) / (2 * total);
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const whole = 1 + (z * z) / total;
  return [Math.max(0, (middle - spread) / whole), Math.min(1, (middle + spread) / whole)];
}

const VERDICTS: readonly Verdict[] = ['named-first', 'named', 'not-determined', 'wrong'];

/** The confusion table and what follows from it, each share with its interval. */
export function confusionTable(all: readonly Judgement[]): string {
  const faulty = all.filter(({ healthy }) => !healthy);
  const healthy = all.filter((one) => one.healthy);
  const rows = [...new Set(faulty.map(({ row }) => row))].sort();
  const lines = [
    line('fault', 'first', 'named', 'undeterm.', 'wrong', 'n'),
    ...rows.map((row) =>
      counts(
        row,
        faulty.filter((one) => one.row === row),
      ),
    ),
    counts('all faults', faulty),
    '',
    share('named first', faulty.filter(({ verdict }) => verdict === 'named-first').length, faulty.length),
    share(
      'named',
      faulty.filter(({ verdict }) => verdict === 'named-first' || verdict === 'named').length,
      faulty.length,
    ),
    share('wrong', faulty.filter(({ verdict }) => verdict === 'wrong').length, faulty.length),
    locus(faulty),
    share('false alarms, healthy', healthy.filter(({ verdict }) => verdict === 'wrong').length, healthy.length),
    ...(['certain', 'likely', 'possible'] as const).map((word) => calibration(word, all)),
    duration(all),
  ];
  return lines.join('\n');
}

/** Errors and warnings that were raised with that confidence: how many of them, and how many true. */
export function claimsOf(
  all: readonly Judgement[],
  confidence: string,
): { readonly total: number; readonly right: number } {
  const claims = all.flatMap((one) => one.claims).filter((claim) => claim.confidence === confidence);
  return { total: claims.length, right: claims.filter(({ right }) => right).length };
}

function counts(name: string, some: readonly Judgement[]): string {
  const cells = VERDICTS.map((verdict) => String(some.filter((one) => one.verdict === verdict).length));
  return line(name, ...cells, String(some.length));
}

function line(name: string, ...cells: readonly string[]): string {
  return name.padEnd(48) + cells.map((cell) => cell.padStart(10)).join('');
}

function share(name: string, right: number, total: number): string {
  const [low, high] = wilson(right, total).map((value) => (100 * value).toFixed(1));
  const percent = total === 0 ? '-' : `${((100 * right) / total).toFixed(1)} %`;
  return `${name.padEnd(28)}${`${right}/${total}`.padStart(9)}${percent.padStart(9)}   95 %: ${low}-${high} %`;
}

function locus(faulty: readonly Judgement[]): string {
  const told = faulty.filter(({ locusRight }) => locusRight !== undefined);
  return share('locus right, where named', told.filter(({ locusRight }) => locusRight === true).length, told.length);
}

function calibration(word: string, all: readonly Judgement[]): string {
  const { right, total } = claimsOf(all, word);
  return share(`"${word}" is true`, right, total);
}

function duration(all: readonly Judgement[]): string {
  const sorted = all.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const at = (part: number): string => `${Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)} ms`;
  return `time of a run: median ${at(0.5)}, nine in ten below ${at(0.9)}, longest ${at(1)}`;
}
