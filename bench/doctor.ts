// A doctor run beside a basic run of turnutils_uclient, on the same coturn, on loopback: from start to end, as a person waits.
//
// Target: what doctor waits for by choice (silence that tells how the NAT filters, bursts of data in three directions) and 100 ms.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RunEvent } from '../src/record/events.ts';
import type { Report } from '../src/record/report.ts';
import { startCoturn } from '../test/support/coturn.ts';
import { keepRow, median, times } from './support/rows.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const ABOVE_MS = 100;

await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
const runs: { readonly wallMs: number; readonly runMs: number; readonly chosenMs: number }[] = [];
const others: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const doctor = await time(process.execPath, [
    'bin/iceprobe.js',
    'doctor',
    `turn:127.0.0.1:${coturn.port}`,
    '-f',
    'json',
    '--events',
  ]);
  const report = JSON.parse(doctor.stdout) as Report;
  // The first warms up.
  if (round > 0) runs.push({ wallMs: doctor.ms, runMs: report.durationMs, chosenMs: chosenMs(report.events ?? []) });
  if (round === 1) {
    const uclient = await time('turnutils_uclient', [
      '-u',
      'user',
      '-w',
      'password',
      '-y',
      '-p',
      String(coturn.port),
      '127.0.0.1',
    ]);
    others.push(uclient.ms);
  }
}
const wallMs = median(runs.map((run) => run.wallMs));
const aboveMs = median(runs.map((run) => run.runMs - run.chosenMs));
const chosen = median(runs.map((run) => run.chosenMs));
const theirsMs = median(others);
console.log(`node ${process.version}, median of ${ROUNDS}; coturn on loopback\n`);
console.log(
  `  iceprobe doctor       ${wallMs.toFixed(0)} ms with Node's start, of which chosen waits ${chosen.toFixed(0)} ms`,
);
console.log(`  turnutils_uclient     ${theirsMs.toFixed(0)} ms, ${(theirsMs / wallMs).toFixed(1)} times as long`);
console.log(`  above chosen waits    ${aboveMs.toFixed(0)} ms (target: at most ${ABOVE_MS})`);
keepRow({
  what: 'doctor: a TURN URL, start to end',
  ours: `${wallMs.toFixed(0)} ms`,
  peer: 'turnutils_uclient',
  theirs: `${theirsMs.toFixed(0)} ms`,
  ratio: times(theirsMs / wallMs),
});
keepRow({
  what: 'doctor: the run alone',
  ours: `${median(runs.map((run) => run.runMs)).toFixed(0)} ms`,
  peer: 'its chosen waits',
  theirs: `${chosen.toFixed(0)} ms`,
  ratio: `${aboveMs.toFixed(0)} ms above`,
  target: { text: `at most ${ABOVE_MS} ms above`, met: aboveMs <= ABOVE_MS },
});

/** Silence is waited for where filtering is asked for; data is paced. Between these two, everything is work or round trips. */
function chosenMs(events: readonly RunEvent[]): number {
  const nat = events
    .filter((event) => event.type === 'nat-test')
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  // The longest silence between two answers of the NAT's discovery.
  const silence = nat.reduce((longest, ms, index) => Math.max(longest, ms - (nat[index - 1] ?? ms)), 0);
  return silence + dataMs(events);
}

/** Packets go out paced (`--rate`): in three directions and other sizes, through the channel, and after the refresh. */
function dataMs(events: readonly RunEvent[]): number {
  let sum = 0;
  let refreshedAt = Number.NaN;
  for (const event of events) {
    const isBurst = event.type === 'stage' && (event.stage === 'relay-data' || event.stage === 'channel');
    if (isBurst) sum += event.durationMs;
    if (event.type === 'allocation' && event.change === 'refreshed') refreshedAt = event.ms;
    if (event.type === 'relay-data' && event.purpose === 'after-refresh' && event.direction === 'relay-to-peer') {
      sum += event.ms - refreshedAt;
    }
  }
  return sum;
}

async function time(
  command: string,
  args: readonly string[],
): Promise<{ readonly ms: number; readonly stdout: string }> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ICEPROBE_USERNAME: 'user', ICEPROBE_CREDENTIAL: 'password' },
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  await once(child, 'close');
  return { ms: performance.now() - startedAt, stdout };
}
