import { describe, expect, it } from 'vitest';
import type { AttemptKey, StageEnded } from '../../../src/core/attempt.ts';
import { ServersFold } from '../../../src/record/fold/servers.ts';

const STAMP = { seq: 1, ms: 0, vantage: 'terminal' } as const;
const URL = 'stun:stun.example.org';

function stageOfUrl(stage: StageEnded['stage'], status: StageEnded['status']): StageEnded {
  return {
    type: 'stage',
    url: URL,
    attempt: null,
    transport: null,
    stage,
    status,
    durationMs: 0,
    detail: '',
    data: {},
  };
}

it.each([
  ['not asked on purpose', ['binding', 'skip'], 'ok'],
  ['never got to', undefined, 'undetermined'],
] as const)('a server that was resolved and then %s', (_what, then, verdict) => {
  const fold = new ServersFold();
  fold.expect([URL]);
  fold.add({ ...STAMP, ...stageOfUrl('resolve', 'pass') });
  if (then !== undefined) fold.add({ ...STAMP, ...stageOfUrl(then[0], then[1]) });
  expect(fold.list('2026-01-01T00:00:00Z')).toMatchObject([
    { url: URL, verdict, resolve: { stage: 'resolve', status: 'pass' } },
  ]);
});

describe('a server', () => {
  const [ETH, DOCKER] = ['192.168.1.23', '172.17.0.1'];
  const at = (id: string, localAddress: string | null, address = '198.51.100.7'): AttemptKey => ({
    id,
    family: 4,
    address,
    port: 3478,
    transport: 'udp',
    interface: null,
    localAddress,
  });
  const verdictOf = (...ended: readonly (readonly [AttemptKey, StageEnded['status']])[]): string | undefined => {
    const fold = new ServersFold();
    for (const [attempt, status] of ended) fold.add({ ...STAMP, ...stageOfUrl('binding', status), attempt });
    return fold.list('2026-01-01T00:00:00Z')[0]?.verdict;
  };

  it.each([
    ['one of our addresses is enough', [at('1', ETH), 'pass'], [at('2', DOCKER), 'fail'], 'ok'],
    ["one of the name's addresses is enough", [at('1', ETH), 'pass'], [at('2', ETH, '198.51.100.8'), 'fail'], 'ok'],
    ['asked again, it is what it was last', [at('1', ETH), 'pass'], [at('2', ETH), 'fail'], 'error'],
    ['asked again, and cut off', [at('1', ETH), 'pass'], [at('2', ETH), 'unknown'], 'undetermined'],
    ['asked again, and better', [at('1', ETH), 'fail'], [at('2', ETH), 'pass'], 'ok'],
    ['failed, asked again, and cut off', [at('1', ETH), 'fail'], [at('2', ETH), 'unknown'], 'error'],
    ['no route to it any more', [at('1', ETH), 'pass'], [at('2', null), 'fail'], 'error'],
  ] as const)('%s', (_what, first, second, verdict) => {
    expect(verdictOf(first, second)).toBe(verdict);
  });

  it('that another address of ours reached before is judged by what was asked last', () => {
    const before = [
      [at('1', ETH), 'pass'],
      [at('2', DOCKER), 'pass'],
    ] as const;
    expect(verdictOf(...before, [at('3', ETH), 'fail'])).toBe('error');
  });
});
