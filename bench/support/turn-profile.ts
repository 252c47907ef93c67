// Where the time of a packet goes, for our server, the bare loop and coturn under the same load: processor time outside and
// inside the system for each packet that is relayed, the system calls of each (strace), and in whose code it is spent (perf).
// What is not installed is left out, and said.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuTime } from './cpu.ts';
import { buildGo } from './go.ts';
import { type Contestant, contestantsOf, freePort, isUp, loadArguments, type Mode } from './turn-contestants.ts';

const SECONDS = 3;
const SIZE = 172;
const PROFILED = ['bare Node loop', 'iceprobe', 'coturn'];

/** Looks at a server from when the load begins until it ends; what it returns tells of it, once the packets are counted. */
type Watch = (pid: number, ended: Promise<number>) => Promise<readonly string[]>;

export async function profileServers(script: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-profile-'));
  const samples = join(folder, 'perf.data');
  try {
    const generator = buildGo('turn-load', folder);
    for (const contestant of contestantsOf(folder, script)) {
      if (!PROFILED.includes(contestant.name)) continue;
      for (const mode of contestant.modes) {
        console.log(`\n${contestant.name}${mode === 'bare' ? '' : `, ${mode}`}: ${SIZE} bytes of payload`);
        let microseconds = Number.NaN;
        await underLoad(generator, contestant, mode, async (pid, ended) => {
          const before = cpuTime(pid);
          const relayed = await ended;
          const { user, system } = cpuTime(pid);
          const [outside, inside] = [
            (1e6 * (user - before.user)) / relayed,
            (1e6 * (system - before.system)) / relayed,
          ];
          microseconds = outside + inside;
          return [
            `${microseconds.toFixed(1)} us of processor a packet: ${outside.toFixed(1)} outside, ${inside.toFixed(1)} inside the system`,
          ];
        });
        await underLoad(generator, contestant, mode, systemCalls);
        await underLoad(generator, contestant, mode, (pid, ended) => sampled(pid, ended, samples, microseconds));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function underLoad(generator: string, contestant: Contestant, mode: Mode, watch: Watch): Promise<void> {
  const [port, peer] = [await freePort(), await freePort()];
  const server = contestant.start(port, peer);
  try {
    await isUp(server, mode, port);
    const more = ['-size', String(SIZE), '-seconds', String(SECONDS)];
    const load = spawn(generator, [...loadArguments(mode, port, peer), ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = textOf(load.stdout);
    const ended = once(load, 'close').then(
      async () => 2 * (JSON.parse(await output) as { roundTrips: number }).roundTrips,
    );
    await once(load.stderr, 'data');
    for (const line of await watch(server.pid ?? 0, ended)) console.log(`  ${line}`);
    await ended;
  } finally {
    server.kill('SIGKILL');
  }
}

/**
 * Of each packet that is sent on, for strace may begin late. It slows the server down, and the load waits for it: how many
 * calls a packet takes stays the same.
 */
async function systemCalls(pid: number, ended: Promise<number>): Promise<readonly string[]> {
  const strace = spawn('strace', ['-c', '-f', '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const missing = once(strace, 'error').then(() => ['strace is not installed: no system calls']);
  const counted = async () => {
    const summary = textOf(strace.stderr);
    const closed = once(strace, 'close');
    await ended;
    strace.kill('SIGINT');
    await closed;
    // `% time, seconds, usecs/call, calls, [errors,] syscall`
    const rows = [...(await summary).matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:(\d+) +)?(\w+)$/gm)].filter(
      ([, , , name]) => name !== 'total',
    );
    const sent = rows.reduce((sum, [, count, , name = '']) => sum + (/^send/.test(name) ? Number(count) : 0), 0);
    const calls = rows
      .map(([, count, failed, name = '']) => ({
        name,
        each: Number(count) / sent,
        failed: Number(failed ?? 0) / sent,
      }))
      .filter(({ each }) => each >= 0.01)
      .sort((a, b) => b.each - a.each)
      .map(
        ({ name, each, failed }) =>
          `${name} ${each.toFixed(2)}${failed < 0.01 ? '' : ` (${failed.toFixed(2)} in vain)`}`,
      );
    return [`system calls a packet: ${calls.join(', ')}`];
  };
  return Promise.race([missing, counted()]);
}

/** In whose code the processor is found, a thousand times a second, and the functions where it is found most. */
async function sampled(
  pid: number,
  ended: Promise<number>,
  file: string,
  microseconds: number,
): Promise<readonly string[]> {
  const record = spawn('perf', ['record', '-q', '-e', 'cpu-clock', '-F', '999', '-p', String(pid), '-o', file], {
    stdio: 'ignore',
  });
  const missing = once(record, 'error').then(() => ['perf is not installed: no profile']);
  const told = async () => {
    const closed = once(record, 'close');
    await ended;
    record.kill('SIGINT');
    await closed;
    const share = (percent: string): string => `${((Number(percent) * microseconds) / 100).toFixed(1)} us`;
    const objects = await report(
      file,
      'dso',
      (percent, what) =>
        `${what.replace(/^\[JIT\].*/, 'JavaScript').replace('[kernel.kallsyms]', 'the system')} ${share(percent)}`,
    );
    const symbols = await report(file, 'symbol', (percent, what) => `${what} ${share(percent)}`);
    return [`of it in: ${objects.slice(0, 5).join(', ')}`, `most in: ${symbols.slice(0, 8).join(', ')}`];
  };
  return Promise.race([missing, told()]);
}

async function report(file: string, by: string, told: (percent: string, what: string) => string): Promise<string[]> {
  const child = spawn('perf', ['report', '-i', file, '--stdio', '--sort', by], { stdio: ['ignore', 'pipe', 'ignore'] });
  const text = await textOf(child.stdout);
  return [...text.matchAll(/^ *(\d+\.\d+)% +(?:\[[.k]\] )?(.+?)(?: {2,}.*)?$/gm)].map(([, percent = '', what = '']) =>
    told(percent, what),
  );
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
