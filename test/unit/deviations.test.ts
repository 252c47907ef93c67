import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/deviations.md', root), 'utf8');

const rows = text
  .split('\n')
  .filter((line) => /^\| RFC \d+/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('lists deviations, each with a passage and a test', () => {
  expect(rows.length).toBeGreaterThan(8);
  for (const row of rows) expect(row).toHaveLength(6);
});

it.each(rows.map((row) => [row[1] ?? '', row[4] ?? '']))(
  '%s: the test that is named exists (%s)',
  (_passage, reference) => {
    const [, path = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(reference) ?? [];
    const source = readFileSync(new URL(path, root), 'utf8');
    expect(source).toContain(`'${title.replaceAll("'", "\\'")}'`);
  },
);
