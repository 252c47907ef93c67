import { describe, expect, it } from 'vitest';
import { proxyOf } from '../../../src/net/system.ts';

describe('proxyOf', () => {
  it.each([
    [{}, null],
    [{ HTTPS_PROXY: '' }, null],
    [{ https_proxy: 'http://proxy:3128' }, 'http://proxy:3128'],
    [{ HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:2' }, 'http://b:2'],
    [{ HTTPS_PROXY: 'http://me:secret@proxy:3128/path' }, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'http://me:se@cret@proxy:3128' }, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'http://me:se/cret@proxy:3128' }, 'http://proxy:3128'],
    [{ ALL_PROXY: 'me:secret@proxy:3128' }, 'proxy:3128'],
    [{ all_proxy: 'socks5h://proxy' }, 'socks5h://proxy'],
  ])('%o', (environment, expected) => {
    expect(proxyOf(environment)).toBe(expected);
  });
});
