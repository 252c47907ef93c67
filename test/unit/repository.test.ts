import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

describe('package-lock.json', () => {
  it('names no place to download from: whoever installs uses their own registry', () => {
    const placed = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(placed.map(([name]) => name)).toEqual([]);
  });

  it('pins the content of every package', () => {
    const loose = Object.entries(lock.packages).filter(
      ([path, entry]) => path !== '' && (entry.version === undefined || !entry.integrity?.startsWith('sha512-')),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  it('locks the optional parts for other platforms too, without which `npm ci` refuses the file', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) =>
          lock.packages[`node_modules/${name}`] === undefined &&
          lock.packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe('tracked files', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(new URL(path, root)));

  /** What belongs to one machine or one network: a clone elsewhere could not follow it. Spelled so as not to match itself. */
  const places: readonly (readonly [string, RegExp])[] = [
    ['a folder outside the repository', new RegExp(`\\.\\./${'shared'}/|(?<![\\w.$}])/${'work'}(?:/|\\b(?![-.\\w]))`)],
    ['a temporary working tree', new RegExp(`/tmp/${'wt'}\\b`)],
    ['the host of a package registry', new RegExp(`\\b${'registry'}\\.[\\w-]+\\.\\w+|//[\\w.-]*${'artifactory'}`)],
  ];

  function offences(path: string, text: string): string[] {
    return text
      .split('\n')
      .flatMap((line, index) =>
        places.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${path}:${index + 1} names ${what}`),
      );
  }

  it('name no place that exists only on the machine they were written on', () => {
    const found = tracked
      .map((path) => [path, readFileSync(new URL(path, root))] as const)
      .filter(([, bytes]) => !bytes.includes(0))
      .flatMap(([path, bytes]) => offences(path, bytes.toString('utf8')));
    expect(tracked.length).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  it.each([
    ['cat /' + 'work/main/a', 1],
    ['see ../' + 'shared/DESIGN.md', 1],
    ['cd /tmp/' + 'wt/x', 1],
    ['https://registry' + '.example.org/stun', 1],
    ['the /' + 'workspace, https://example.org/' + 'work-in-progress, src/a/' + 'work.ts', 0],
  ])('would be caught: %s', (line, count) => {
    expect(offences('file', line)).toHaveLength(count);
  });
});
