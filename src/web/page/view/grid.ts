import { browserOutcome, type Outcome, terminalOutcome } from '../../../diagnosis/outcome.ts';
import type { Report, Vantage } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { isStringKey, t } from '../strings.ts';
import { duration, icon, partsOf } from './format.ts';

const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

interface Row {
  readonly kind: string;
  readonly host: string;
  readonly urls: Map<(typeof TRANSPORTS)[number], { readonly url: string; readonly port: number }[]>;
}

/** Each server by transport, with what the browser and the terminal got in each cell. */
export function grid(report: Report, running: Readonly<Record<Vantage, boolean>>): Child[] {
  const urls = [...new Set(report.configuration.iceServers.flatMap((server) => server.urls))];
  if (urls.length === 0) return [h('p', { class: 'quiet' }, t('grid.empty'))];
  const { rows, odd } = rowsOf(urls);
  return [
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('grid') },
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'visually-hidden' }, t('grid')),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, t('grid.server')),
            ...TRANSPORTS.map((transport) => h('th', { scope: 'col' }, transport.toUpperCase())),
          ),
        ),
        h(
          'tbody',
          {},
          ...rows.map((row) =>
            h(
              'tr',
              {},
              h(
                'th',
                { scope: 'row' },
                h('span', { class: 'kind' }, row.kind),
                ' ',
                h('span', { class: 'host' }, row.host),
              ),
              ...TRANSPORTS.map((transport) => {
                const entries = row.urls.get(transport) ?? [];
                return h(
                  'td',
                  {},
                  ...(entries.length === 0
                    ? [h('span', { class: 'none', 'aria-hidden': 'true' }, '·')]
                    : entries.map((entry) => cell(report, entry, transport, running))),
                );
              }),
            ),
          ),
          ...odd.map((url) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, h('span', { class: 'host' }, url)),
              h('td', { colspan: 3 }, outcomeLine('browser', browserOutcome(report, url), running.browser)),
            ),
          ),
        ),
      ),
    ),
  ];
}

function cell(
  report: Report,
  { url, port }: { url: string; port: number },
  transport: string,
  running: Readonly<Record<Vantage, boolean>>,
): HTMLElement {
  return h(
    'div',
    { class: 'cell', 'data-url': url, title: url },
    h('span', { class: 'port', 'data-transport': transport.toUpperCase() }, `:${port}`),
    outcomeLine('browser', browserOutcome(report, url), running.browser),
    outcomeLine('terminal', terminalOutcome(report, url), running.terminal),
  );
}

function outcomeLine(vantage: Vantage, outcome: Outcome, running: boolean): HTMLElement {
  const word = running && (outcome.word === 'open' || outcome.word === 'untried') ? 'waiting' : outcome.word;
  const { ms, code } = outcome;
  const time = ms === null || word === 'waiting' ? '' : duration(ms);
  const said = outcome.text === '' ? (code === null ? '' : codeWords(code)) : outcome.text;
  return h(
    'div',
    { class: `outcome outcome-${word}`, 'data-vantage': vantage, 'data-outcome': word, title: said },
    icon(word),
    h('span', { class: 'who' }, t(`vantage.${vantage}`)),
    h(
      'span',
      { class: 'word' },
      code === null || code === 0 ? t(`outcome.${word}`) : `${t(`outcome.${word}`)} ${code}`,
    ),
    h('span', { class: 'at' }, time),
  );
}

/** An error code in plain words. */
export function codeWords(code: number): string {
  const key = `code.${code}`;
  return isStringKey(key) ? t(key) : t('code.other');
}

function rowsOf(urls: readonly string[]): { readonly rows: readonly Row[]; readonly odd: readonly string[] } {
  const rows = new Map<string, Row>();
  const odd: string[] = [];
  for (const url of urls) {
    const parts = partsOf(url);
    if (parts === undefined) {
      odd.push(url);
      continue;
    }
    const { kind, host, port, transport } = parts;
    const key = `${kind} ${host}`;
    const row = rows.get(key) ?? { kind, host, urls: new Map() };
    rows.set(key, row);
    row.urls.set(transport, [...(row.urls.get(transport) ?? []), { url, port }]);
  }
  return { rows: [...rows.values()], odd };
}
