import { describe, expect, it } from 'vitest';
import { explain } from '../../lab/oracle/differences.ts';
import { renderPage } from '../../lab/oracle/page.ts';

describe('differences between a browser and iceprobe', () => {
  const ours = new Set(['host udp 192.0.2.1', 'relay udp 2001:db8::1 tcp']);
  const theirs = new Set(['host udp 192.0.2.1']);

  it('are accounted for by what explains them, in one direction alone', () => {
    const sets = { ours, theirs };
    expect(explain(sets, ['relay-of-own-family'])).toEqual({ unexplained: [], unused: [] });
    expect(explain(sets, [])).toEqual({ unexplained: ['only iceprobe: relay udp 2001:db8::1 tcp'], unused: [] });
    expect(explain({ ours: theirs, theirs: ours }, ['relay-of-own-family'])).toEqual({
      unexplained: ['only browser: relay udp 2001:db8::1 tcp'],
      unused: ['relay-of-own-family'],
    });
  });

  it('stand on the page, which is made of the table that the test goes by (-u renews it)', async () => {
    await expect(renderPage()).toMatchFileSnapshot('../../../docs/browsers.md');
  });
});
