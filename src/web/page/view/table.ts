import { type Child, h } from '../dom.ts';

/** A table that scrolls by itself where it is wider than its place. A cell that is no element becomes one. */
export function scrollTable(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
  name = '',
): HTMLElement {
  return h(
    'div',
    { class: `scroll ${name}`, tabindex: 0, role: 'group', 'aria-label': caption },
    h(
      'table',
      { class: name },
      h('caption', { class: 'visually-hidden' }, caption),
      h('thead', {}, h('tr', {}, ...columns.map((each) => h('th', { scope: 'col' }, each)))),
      h(
        'tbody',
        {},
        ...rows.map((cells) =>
          h('tr', {}, ...cells.map((cell) => (cell instanceof Element ? cell : h('td', {}, cell)))),
        ),
      ),
    ),
  );
}
