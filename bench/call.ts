// Time to a connected data channel, of the same call by each implementation and with and without trickle; the steps of each.
//
// Target: no more than twice what Chromium to Chromium takes in the same network.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Report } from '../src/record/report.ts';
import { startTurnServer } from '../src/turn-server/start.ts';

const ROUNDS = Number(process.argv[2] ?? 10);
const PATHS = ['any', 'relay'] as const;
const BIN = join(process.cwd(), 'bin/iceprobe.js');

type Path = (typeof PATHS)[number];

interface Contestant {
  readonly name: string;
  readonly args: readonly string[];
  readonly ms: Readonly<Record<Path, number[]>>;
}

const contestants: readonly Contestant[] = [
  {
    name: 'Chromium to Chromium',
    args: ['--offerer', 'chromium', '--answerer', 'chromium'],
    ms: { any: [], relay: [] },
  },
  { name: 'libwebrtc to itself', args: [], ms: { any: [], relay: [] } },
  { name: 'the same without trickle', args: ['--no-trickle'], ms: { any: [], relay: [] } },
  { name: 'libwebrtc to Chromium', args: ['--answerer', 'chromium'], ms: { any: [], relay: [] } },
];

await using server = await startTurnServer({ transports: ['udp'] });
const servers = JSON.stringify(server.iceServers);

/** Round by round, so that what else the machine does falls on all of them. */
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, args, ms } of contestants) {
    for (const path of PATHS) {
      const report = await call(['--path', path, ...args]);
      const took = report.calls?.[0]?.timing.channelMs;
      if (took === null || took === undefined) throw new Error(`${name}, ${path}: ${report.calls?.[0]?.reason}`);
      ms[path].push(took);
    }
  }
}

for (const path of PATHS) {
  const base = median(contestants[0]?.ms[path] ?? []);
  console.log(`\npath ${path}: milliseconds to an open data channel, ${ROUNDS} rounds`);
  for (const { name, ms } of contestants) {
    const all = ms[path];
    const ratio = (median(all) / base).toFixed(2);
    console.log(
      `  ${name.padEnd(26)} median ${String(Math.round(median(all))).padStart(5)}   ` +
        `lowest ${String(Math.round(Math.min(...all))).padStart(5)}   ${ratio} of Chromium to Chromium`,
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function call(args: readonly string[]): Promise<Report> {
  const words = [BIN, 'call', '--ice-servers', servers, '-f', 'json', '--duration', '0.2', ...args];
  return new Promise((resolve, reject) => {
    // 0 where it connected; 1 is in the report.
    execFile(process.execPath, words, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      try {
        resolve(JSON.parse(stdout) as Report);
      } catch {
        reject(error ?? new Error('no report'));
      }
    });
  });
}
