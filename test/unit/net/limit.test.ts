import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limited } from '../../../src/net/limit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

it('fires after its time, whatever garbage was collected before', () => {
  const { signal } = limited(new AbortController().signal, 1000);
  collectGarbage();
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

it('fires with the outer one, for its reason, and at once where that has fired', () => {
  const outer = new AbortController();
  const { signal } = limited(outer.signal, 1000);
  outer.abort('enough');
  expect(signal.reason).toBe('enough');
  expect(limited(outer.signal, 1000).signal.reason).toBe('enough');
});

it('leaves nothing behind', () => {
  const outer = new AbortController();
  {
    using limit = limited(outer.signal, 1000);
    expect(limit.signal.aborted).toBe(false);
  }
  expect(vi.getTimerCount()).toBe(0);
});
