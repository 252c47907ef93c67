import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleScript, testCache } from '../../../scripts/bundle-script.mjs';

const made = new Map<string, Promise<string>>();

/** Builds one of the lab's Go programs (`wire`, `nat64`, `pion`, `pion-client`) and returns its path; built once per state of its sources. */
export function buildGo(name: 'wire' | 'nat64' | 'pion' | 'pion-client'): Promise<string> {
  return once(name, compile);
}

/** Bundles a program of the lab written in TypeScript so that plain `node` can run it, and returns its path. */
export function buildScript(file: string): Promise<string> {
  return once(file, (name) => bundleScript(join(import.meta.dirname, name)));
}

function once(name: string, make: (name: string) => Promise<string>): Promise<string> {
  let result = made.get(name);
  if (result === undefined) {
    result = make(name);
    made.set(name, result);
  }
  return result;
}

async function compile(name: string): Promise<string> {
  const folder = join(import.meta.dirname, '..', name);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  const target = join(testCache, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  mkdirSync(testCache, { recursive: true });
  const unfinished = `${target}.${process.pid}`; // two test files may build at once
  // Debian ships Go libraries as sources under this path, outside of modules.
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', CGO_ENABLED: '0' };
  await promisify(execFile)('go', ['build', '-trimpath', '-o', unfinished, '.'], { cwd: folder, env });
  renameSync(unfinished, target);
  return target;
}
