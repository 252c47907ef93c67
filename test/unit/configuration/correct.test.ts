import { describe, expect, it } from 'vitest';
import { correctServers, correctUrl } from '../../../src/core/configuration/correct.ts';

describe('correcting a URL', () => {
  it.each([
    ['stun:a.example', ['stun:a.example']],
    ['turn:a.example:443?transport=tcp', ['turn:a.example:443?transport=tcp']],
    [' stun:a.example\n', ['stun:a.example']],
    ['"stun:a.example"', ['stun:a.example']],
    ['stun://a.example/', ['stun:a.example']],
    ['stun:a.example?transport=udp', ['stun:a.example']],
    ['turn:a.example?transport=tls', ['turns:a.example']],
    ['turn:a.example:443?transport=tls', ['turns:a.example:443']],
    ['turn:a.example/path?transport=tcp', ['turn:a.example?transport=tcp']],
    ['turn:a.example?ttl=5', ['turn:a.example']],
    ['turn:a.example:', ['turn:a.example']],
    ['turn:alice:secret@a.example', ['turn:a.example']],
    ['stun:2001:db8::1', ['stun:[2001:db8::1]']],
    ['stun:a.example,stun:b.example', ['stun:a.example', 'stun:b.example']],
    ['stun:a.example stun:b.example', ['stun:a.example', 'stun:b.example']],
    ["'stun://a.example?transport=udp'", ['stun:a.example']],
  ])('%j becomes %j', (url, expected) => {
    expect(correctUrl(url)).toEqual(expected);
  });

  it.each([
    '',
    'a.example',
    'https://a.example',
    'turn:',
    `turn:$\{HOST}`,
    'stun:a.example:99999',
    'turn:a?transport=quic',
  ])('does not guess at %j', (url) => {
    expect(correctUrl(url)).toEqual([url]);
  });
});

describe('correcting a configuration', () => {
  const gone = (host: string): string | undefined => (host === 'gone.example' ? 'it is gone' : undefined);

  it('mends, splits, and leaves out what serves nobody, and says so', () => {
    const { servers, changes } = correctServers(
      [
        { urls: ['stun://a.example', 'stun:A.example:3478', 'stun:gone.example'] },
        { urls: ['turns:b.example?transport=udp', 'turn:'], username: 'alice' },
        { urls: ['stun:a.example'], username: 'ignored for STUN, but another entry all the same' },
        { urls: [''] },
      ],
      gone,
    );
    expect(servers).toEqual([
      { urls: ['stun:a.example'] },
      { urls: ['turns:b.example'], username: 'alice' },
      { urls: ['stun:a.example'], username: 'ignored for STUN, but another entry all the same' },
    ]);
    expect(changes).toEqual([
      'stun://a.example is now stun:a.example',
      'left out stun:A.example:3478: it is there already',
      'left out stun:gone.example: it is gone',
      'turns:b.example?transport=udp is now turns:b.example',
      'left out turn:: the host is missing',
      'left out an empty URL: the URL is empty',
    ]);
  });

  it('changes nothing in what is good', () => {
    const servers = [{ urls: ['stun:a.example'] }, { urls: ['turn:a.example', 'turns:a.example:443'], username: 'u' }];
    expect(correctServers(servers, gone)).toEqual({ servers, changes: [] });
  });

  it('shows no password of a URL', () => {
    const { changes } = correctServers([{ urls: ['turn:alice:hunter2@a.example', 'turn:alice:hunter2@'] }], gone);
    expect(changes.join()).not.toContain('hunter2');
    expect(changes).toHaveLength(2);
  });
});
