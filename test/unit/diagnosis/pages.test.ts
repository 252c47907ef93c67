import { describe, expect, it } from 'vitest';
import { outdatedPages } from '../../../scripts/finding-pages.mjs';
import { FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';
import { findingPages } from '../../../src/report/finding-pages.ts';

describe('docs/findings', () => {
  it('is what the catalogue says (npm run findings writes it)', async () => {
    expect(await outdatedPages()).toEqual([]);
  });

  it('has a page for each finding, without a trace of templates', () => {
    const pages = findingPages();
    expect(pages.map(({ name }) => name)).toEqual(['README.md', ...FINDING_IDS.map((id) => `${id}.md`)]);
    for (const { name, text } of pages) expect(text, name).not.toMatch(/\[\[|\]\]|\{\w+\}|undefined/);
  });

  it('links only to pages that are there', () => {
    const names = new Set(findingPages().map(({ name }) => name));
    for (const { name, text } of findingPages()) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g))
        expect(names, `${name} links to ${target}`).toContain(target);
    }
  });
});
