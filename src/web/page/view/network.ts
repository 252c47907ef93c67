import type { Report } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { t } from '../strings.ts';

/** The interfaces that the terminal sees, and what the tool says about itself. */
export function networkTable(report: Report): Child[] {
  const { interfaces } = report.network;
  const notes = report.notes ?? [];
  return [
    interfaces.length === 0
      ? h('p', { class: 'quiet' }, t('strip.off'))
      : h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('network') },
          h(
            'table',
            {},
            h('caption', { class: 'visually-hidden' }, t('network')),
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...(['network.interface', 'column.address', 'network.kind'] as const).map((key) =>
                  h('th', { scope: 'col' }, t(key)),
                ),
              ),
            ),
            h(
              'tbody',
              {},
              ...interfaces.map(({ name, address, kind }) =>
                h('tr', {}, h('td', {}, name), h('td', {}, address), h('td', {}, kind)),
              ),
            ),
          ),
        ),
    notes.length > 0 && h('h3', {}, t('notes')),
    notes.length > 0 && h('ul', {}, ...notes.map((note) => h('li', {}, note))),
  ];
}
