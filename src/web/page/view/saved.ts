import type { Report } from '../../../record/report.ts';
import type { TargetReport } from '../../../record/targets.ts';
import { type Child, h } from '../dom.ts';
import { currentLanguage, t } from '../strings.ts';

/** What was opened in the place of a run: one report, or those of several targets, of which one is shown at a time. */
export interface Opened {
  readonly report: Report;
  /** Empty where the report is the only one. */
  readonly targets: readonly TargetReport[];
}

/** The first that is not as expected is what somebody opens a report for. Takes one at least. */
export function openTargets(targets: readonly TargetReport[]): Opened {
  const first = targets.find(({ report }) => report.exitCode !== 0) ?? targets[0];
  if (first === undefined) throw new Error('there is no target in it');
  return { report: first.report, targets };
}

/** Says that it is a saved one, lets a person choose among targets, and close it. */
export function savedBanner({ report, targets }: Opened, show: (report: Report) => void, close: () => void): Child[] {
  const time = new Date(report.startedAt).toLocaleString(currentLanguage());
  return [
    h(
      'p',
      { class: 'banner' },
      h('span', {}, t('share.saved', { time })),
      targets.length === 0 ? undefined : choice(report, targets, show),
      h('button', { type: 'button', class: 'small', id: 'close-saved', onclick: close }, t('share.close')),
    ),
  ];
}

function choice(shown: Report, targets: readonly TargetReport[], show: (report: Report) => void): HTMLElement {
  const select = h(
    'select',
    { id: 'target', 'data-key': 'target' },
    ...targets.map(({ target, report }, index) =>
      h('option', { value: index, selected: report === shown }, `${target}: ${t(`verdict.${report.verdict}`)}`),
    ),
  );
  select.addEventListener('change', () => {
    const chosen = targets[Number(select.value)];
    if (chosen !== undefined) show(chosen.report);
  });
  return h('label', { class: 'choice' }, t('share.target'), ' ', select);
}
