import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/report/html.ts';
import { Compressed } from '../../../src/web/server/compressed.ts';
import { readCompressedPage, withoutPolicy } from '../../../src/web/server/page-file.ts';
import { readBuiltPage } from '../../../src/web/server.ts';
import { Run, turnServer } from '../../support/events.ts';

const NASTY = '</template><script>alert(1)</script><!-- & \u2028';

describe('html', () => {
  const report = new Run({ servers: [turnServer('turn:turn.example.org', NASTY)] }).gathering().complete().report();

  it('is the page with the report in it, whole', () => {
    const page = readBuiltPage();
    const text = html(report, page);
    const embedded = /<template id="report">([^<]*)<\/template>/.exec(text)?.[1] ?? '';
    expect(JSON.parse(embedded)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(text.replace(embedded, '')).toBe(page);
  });

  it('replaces a report that is there already, and refuses a page without a place for one', () => {
    const page = '<p>x</p><template id="report">{"old":1}</template>';
    expect(html(report, page)).not.toContain('old');
    expect(() => html(report, '<p>x</p>')).toThrow('place');
  });

  it('lets no text of the report become a tag', () => {
    const text = html(report, '<template id="report"></template>');
    expect(text.match(/</g)).toHaveLength(2);
    expect(text).not.toMatch(/[\u2028]/);
  });
});

describe('the built page', () => {
  const page = readBuiltPage();

  it('asks no other host for anything, and is one file', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'none'");
    expect(page).not.toMatch(/<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*href="(?!data:)|@import|url\((?!#)/);
  });

  it('has no comment in its script, which could hide the end of it', () => {
    expect(page.slice(page.indexOf('<script')).includes('<!--')).toBe(false);
  });

  it('is under 100 KB compressed', () => {
    const served = withoutPolicy(page);
    const { body, headers } = new Compressed(served, readCompressedPage).for('gzip, deflate, br');
    expect(headers['content-encoding']).toBe('br');
    expect(body.length).toBeLessThan(100_000);
    expect(brotliDecompressSync(body).toString()).toBe(served);
    expect(new Compressed(page).for('gzip').body).toBe(page);
  });
});
