import type { CandidateError, Report, Vantage } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { t } from '../strings.ts';
import { duration } from './format.ts';
import { codeWords } from './grid.ts';

interface Group {
  readonly vantage: Vantage;
  readonly error: CandidateError;
  count: number;
}

/** Errors by URL and code: 701 comes once for each interface and address family, and says the same each time. */
export function errorList(report: Report): Child[] {
  const groups = new Map<string, Group>();
  for (const gathering of report.gatherings ?? []) {
    for (const error of gathering.errors) {
      const key = `${gathering.vantage} ${error.url} ${error.errorCode} ${error.errorText}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { vantage: gathering.vantage, error, count: 1 });
      else group.count += 1;
    }
  }
  if (groups.size === 0) return [h('p', { class: 'quiet' }, t('errors.none'))];
  return [
    h(
      'ul',
      { class: 'errors' },
      ...[...groups.values()].map(({ vantage, error, count }) =>
        h(
          'li',
          {},
          h('span', { class: 'code' }, error.errorCode === 0 ? '—' : String(error.errorCode)),
          h(
            'div',
            {},
            h(
              'p',
              {},
              h('strong', {}, codeWords(error.errorCode)),
              count > 1 && h('span', { class: 'quiet' }, ` · ${t('errors.times', { count })}`),
            ),
            h(
              'p',
              { class: 'quiet' },
              h('code', {}, error.url),
              ` · ${t(`vantage.${vantage}`)} · ${duration(error.ms)}`,
              error.errorText !== '' && ` · “${error.errorText}”`,
            ),
          ),
        ),
      ),
    ),
  ];
}
