// What watching costs: runs of targets that `iceprobe monitor` makes in a second of the processor, each target a TURN server
// whose relay is walked up to data and back, on loopback.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startCoturn } from '../test/support/coturn.ts';
import { keepRow } from './support/rows.ts';

const TARGETS = Number(process.argv[2] ?? 10);
const SECONDS = Number(process.argv[3] ?? 20);

await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
const folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'));
const file = join(folder, 'iceprobe.config.json');
const iceServers = [{ urls: `turn:127.0.0.1:${coturn.port}`, username: 'user', credential: 'password' }];
const targets = Object.fromEntries(Array.from({ length: TARGETS }, (_, n) => [`target-${n}`, { iceServers }]));
writeFileSync(file, JSON.stringify({ defaults: { interval: 2 }, targets, concurrency: 20 }));
const monitor = spawn(process.execPath, ['bin/iceprobe.js', 'monitor', '-c', file, '--port', '0'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
let said = '';
for (const stream of [monitor.stdout, monitor.stderr]) {
  stream.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
}
try {
  for (let tries = 0; !/ready/.test(said) && tries < 200; tries++) await wait(100);
  const place = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
  if (place === undefined) throw new Error(`no monitor: ${said}`);
  await wait(5000);
  const [cpuBefore, runsBefore] = [cpuSeconds(monitor.pid ?? 0), await runs(place)];
  await wait(SECONDS * 1000);
  const [cpu, made] = [cpuSeconds(monitor.pid ?? 0) - cpuBefore, (await runs(place)) - runsBefore];
  const perCpu = made / cpu;
  console.log(`${TARGETS} targets each 2 s: ${made} runs in ${SECONDS} s with ${cpu.toFixed(2)} s of the processor`);
  console.log(
    `${perCpu.toFixed(1)} targets a CPU second; at one run a minute that is ${(60 * perCpu).toFixed(0)} targets on one core`,
  );
  keepRow({
    what: 'monitor: targets, each to data through its relay',
    ours: `${perCpu.toFixed(1)} /CPU s`,
    peer: 'a core, each target once a minute',
    theirs: `${(60 * perCpu).toFixed(0)} targets`,
    ratio: '',
  });
} finally {
  monitor.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

async function runs(place: string): Promise<number> {
  const text = await (await fetch(`${place}/metrics`)).text();
  const counts = [...text.matchAll(/^iceprobe_(?:monitor_)?runs_total\{[^}]*\} (\d+)/gm)].map((match) =>
    Number(match[1]),
  );
  if (counts.length === 0) throw new Error('no count of runs in the metrics');
  return counts.reduce((sum, count) => sum + count, 0);
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
