import type { Report } from '../../../record/report.ts';
import { type Child, h } from '../dom.ts';
import { t } from '../strings.ts';
import { scrollTable } from './table.ts';

/** The interfaces that the terminal sees, and what the tool says about itself. */
export function networkTable(report: Report): Child[] {
  const { interfaces } = report.network;
  const notes = report.notes ?? [];
  return [
    interfaces.length === 0
      ? h('p', { class: 'quiet' }, t('strip.off'))
      : scrollTable(
          t('network'),
          (['network.interface', 'column.address', 'network.kind'] as const).map((key) => t(key)),
          interfaces.map(({ name, address, kind }) => [name, address, kind]),
        ),
    notes.length > 0 && h('h3', {}, t('notes')),
    notes.length > 0 && h('ul', {}, ...notes.map((note) => h('li', {}, note))),
  ];
}
