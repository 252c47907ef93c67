// `npm test`: sets up what is missing, then checks and tests everything. Ends with a line `N passed, N failed`.
// `npm test -- arguments` hands the arguments to vitest and runs nothing else.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  conditions,
  installCommand,
  installSystemPackages,
  mayInstallSystemPackages,
  missingRequirements,
  requirements,
  unmetConditions,
} from './requirements.mjs';
import { ensureBuild, ensureDependencies, orExplain, root, say } from './setup.mjs';
import { tally } from './tally.mjs';

const strict = process.env['CI'] === 'true';
const vitest = ['node_modules/vitest/vitest.mjs', 'run'];
const SECOND_TRIES = ['--reporter=./scripts/second-tries.mjs'];
const steps = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'types without Node or DOM', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.portable.json'] },
  { name: 'types of the page', args: ['node_modules/typescript/bin/tsc', '-p', 'src/web/page/tsconfig.json'] },
  { name: 'lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.', '--diagnostic-level=warn'] },
];

await orExplain(async () => {
  await ensureDependencies();
  const missing = missingRequirements();
  if (missing.length > 0 && mayInstallSystemPackages()) {
    // Without a network, say, what is there can still be tested; what is not is listed below.
    await installSystemPackages(missing).catch((error) => (strict ? Promise.reject(error) : say(error.message)));
  }
  await ensureBuild();
});

const selection = process.argv.slice(2);
process.exitCode = selection.length > 0 ? await runNode([...vitest, ...selection]) : await runAll();

/** @returns {Promise<number>} the exit status */
async function runAll() {
  let passed = 0;
  let failed = 0;
  for (const { name, args } of steps) {
    const good = (await runNode(args)) === 0;
    console.log(`${good ? 'passed' : 'FAILED'}: ${name}`);
    if (good) passed += 1;
    else failed += 1;
  }
  const tests = await runTests();
  passed += tests.passed;
  failed += tests.failed + reportLeftOut(tests.skipped);
  if (tests.passed + tests.failed === 0) {
    console.log('FAILED: no test ran');
    failed += 1;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} */
async function runTests() {
  const folder = join(root, '.iceprobe');
  const results = join(folder, `tests-${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  try {
    const status = await runNode([
      ...vitest,
      '--reporter=default',
      ...SECOND_TRIES,
      '--reporter=json',
      `--outputFile.json=${results}`,
    ]);
    return tally(JSON.parse(readFileSync(results, 'utf8')), status);
  } catch (error) {
    console.log(`FAILED: vitest left no results: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(results, { force: true });
  }
}

/**
 * Lists by name what could not be tested here, and how to add it.
 * @param {string[]} skipped  names of tests
 * @returns {number} how many failures that makes: none for a person, one where nothing may be left out
 */
function reportLeftOut(skipped) {
  const missing = missingRequirements();
  const unmet = unmetConditions();
  if (missing.length + unmet.length + skipped.length === 0) return 0;
  console.log(`left out: ${skipped.length} ${skipped.length === 1 ? 'test' : 'tests'}`);
  for (const name of missing) console.log(`  without ${name}: ${requirements[name].serves}`);
  for (const name of unmet) console.log(`  without ${name}: ${conditions[name].serves}`);
  for (const name of skipped) console.log(`  skipped: ${name}`);
  if (missing.length > 0) console.log(`To add what is missing (Debian, Ubuntu): ${installCommand(missing)}`);
  if (!strict) return 0;
  console.log('FAILED: with CI=true nothing may be left out');
  return 1;
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit status; 1 if a signal ended it
 */
function runNode(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => {
      say(error.message);
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}
