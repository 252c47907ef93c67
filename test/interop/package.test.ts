import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npm } from '../../scripts/setup.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly man: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

let folder: string;
let packed: readonly string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-package-'));
  // What is in dist/ was built from these sources before the tests began.
  const listing = runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  const [archive] = Object.values(
    JSON.parse(listing) as Record<string, { files: { path: string }[]; filename: string }>,
  );
  packed = archive?.files.map((file) => file.path) ?? [];
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  runNpm(['install', '--offline', '--no-audit', '--no-fund', `./${archive?.filename}`], folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds what its manifest promises', () => {
    const promised = [
      ...Object.values(manifest.bin),
      ...manifest.man,
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? target : Object.values(target),
      ),
      'LICENSE',
      'CHANGELOG.md',
      'dist/THIRD-PARTY-LICENSES.txt',
    ].map((path) => path.replace(/^\.\//, ''));
    expect(promised.filter((path) => !packed.includes(path))).toEqual([]);
  });

  it('holds nothing else: no sources, tests, notes or leftovers', () => {
    const expected = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
      /^bin\/iceprobe\.js$/,
      /^dist\/(cli|index|vitest|peer|config-hooks)\.js$/,
      /^dist\/chunks\/[\w.-]+\.js$/,
      /^dist\/types\/(?:[\w-]+\/)*[\w-]+\.d\.ts$/,
      /^dist\/(report|targets|config)\.schema\.json$/,
      /^dist\/(page\.html(\.br)?|iceprobe\.1\.gz)$/,
      /^examples\/prometheus\/(alerts|alerts\.test|prometheus)\.yml$/,
      /^examples\/prometheus\/grafana-dashboard\.json$/,
      /^dist\/THIRD-PARTY-LICENSES\.txt$/,
      /^dist\/sbom\.cdx\.json$/,
    ];
    expect(packed.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  it('names each package that is bundled, with its licence', () => {
    const notices = readFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const named = [...notices.matchAll(/^(\S+) \d+\.\d+\.\d+ \(/gm)].map((match) => match[1]);
    // esbuild puts each file's path in front of its code.
    const code = packed.filter((path) => path.endsWith('.js')).map((path) => readFileSync(join(root, path), 'utf8'));
    const paths = code.flatMap((text) => text.match(/^\/\/ node_modules\/.*$/gm) ?? []);
    const bundled = paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
    expect([...new Set(named)].sort()).toEqual([...new Set(bundled)].sort());
    expect(named).toContain('yargs-parser');
  });
});

describe('its bill of materials', () => {
  interface Bill {
    readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
    readonly components: readonly {
      readonly name: string;
      readonly version: string;
      readonly hashes: readonly { readonly content: string }[];
    }[];
  }
  const bill = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8')) as Bill;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
  };

  it('lists what the licences are of, each as the lock file pins it', () => {
    const notices = readFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const noticed = [...notices.matchAll(/^(\S+ \d+\.\d+\.\d+) \(/gm)].map((match) => match[1]);
    const listed = bill.components.map(({ name, version }) => `${name} ${version}`);
    expect(listed.sort()).toEqual([...new Set(noticed)].sort());
    expect(bill.metadata.component).toMatchObject({ name: 'iceprobe', version: manifest.version });
    const pins = new Set(
      Object.values(lock.packages).map(({ integrity = '' }) =>
        Buffer.from(integrity.slice(7), 'base64').toString('hex'),
      ),
    );
    for (const { hashes } of bill.components) expect(pins).toContain(hashes[0]?.content);
  });

  it('is small: few packages, and each has its reason in the record of decisions', () => {
    const decisions = readFileSync(join(root, 'docs/adr/0004-dependencies.md'), 'utf8');
    const reasons = ['yargs', 'chalk', 'ws', 'sucrase'];
    for (const name of reasons) expect(decisions).toContain(`| ${name} |`);
    // Of yargs its parser; sucrase brings four of its own.
    expect(bill.components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['yargs-parser', 'chalk', 'ws', 'sucrase']),
    );
    expect(bill.components.length).toBeLessThanOrEqual(8);
  });
});

describe('the package, installed', () => {
  it('brings nothing else with it', () => {
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(existsSync(join(folder, 'node_modules/iceprobe/bin/iceprobe.js'))).toBe(true);
    expect(runNpm(['ls', '--all', '--parseable'], folder).trim().split('\n')).toHaveLength(2);
  });

  it('takes less than 3 MB', () => {
    const installed = join(folder, 'node_modules/iceprobe');
    const sizes = readdirSync(installed, { recursive: true, encoding: 'utf8' }).map((path) =>
      statSync(join(installed, path)),
    );
    const bytes = sizes.filter((each) => each.isFile()).reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeLessThan(3_000_000);
  });

  it('runs as a command', () => {
    expect(runNpm(['exec', '--offline', '--', 'iceprobe', '--version'], folder)).toBe(`${manifest.version}\n`);
  });

  it('says how to add what a call needs', () => {
    const bin = join(folder, 'node_modules/iceprobe/bin/iceprobe.js');
    const { status, stderr } = spawnSync(process.execPath, [bin, 'call'], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('@roamhq/wrtc is not installed');
    expect(stderr).toContain('npm install @roamhq/wrtc');
  });

  it('is a library', () => {
    const script = "import { VERSION } from 'iceprobe'; process.stdout.write(VERSION);";
    const args = ['--input-type=module', '-e', script];
    expect(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })).toBe(manifest.version);
  });

  it('has types that stand by themselves, for both ways of resolving a package', () => {
    writeFileSync(
      join(folder, 'consumer.ts'),
      "import { Secret, VERSION } from 'iceprobe';\nexport const version: string = VERSION;\nexport const secret: Secret = new Secret('x');\n",
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const common = [tsc, '--noEmit', '--strict', '--target', 'es2022', '--types', '', 'consumer.ts'];
    for (const resolution of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const args = [...common, '--module', resolution[0], '--moduleResolution', resolution[1]];
      expect(run(process.execPath, args, folder)).toBe('');
    }
  });
});

function runNpm(args: readonly string[], cwd: string): string {
  const [command, all] = npm('--loglevel=error', ...args);
  return run(command, all, cwd);
}

/** What it printed; if it failed, that is in the error. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
  }
}
