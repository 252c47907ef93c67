// `npm run bench`: every bench, one table, each row beside its peer of the same run; `--write` puts it into docs/benchmarks.md.
// `npm run bench -- NAME [arguments]`: one of them, bundled as the command is bundled.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchTable, writeTable } from './bench-table.mjs';
import { runBundled } from './bundle.mjs';
import { ensureBuild, ensureDependencies, orExplain, root } from './setup.mjs';

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
    await runBundled(`bench/${name}.ts`, rest);
  });
}

/** @param {boolean} toPage */
function runAll(toPage) {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'));
  const file = join(folder, 'rows');
  const failed = [];
  for (const each of names) {
    console.log(`\n${each}\n`);
    const env = { ...process.env, ICEPROBE_BENCH_ROWS: file };
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), each], { stdio: 'inherit', env });
    if (status !== 0) failed.push(each);
  }
  const { table, missed } = benchTable(file);
  rmSync(folder, { recursive: true });
  console.log(`\n${table}`);
  if (toPage) writeTable(table);
  for (const line of missed) console.log(`missed: ${line}`);
  for (const each of failed) console.log(`failed: ${each}`);
  return failed.length === 0 ? 0 : 1;
}
