import { dirname, join } from 'node:path';
import { pathOf } from './needs.ts';
import { startProcess } from './processes.ts';

export interface UclientRun {
  readonly output: string;
  readonly sent: number;
  readonly received: number;
  /** Messages that did not come back; the tool's exit code does not tell. */
  readonly lost: number;
}

/**
 * Runs coturn's load generator against a server until it is done.
 * @throws if it fails or takes longer than `timeoutMs`
 */
export async function runUclient(options: {
  readonly port: number;
  readonly host?: string;
  readonly args: readonly string[];
  readonly timeoutMs?: number;
}): Promise<UclientRun> {
  const { port, host = '127.0.0.1', args, timeoutMs = 50_000 } = options;
  // It stands beside turnserver in Debian's package.
  const program = join(dirname(pathOf('coturn')), 'turnutils_uclient');
  await using process = startProcess(program, ['-p', String(port), ...args, host]);
  // The tool says this last, and then gives its allocations back.
  await process.waitForOutput((text) => text.includes('Average jitter'), timeoutMs, 'summary of turnutils_uclient');
  const output = process.output();
  const sent = lastNumber(output, /tot_send_msgs=(\d+)/g);
  const received = lastNumber(output, /tot_recv_msgs=(\d+)/g);
  const lost = lastNumber(output, /Total lost packets (-?\d+)/g);
  return { output, sent, received, lost };
}

function lastNumber(output: string, pattern: RegExp): number {
  const found = [...output.matchAll(pattern)].at(-1)?.[1];
  if (found === undefined) throw new Error(`turnutils_uclient said nothing of ${pattern.source}:\n${output}`);
  return Number(found);
}
