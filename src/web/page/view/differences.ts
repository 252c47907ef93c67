import { browserOutcome, terminalOutcome } from '../../../diagnosis/outcome.ts';
import type { Report } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { findingWords, t } from '../strings.ts';
import { icon } from './format.ts';

/** What one vantage sees and the other does not. */
export function differences(report: Report): Child[] {
  const urls = report.configuration.iceServers.flatMap((server) => server.urls);
  const both = urls.some(
    (url) => browserOutcome(report, url).word !== 'untried' && terminalOutcome(report, url).word !== 'untried',
  );
  if (!both) return [h('p', { class: 'quiet' }, t('differences.one'))];
  const found = report.findings.filter(({ id }) => id === 'ice.vantages-differ');
  if (found.length === 0) return [h('p', {}, icon('ok'), ` ${t('differences.none')}`)];
  return [
    h(
      'ul',
      { class: 'differences' },
      ...found.map((finding) => {
        const { title, detail, fix, lang } = findingWords(finding);
        return h(
          'li',
          { lang },
          h('p', {}, icon('warning'), h('strong', {}, ` ${title}`)),
          h('p', {}, detail),
          fix !== '' && h('p', { class: 'fix' }, `${t('fix')}: ${fix}`),
        );
      }),
    ),
  ];
}
