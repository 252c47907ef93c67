/** Waits so many milliseconds; ends early where the run is aborted, or something that was waited for has come. */
export function pause(ms: number, signal: AbortSignal, until?: Promise<void>): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    void until?.then(end);
  });
}
