import type { Finding } from '../../../record/finding.ts';
import type { Call, Report } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { findingWords, t } from '../strings.ts';
import { duration, icon } from './format.ts';

export interface HeroState {
  readonly report: Report | undefined;
  readonly running: boolean;
  readonly hasTerminal: boolean;
}

/** The answer: the verdict, where the fault lies, the first cause and what to do about it. */
export function hero({ report, running, hasTerminal }: HeroState): Child[] {
  if (report === undefined) {
    return [
      h('p', { class: 'verdict verdict-none' }, icon('untried'), h('span', {}, t('notRun'))),
      h('p', { class: 'lead' }, t(hasTerminal ? 'notRun.hint' : 'notRun.hintAlone')),
    ];
  }
  const first = firstCause(report);
  // What is not through yet is no verdict: only an error stands already.
  const settled = !running || report.verdict === 'error';
  const verdict = settled ? report.verdict : 'undetermined';
  return [
    h(
      'p',
      { class: `verdict verdict-${settled ? verdict : 'running'}` },
      icon(settled ? verdict : 'waiting'),
      h('span', {}, settled ? t(`verdict.${verdict}`) : t('running')),
      h('span', { class: 'took' }, running ? '' : t('took', { time: duration(report.durationMs) })),
    ),
    first !== undefined && settled
      ? causeBlock(first)
      : h('p', { class: 'lead' }, report.calls === undefined ? counts(report) : connected(report.calls)),
  ];
}

function causeBlock(finding: Finding): HTMLElement {
  const { title, detail, fix, lang } = findingWords(finding);
  return h(
    'div',
    { class: 'cause' },
    h('h2', { lang }, title),
    h(
      'p',
      { class: 'where' },
      `${t('locus')}: `,
      h('strong', {}, t(`locus.${finding.locus}`)),
      ` (${t(`confidence.${finding.confidence}`)})`,
    ),
    h('p', { lang }, detail),
    fix !== '' && h('p', { class: 'fix' }, h('strong', {}, `${t('fix')}: `), h('span', { lang }, fix)),
  );
}

/** What stands at the top: an error, or a warning where nothing is left open. */
export function firstCause(report: Report): Finding | undefined {
  const [first] = report.findings;
  if (first?.severity === 'error') return first;
  return first?.severity === 'warning' ? first : undefined;
}

function connected(calls: readonly Call[]): string {
  return t('connected', { count: calls.filter(({ outcome }) => outcome === 'connected').length, all: calls.length });
}

function counts(report: Report): string {
  const of = (vantage: string): number =>
    (report.gatherings ?? [])
      .filter((gathering) => gathering.vantage === vantage && gathering.url === null)
      .reduce((sum, gathering) => sum + gathering.candidates.length, 0);
  const hasTerminal = report.gatherings?.some((gathering) => gathering.vantage === 'terminal') === true;
  return t(hasTerminal ? 'came' : 'cameBrowser', { browser: of('browser'), terminal: of('terminal') });
}
