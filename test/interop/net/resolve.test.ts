import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { type NameAnswer, NameResolver } from '../../../src/net/resolve.ts';
import { answerDns, type DnsEntry, startDnsServer } from '../../support/dns-server.ts';

const noSearch = { domains: [], ndots: 1 };

async function ask(zone: Readonly<Record<string, DnsEntry>>, host: string, timeoutMs = 5000, domains: string[] = []) {
  await using server = await startDnsServer(zone);
  const resolver = new NameResolver({
    servers: [server.address],
    hosts: new Map(),
    search: { ...noSearch, domains },
  });
  const told: NameAnswer[] = [];
  const answers = await resolver.resolve(host, [4, 6], timeoutMs, (answer) => told.push(answer));
  expect(new Set(told)).toEqual(new Set(answers));
  return { answers: answers.map(summary), questions: [...server.questions] };
}

const summary = ({ family, addresses, error, errorText }: NameAnswer) => ({
  family,
  addresses,
  error,
  errorText,
});

describe('names by DNS', () => {
  it('gives several addresses of both families, each once', async () => {
    const { answers } = await ask(
      { 'turn.example': ['192.0.2.1', '192.0.2.2', '192.0.2.1', '2001:db8::1'] },
      'turn.example',
    );
    expect(answers).toEqual([
      { family: 4, addresses: ['192.0.2.1', '192.0.2.2'], error: null, errorText: null },
      { family: 6, addresses: ['2001:db8::1'], error: null, errorText: null },
    ]);
  });

  it.each<[string, DnsEntry, string, string]>([
    ['a name that does not exist', 'NXDOMAIN', 'not-found', 'ENOTFOUND'],
    ['a name without addresses', [], 'no-data', 'ENODATA'],
    ['a resolver that fails', 'SERVFAIL', 'server-failure', 'ESERVFAIL'],
    ['a resolver that refuses the question', 'REFUSED', 'refused', 'EREFUSED'],
  ])('tells %s', async (_, entry, error, errorText) => {
    const { answers } = await ask({ 'turn.example': entry }, 'turn.example');
    expect(answers).toEqual([
      { family: 4, addresses: [], error, errorText },
      { family: 6, addresses: [], error, errorText },
    ]);
  });

  it('tells each family apart where only one answers, and does not hold back the other', async () => {
    await using server = await startDnsServer({ 'v4.example/A': ['192.0.2.1'], 'v4.example/AAAA': 'silent' });
    const resolver = new NameResolver({ servers: [server.address], hosts: new Map(), search: noSearch });
    const cancelled = new Promise<readonly NameAnswer[]>((resolve) => {
      const all = resolver.resolve('v4.example', [4, 6], 10_000, ({ family }) => {
        // The answer for IPv4 came while that for IPv6 is still awaited: end the wait.
        if (family === 4) resolver.cancel();
      });
      resolve(all);
    });
    expect((await cancelled).map(summary)).toEqual([
      { family: 4, addresses: ['192.0.2.1'], error: null, errorText: null },
      { family: 6, addresses: [], error: 'timeout', errorText: 'ECANCELLED' },
    ]);
  });

  it('gives a silent resolver up when the time is over', async () => {
    const startedAt = performance.now();
    const { answers } = await ask({ 'turn.example': 'silent' }, 'turn.example', 200);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(answers.map(({ error }) => error)).toEqual(['timeout', 'timeout']);
  });

  it('hears the late answer to a question that it has asked again', async () => {
    const socket = createSocket('udp4');
    let first: { readonly query: Buffer; readonly port: number } | undefined;
    socket.on('message', (query, { port }) => {
      if (first === undefined) first = { query, port };
      // Asked again: now the first question is answered, and this one never.
      else
        answerDns(first.query, { 'far.example': ['192.0.2.1'] }).send((it) =>
          socket.send(it, first?.port, '127.0.0.1'),
        );
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const servers = [`127.0.0.1:${socket.address().port}`];
    const resolver = new NameResolver({ servers, hosts: new Map(), search: noSearch });
    const [answer] = await resolver.resolve('far.example', [4], 20_000, () => {});
    socket.close();
    expect(answer).toMatchObject({ addresses: ['192.0.2.1'], error: null });
  });

  it('asks the next resolver where one is silent or fails, and the first one again', async () => {
    await using silent = await startDnsServer({ 'turn.example': 'silent' });
    await using failing = await startDnsServer({ 'turn.example': 'SERVFAIL' });
    await using good = await startDnsServer({ 'turn.example': ['192.0.2.1'] });
    const servers = [silent.address, failing.address, good.address];
    const resolver = new NameResolver({ servers, hosts: new Map(), search: noSearch });
    const [answer] = await resolver.resolve('turn.example', [4], 10_000, () => {});
    expect(answer).toMatchObject({ addresses: ['192.0.2.1'], error: null });
    const alone = new NameResolver({ servers: servers.slice(0, 2), hosts: new Map(), search: noSearch });
    const [failed] = await alone.resolve('turn.example', [4], 3000, () => {});
    expect(failed?.error).toBe('timeout');
    expect(silent.questions.length).toBeGreaterThan(2);
    expect(failing.questions.length).toBeGreaterThan(2);
  });

  it('tells a resolver whose port is closed', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const resolver = new NameResolver({ servers: [`127.0.0.1:${port}`], hosts: new Map(), search: noSearch });
    const answers = await resolver.resolve('turn.example', [4], 5000, () => {});
    expect(answers.map(summary)).toEqual([{ family: 4, addresses: [], error: 'refused', errorText: 'ECONNREFUSED' }]);
  });

  it('completes a name by the search list only where it does not exist as it stands', async () => {
    const zone = {
      'turn.corp.example': ['192.0.2.9'],
      'dead.one.example': 'SERVFAIL',
      'dead.two.example': [],
    } as const;
    const { answers, questions } = await ask(zone, 'turn', 5000, ['none.example', 'corp.example']);
    expect(answers[0]?.addresses).toEqual(['192.0.2.9']);
    expect(questions.filter((question) => question.endsWith('/A'))).toEqual([
      'turn.none.example/A',
      'turn.corp.example/A',
    ]);
    const dead = await ask(zone, 'dead', 5000, ['one.example', 'two.example']);
    expect(dead.answers[0]?.error).toBe('server-failure');
    expect(dead.questions.some((question) => question.startsWith('dead.two'))).toBe(false);
  });

  it('ends what is asked after cancel at once', async () => {
    await using server = await startDnsServer({ 'turn.example': 'silent' });
    const resolver = new NameResolver({ servers: [server.address], hosts: new Map(), search: noSearch });
    resolver.cancel();
    const answers = await resolver.resolve('turn.example', [4], 10_000, () => {});
    expect(answers[0]?.error).toBe('timeout');
  });

  it('tells a name that no question can hold', async () => {
    const { answers } = await ask({}, `${'a'.repeat(64)}.example`);
    expect(answers[0]?.error).toBe('other');
  });
});

describe('services by DNS', () => {
  it('sorts targets by priority, then weight, and knows the target that says no', async () => {
    await using server = await startDnsServer({
      '_turn._udp.example': [
        { priority: 20, weight: 0, port: 3480, target: 'c.example' },
        { priority: 10, weight: 1, port: 3479, target: 'b.example' },
        { priority: 10, weight: 9, port: 3478, target: 'a.example' },
      ],
      '_stun._udp.example': [{ priority: 0, weight: 0, port: 0, target: '.' }],
    });
    const resolver = new NameResolver({ servers: [server.address], hosts: new Map(), search: noSearch });
    const turn = await resolver.resolveService('turn', 'udp', 'example', 5000);
    expect(turn).toMatchObject({ error: null, errorText: null });
    expect(turn.targets).toEqual([
      { host: 'a.example', port: 3478 },
      { host: 'b.example', port: 3479 },
      { host: 'c.example', port: 3480 },
    ]);
    expect((await resolver.resolveService('stun', 'udp', 'example', 5000)).targets).toEqual([]);
    expect(await resolver.resolveService('stuns', 'tcp', 'example', 5000)).toMatchObject({ error: 'not-found' });
  });
});
