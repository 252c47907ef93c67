import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { npm } from '../../scripts/setup.mjs';
import type { Report } from '../../src/record/report.ts';
import { expectReport } from '../support/schema.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-ci-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As somebody would write it who has read docs/ci.md. */
const CHECK = [
  'npx iceprobe check --ice-servers "$ICE_SERVERS" --ca "$ICE_SERVERS_CA_FILE" --require relay/udp,relay/tcp --max-loss 50',
  '--report json=report.json --report junit=junit.xml --report markdown=report.md',
].join(' ');

it('a job from the package alone: install, a server, check, reports; in seconds', { timeout: 150_000 }, () => {
  const archive = pack();
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const began = performance.now();
  runNpm(['install', '--offline', '--no-audit', '--no-fund', `./${archive}`]);
  const installed = performance.now();
  const serve = [
    'exec',
    '--offline',
    '--',
    'iceprobe',
    'turn-server',
    '--port',
    '0',
    '--tls-port',
    '0',
    '--exec',
    CHECK,
  ];
  const [command, args] = npm('--loglevel=error', ...serve);
  const job = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 90_000 });
  const ended = performance.now();
  expect(job.status, job.stdout + job.stderr).toBe(0);

  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const report = JSON.parse(read('report.json')) as Report;
  expectReport(report);
  expect(report).toMatchObject({ command: 'check', exitCode: 0 });
  expect(report.expectations?.map(({ met }) => met)).toEqual([true, true, true]);
  expect(XMLValidator.validate(read('junit.xml'))).toBe(true);
  expect(read('report.md')).toMatch(/^## (OK|WARNING): /);

  const size = statSync(join(folder, archive)).size;
  const figures = {
    packedKB: Math.round(size / 1000),
    installedKB: Math.round(sizeOf(join(folder, 'node_modules')) / 1000),
    installSeconds: Math.round((installed - began) / 100) / 10,
    jobSeconds: Math.round((ended - installed) / 100) / 10,
  };
  console.log(`CI job from the package: ${JSON.stringify(figures)}`);
  // What makes a job slow for everybody: not more than this without a decision.
  expect(figures.packedKB).toBeLessThan(1500);
  expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['iceprobe']);
});

it('the same job fails with its reason where the server fails', { timeout: 100_000 }, () => {
  const serve = ['exec', '--offline', '--', 'iceprobe', 'turn-server', '--port', '0', '--tls-port', '0'];
  const [command, args] = npm(
    '--loglevel=error',
    ...serve,
    '--fault',
    'any:silent',
    '--exec',
    CHECK.replace('--require', '--timeout 4 --require'),
  );
  const job = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 90_000 });
  expect(job.status, job.stdout + job.stderr).not.toBe(0);
  expect(job.stdout + job.stderr).toMatch(/(NOT|--) +require relay\/udp/);
});

/** What is in dist/ was built from these sources before the tests began. */
function pack(): string {
  const [command, args] = npm('--loglevel=error', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder);
  const listing = execFileSync(command, args, { cwd: root, encoding: 'utf8' });
  const [archive] = Object.values(JSON.parse(listing) as Record<string, { filename: string }>);
  if (archive === undefined) throw new Error(`npm pack says nothing: ${listing}`);
  return archive.filename;
}

function runNpm(given: readonly string[]): void {
  const [command, args] = npm('--loglevel=error', ...given);
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

function sizeOf(path: string): number {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.reduce(
    (sum, entry) => (entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size : sum),
    0,
  );
}
