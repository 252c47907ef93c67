// `npm run bench`: every bench, one table, each row beside its peer of the same run; `--write` puts it into docs/benchmarks.md.
// `npm run bench -- NAME [arguments]`: one of them, bundled as the command is bundled.
//
// All of it ends within a quarter of an hour, whatever hangs; what a machine lacks is left out, and said.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchTable, writeTable } from './bench-table.mjs';
import { runBundled } from './bundle.mjs';
import { conditions, locate, requirements } from './requirements.mjs';
import { ensureBuild, ensureDependencies, orExplain, root } from './setup.mjs';

/** Of all, and of one. */
const MOST_MS = 15 * 60_000;
const MOST_MS_EACH = 5 * 60_000;

/**
 * What makes the table; `call` compares calls with each other, by itself.
 * @type {readonly { name: string, args?: readonly string[], needs?: readonly import('./requirements.mjs').RequirementName[], inNamespaces?: boolean }[]}
 */
const IN_TABLE = [
  { name: 'codec' },
  { name: 'doctor', needs: ['coturn'] },
  { name: 'start-up' },
  { name: 'growth' },
  { name: 'monitor', needs: ['coturn'] },
  { name: 'install' },
  { name: 'turn-server', needs: ['go', 'pion'] },
  { name: 'gather', args: ['5'], needs: ['coturn', 'chromium', 'go', 'pion', 'ip'], inNamespaces: true },
];

const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name = '', ...rest] = process.argv.slice(2);

if (name === '' || name === '--write') process.exitCode = runAll(name === '--write');
else if (!names.includes(name)) {
  console.error(`usage: npm run bench -- [--write | ${names.join(' | ')}] [arguments]`);
  process.exitCode = 2;
} else {
  await orExplain(async () => {
    await ensureDependencies();
    // Some measure the command itself; where they find it is the folder that they run in.
    await ensureBuild();
    process.chdir(root);
    // What they use of the tests and scripts looks for files beside itself.
    await runBundled(`bench/${name}.ts`, rest, { inPlace: /\/(test|scripts|bench\/[^/]+)\/.*\.(ts|mjs)$/ });
  });
}

/** @param {boolean} toPage */
function runAll(toPage) {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'));
  const file = join(folder, 'rows');
  const endAt = performance.now() + MOST_MS;
  const failed = [];
  const leftOut = [];
  for (const { name: each, args = [], needs = [], inNamespaces = false } of IN_TABLE) {
    console.log(`\n${each}\n`);
    const missing = needs.filter((need) => locate(need) === undefined).map((need) => requirements[need].package);
    if (inNamespaces && !conditions.namespaces.isMet()) missing.push('network namespaces');
    if (missing.length > 0) {
      leftOut.push(`${each} (needs ${missing.join(', ')})`);
      continue;
    }
    const env = { ...process.env, ICEPROBE_BENCH_ROWS: file, ICEPROBE_BENCH_ROUNDS: '5' };
    const timeout = Math.ceil(Math.max(1, Math.min(MOST_MS_EACH, endAt - performance.now())));
    const command = [fileURLToPath(import.meta.url), each, ...args];
    const { status, error } = spawnSync(process.execPath, command, {
      stdio: 'inherit',
      env,
      timeout,
      // What it has started ends with it.
      killSignal: 'SIGKILL',
    });
    if (error !== undefined || status !== 0) failed.push(error === undefined ? each : `${each}: it took too long`);
  }
  for (const peer of /** @type {const} */ (['coturn', 'go', 'pion'])) {
    if (locate(peer) === undefined) leftOut.push(`rows beside ${requirements[peer].package}`);
  }
  const { table, missed } = benchTable(file);
  rmSync(folder, { recursive: true });
  console.log(`\n${table}`);
  if (toPage) writeTable(table, [...leftOut, ...failed.map((each) => `${each} (failed)`)]);
  for (const line of missed) console.log(`missed: ${line}`);
  for (const each of leftOut) console.log(`left out: ${each}`);
  for (const each of failed) console.log(`failed: ${each}`);
  return failed.length === 0 ? 0 : 1;
}
