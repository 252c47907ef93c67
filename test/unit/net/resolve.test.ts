import { describe, expect, it } from 'vitest';
import { parseHostsFile } from '../../../src/net/hosts-file.ts';
import { parseSearchRule, searchNames } from '../../../src/net/resolv-conf.ts';
import { type NameAnswer, NameResolver } from '../../../src/net/resolve.ts';

const noSearch = { domains: [], ndots: 1 };

describe('parseHostsFile', () => {
  it('reads addresses with several names, comments and repetitions', () => {
    const hosts = parseHostsFile(
      '127.0.0.1 localhost # c\n# 1.2.3.4 no\n::1\tlocalhost ip6\r\n127.0.0.1 LOCALHOST\nx y\n',
    );
    expect([...hosts]).toEqual([
      ['localhost', ['127.0.0.1', '::1']],
      ['ip6', ['::1']],
    ]);
  });
});

describe('the search rule of resolv.conf', () => {
  it.each([
    ['search a.example b.example.\nnameserver 1.1.1.1', { domains: ['a.example', 'b.example'], ndots: 1 }],
    ['search a\ndomain b c', { domains: ['b'], ndots: 1 }],
    ['options edns0 ndots:5 # 3', { domains: [], ndots: 5 }],
    ['options ndots:99\nsearch .', { domains: [], ndots: 15 }],
    ['', noSearch],
  ])('%o', (text, expected) => {
    expect(parseSearchRule(text)).toEqual(expected);
  });

  it.each([
    ['turn', 1, ['turn.a', 'turn.b', 'turn']],
    ['turn.x', 1, ['turn.x', 'turn.x.a', 'turn.x.b']],
    ['turn.x', 5, ['turn.x.a', 'turn.x.b', 'turn.x']],
    ['turn.', 1, ['turn']],
  ])('%s with ndots:%i is asked as %o', (host, ndots, expected) => {
    expect(searchNames(host, { domains: ['a', 'b'], ndots })).toEqual(expected);
  });
});

describe('NameResolver without asking', () => {
  // A resolver that must not be asked: a question to it would fail otherwise than expected.
  const resolver = new NameResolver({
    servers: ['127.0.0.1:1'],
    search: noSearch,
    hosts: parseHostsFile('192.0.2.7 Turn.Example\n2001:db8::7 turn.example\n192.0.2.8 only4.example'),
  });

  async function resolve(host: string, families: readonly (4 | 6)[] = [4, 6]) {
    const told: NameAnswer[] = [];
    const answers = await resolver.resolve(host, families, 1000, (answer) => told.push(answer));
    expect(told).toEqual(answers);
    return answers.map(({ family, addresses, source, error }) => ({ family, addresses, source, error }));
  }

  it('takes an address literal as it stands, in canonical spelling, where its family is wanted', async () => {
    const answer = { family: 6, addresses: ['2001:db8::1'], source: 'literal', error: null };
    expect(await resolve('2001:DB8:0::1')).toEqual([answer]);
    expect(await resolve('2001:db8::1', [4])).toEqual([]);
    expect(await resolve('192.0.2.1')).toEqual([
      { family: 4, addresses: ['192.0.2.1'], source: 'literal', error: null },
    ]);
  });

  it('believes the hosts file, for the family that it does not name too', async () => {
    expect(await resolve('turn.EXAMPLE.')).toEqual([
      { family: 4, addresses: ['192.0.2.7'], source: 'hosts', error: null },
      { family: 6, addresses: ['2001:db8::7'], source: 'hosts', error: null },
    ]);
    expect(await resolve('only4.example')).toEqual([
      { family: 4, addresses: ['192.0.2.8'], source: 'hosts', error: null },
      { family: 6, addresses: [], source: 'hosts', error: 'no-data' },
    ]);
  });

  it('keeps localhost on this machine (RFC 6761 6.3)', async () => {
    for (const name of ['localhost', 'a.LocalHost']) {
      expect((await resolve(name)).flatMap(({ addresses }) => addresses)).toEqual(['127.0.0.1', '::1']);
    }
  });
});
