import type { Finding } from '../../../record/finding.ts';
import type { Report } from '../../../record/report.ts';
import { undeterminedParts } from '../../../record/verdict.ts';
import { type Child, h } from '../dom.ts';
import { findingWords, isStringKey, ruledOutWords, t } from '../strings.ts';
import { type IconName, icon } from './format.ts';

/** Everything that was found, the worst first, each with its evidence. */
export function findingsList(report: Report): Child[] {
  const open = undeterminedParts(report);
  if (report.findings.length + open.length === 0) return [h('p', { class: 'quiet' }, t('findings.none'))];
  return [
    h(
      'ol',
      { class: 'findings' },
      ...report.findings.map((finding, index) => h('li', {}, findingCard(finding, index))),
    ),
    open.length > 0 &&
      h(
        'div',
        { class: 'open-parts' },
        h('h3', {}, t('undetermined')),
        h('ul', {}, ...open.map(({ subject, because }) => h('li', {}, h('code', {}, subject), `: ${because}`))),
      ),
  ];
}

function findingCard(finding: Finding, index: number): HTMLElement {
  const { title, detail, fix, lang } = findingWords(finding);
  const { severity, confidence, id, ruledOut, consequences } = finding;
  return h(
    'article',
    { class: `finding finding-${severity}`, lang },
    h(
      'h3',
      {},
      icon(severity as IconName),
      h('span', { class: 'severity' }, isStringKey(`severity.${severity}`) ? t(`severity.${severity}`) : severity),
      ` ${title}`,
    ),
    h(
      'p',
      { class: 'meta' },
      h('code', {}, id),
      ` · ${t(`confidence.${confidence}`)} · ${t(`locus.${finding.locus}`)}`,
    ),
    h('p', {}, detail),
    fix !== '' && h('p', { class: 'fix' }, h('strong', {}, `${t('fix')}: `), fix),
    ruledOut.length > 0 && h('p', { class: 'quiet' }, `${t('ruledOut')}: `, ruledOutWords(finding).join('; ')),
    consequences.length > 0 && h('p', { class: 'quiet' }, `${t('consequences')}: `, consequences.join(', ')),
    finding.evidence.length > 0 &&
      h(
        'details',
        { 'data-key': `evidence-${index}-${id}` },
        h('summary', {}, `${t('evidence')} (${finding.evidence.length})`),
        h('pre', { tabindex: 0 }, finding.evidence.map((event) => JSON.stringify(event)).join('\n')),
      ),
  );
}
