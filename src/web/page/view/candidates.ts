import type { Candidate, Report, Vantage } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { isHidden } from '../gather.ts';
import { type StringKey, t } from '../strings.ts';
import { duration } from './format.ts';

interface Row {
  readonly vantage: Vantage;
  readonly candidate: Candidate;
  readonly text: string;
}

type ColumnName =
  | 'vantage'
  | 'ms'
  | 'type'
  | 'protocol'
  | 'address'
  | 'related'
  | 'priority'
  | 'foundation'
  | 'component'
  | 'url';

interface Column {
  readonly name: ColumnName;
  readonly value: (row: Row) => string | number;
  readonly show: (row: Row) => Child;
}

const COLUMNS: readonly Column[] = [
  { name: 'ms', value: (row) => row.candidate.ms, show: (row) => duration(row.candidate.ms) },
  { name: 'vantage', value: (row) => row.vantage, show: (row) => t(`vantage.${row.vantage}`) },
  {
    name: 'type',
    value: (row) => row.candidate.type,
    show: (row) => h('span', { class: `type type-${row.candidate.type}` }, row.candidate.type),
  },
  { name: 'protocol', value: ({ candidate }) => protocolOf(candidate), show: ({ candidate }) => protocolOf(candidate) },
  { name: 'address', value: ({ candidate }) => endpoint(candidate.address, candidate.port), show: addressCell },
  {
    name: 'related',
    value: ({ candidate }) => endpoint(candidate.relatedAddress ?? '', candidate.relatedPort),
    show: ({ candidate }) => endpoint(candidate.relatedAddress ?? '', candidate.relatedPort),
  },
  {
    name: 'priority',
    value: ({ candidate }) => candidate.priority,
    show: ({ candidate }) => priorityCell(candidate.priority),
  },
  { name: 'foundation', value: ({ candidate }) => candidate.foundation, show: ({ candidate }) => candidate.foundation },
  {
    name: 'component',
    value: ({ candidate }) => candidate.component,
    show: ({ candidate }) => String(candidate.component),
  },
  { name: 'url', value: ({ candidate }) => candidate.url ?? '', show: ({ candidate }) => candidate.url ?? '' },
];

/** So many rows at first: a thousand of them would be built before anybody scrolls. */
const PAGE = 100;

/** The table of all candidates, sorted and filtered by whoever reads it. */
export class CandidateTable {
  readonly element: HTMLElement;
  readonly #filter: HTMLInputElement;
  readonly #count = h('span', { class: 'quiet', role: 'status' });
  readonly #head = h('thead');
  readonly #body = h('tbody');
  readonly #more = h('button', { type: 'button', class: 'more', onclick: () => this.#showMore() });
  readonly #empty = h('p', { class: 'quiet' });
  readonly #scroll: HTMLElement;
  #rows: readonly Row[] = [];
  #sort: { column: ColumnName; down: boolean } = { column: 'ms', down: false };
  #limit = PAGE;
  /** Filtered and sorted. */
  #found: readonly Row[] = [];

  constructor() {
    this.#filter = h('input', { type: 'search', id: 'candidate-filter', oninput: () => this.#draw() });
    this.#scroll = h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('candidates') },
      h(
        'table',
        { class: 'candidates' },
        h('caption', { class: 'visually-hidden' }, t('candidates')),
        this.#head,
        this.#body,
      ),
    );
    this.element = h(
      'div',
      {},
      h(
        'div',
        { class: 'toolbar' },
        h('label', { for: 'candidate-filter' }, t('candidates.filter')),
        this.#filter,
        this.#count,
      ),
      this.#empty,
      this.#scroll,
      this.#more,
    );
    this.#drawHead();
    this.#draw();
  }

  /** Those of the gatherings with all servers together: single URLs would say everything twice. */
  show(report: Report | undefined): void {
    const gatherings = (report?.gatherings ?? []).filter((gathering) => gathering.url === null);
    const rows = gatherings.flatMap(({ vantage, candidates }) =>
      candidates.map((candidate) => ({ vantage, candidate, text: searchText(vantage, candidate) })),
    );
    if (rows.length === this.#rows.length && rows.length > 0 && rows.at(-1)?.candidate === this.#rows.at(-1)?.candidate)
      return;
    this.#rows = rows;
    this.#draw();
  }

  #showMore(): void {
    const from = this.#limit;
    this.#limit += 2 * PAGE;
    this.#body.append(...this.#found.slice(from, this.#limit).map(rowOf));
    this.#tell();
  }

  #drawHead(): void {
    this.#head.replaceChildren(
      h(
        'tr',
        {},
        ...COLUMNS.map(({ name }) => {
          const sorted = this.#sort.column === name;
          const order = sorted ? (this.#sort.down ? 'descending' : 'ascending') : 'none';
          return h(
            'th',
            { scope: 'col', class: `c-${name}`, 'aria-sort': order },
            h(
              'button',
              { type: 'button', onclick: () => this.#sortBy(name) },
              t(`column.${name}` as StringKey),
              h('span', { 'aria-hidden': 'true' }, sorted ? (this.#sort.down ? ' ↓' : ' ↑') : ''),
            ),
          );
        }),
      ),
    );
  }

  #sortBy(column: ColumnName): void {
    this.#sort = { column, down: this.#sort.column === column && !this.#sort.down };
    const index = COLUMNS.findIndex(({ name }) => name === column);
    this.#drawHead();
    this.#head.querySelectorAll('button')[index]?.focus();
    this.#draw();
  }

  #draw(): void {
    const wanted = this.#filter.value.trim().toLowerCase();
    const column = COLUMNS.find(({ name }) => name === this.#sort.column);
    const found = wanted === '' ? [...this.#rows] : this.#rows.filter(({ text }) => text.includes(wanted));
    if (column !== undefined)
      found.sort((a, b) => compare(column.value(a), column.value(b)) * (this.#sort.down ? -1 : 1));
    this.#found = found;
    this.#body.replaceChildren(...found.slice(0, this.#limit).map(rowOf));
    this.#tell();
  }

  #tell(): void {
    const found = this.#found;
    const left = found.length - this.#limit;
    this.#more.hidden = left <= 0;
    this.#more.textContent = t('candidates.more', { count: Math.max(0, left) });
    this.#empty.textContent = this.#rows.length === 0 ? t('candidates.none') : '';
    this.#empty.hidden = this.#rows.length > 0;
    this.#scroll.hidden = this.#rows.length === 0;
    this.#count.textContent =
      this.#rows.length === 0 ? '' : t('candidates.count', { shown: found.length, all: this.#rows.length });
  }
}

function rowOf(row: Row): HTMLElement {
  const cells = COLUMNS.map(({ name, show }) => h('td', { class: `c-${name}` }, show(row)));
  return h('tr', { title: row.candidate.candidate }, ...cells);
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

function protocolOf({ protocol, tcpType, relayProtocol }: Candidate): string {
  const via = relayProtocol === null ? '' : ` via ${relayProtocol}`;
  return `${protocol}${tcpType === null ? '' : ` ${tcpType}`}${via}`;
}

function addressCell({ candidate }: Row): Child {
  const text = endpoint(candidate.address, candidate.port);
  if (!isHidden(candidate.address)) return text;
  return h(
    'span',
    { title: t('hidden') },
    `${candidate.address.slice(0, 8)}….local:${candidate.port}`,
    h('span', { class: 'visually-hidden' }, ` (${t('hidden')})`),
  );
}

function endpoint(address: string, port: number | null): string {
  if (address === '') return '';
  return `${address.includes(':') ? `[${address}]` : address}:${port ?? ''}`;
}

/** RFC 8445 5.1.2.1: priority = 2^24 * type preference + 2^8 * local preference + 256 - component. */
export function splitPriority(priority: number): {
  readonly type: number;
  readonly local: number;
  readonly component: number;
} {
  return {
    type: Math.floor(priority / 2 ** 24),
    local: Math.floor(priority / 256) % 65_536,
    component: 256 - (priority % 256),
  };
}

function priorityCell(priority: number): Child {
  return h('span', {}, String(priority), h('small', {}, t('priority.parts', splitPriority(priority))));
}

function searchText(vantage: Vantage, { candidate, url, type }: Candidate): string {
  return `${vantage} ${type} ${candidate} ${url ?? ''}`.toLowerCase();
}
