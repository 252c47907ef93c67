/** At most so many at a time, in the order in which they came. */
export function turns(atOnce: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (run) => {
    if (busy >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    busy++;
    try {
      return await run();
    } finally {
      busy--;
      waiting.shift()?.();
    }
  };
}
