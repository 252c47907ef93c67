/** Milliseconds since the machine started: the same clock in every process on it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
