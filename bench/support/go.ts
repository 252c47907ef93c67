import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Builds a program of `bench/` with Debian's pion; returns its path. Benches run in the project's folder. */
export function buildGo(name: string, folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'))): string {
  const target = join(folder, name);
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', CGO_ENABLED: '0' };
  execFileSync('go', ['build', '-o', target, '.'], { cwd: resolve('bench', name), env, stdio: 'inherit' });
  return target;
}
