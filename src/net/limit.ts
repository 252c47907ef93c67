/** A signal, and what takes its timer and listener away when nobody waits any more. */
export interface Limit extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Fires when `outer` does, for its reason, or after `ms` with a `TimeoutError`. Node 20 collects the timer behind
 * `AbortSignal.any([outer, AbortSignal.timeout(ms)])` as garbage, so that such a signal may never fire.
 */
export function limited(outer: AbortSignal, ms: number): Limit {
  const limit = new AbortController();
  const follow = (): void => limit.abort(outer.reason);
  const timer = setTimeout(() => limit.abort(new DOMException('the time is over', 'TimeoutError')), ms);
  outer.addEventListener('abort', follow, { once: true });
  if (outer.aborted) follow();
  return {
    signal: limit.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer.removeEventListener('abort', follow);
    },
  };
}
