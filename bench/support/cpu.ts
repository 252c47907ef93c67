import { readFileSync } from 'node:fs';

/** What a process has used of the processor so far (Linux), in seconds; the system counts in ticks of 10 ms. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

export function cpuTime(pid: number): CpuTime {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { user: Number(fields[11]) / 100, system: Number(fields[12]) / 100 };
}

export function cpuSeconds(pid: number): number {
  const { user, system } = cpuTime(pid);
  return user + system;
}
