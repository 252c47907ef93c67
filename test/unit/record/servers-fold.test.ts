import { expect, it } from 'vitest';
import type { StageEnded } from '../../../src/core/attempt.ts';
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
