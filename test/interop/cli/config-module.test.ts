import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TargetsReport } from '../../../src/record/targets.ts';
import { startTurnServer } from '../../../src/turn-server/start.ts';
import { runCli } from '../../support/cli.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let folders = 0;

/** A folder with these files, none of them about a package: nothing says what `iceprobe` or TypeScript is. */
function place(files: Readonly<Record<string, string>>): string {
  const path = join(folder, `${++folders}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const CONFIG = `
  import { defineConfig, type TargetConfig } from 'iceprobe';
  import { urlOf } from './urls.js';
  import more from './more.json' with { type: 'json' };

  enum Account { name = 'user' }
  const login = { username: Account.name, credential: { env: 'TURN_PASSWORD' } } as const;
  const prod: TargetConfig = { iceServers: [{ urls: urlOf(Number(process.env.TURN_PORT)), ...login }], maxLoss: more.loss };
  export default defineConfig({ targets: { prod } });
`;
const FILES = {
  'urls.ts': "export const urlOf = <T extends number>(port: T): string => ['turn:127.0.0.1', port].join(':');",
  'more.json': '{ "loss": 50 }',
};

describe('iceprobe.config.ts', () => {
  test('is run as TypeScript on any Node, with what it imports, and "iceprobe" is this one', async () => {
    await using server = await startTurnServer({ port: 0, tlsPort: 0, users: { user: 's3cret-word' } });
    const env = { TURN_PORT: String(server.port), TURN_PASSWORD: 's3cret-word' };
    const result = await runCli(['check', '-f', 'json'], {
      cwd: place({ ...FILES, 'iceprobe.config.ts': CONFIG }),
      env,
    });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const { targets } = JSON.parse(result.stdout) as TargetsReport;
    expect(targets.map(({ target }) => target)).toEqual(['prod']);
    expect(targets[0]?.report.expectations?.map(({ text }) => text)).toContain('max-loss 50 %');
    expect(result.stdout).not.toContain('s3cret-word');
  });

  test('may be a module of JavaScript, and be named', async () => {
    const text = `export default { targets: { a: { iceServers: [{ urls: 'turn:127.0.0.1:9' }], maxRtx: 5 } } };`;
    for (const name of ['iceprobe.config.mjs', 'iceprobe.config.mts', 'iceprobe.config.js']) {
      const cwd = place({ [name]: text, 'package.json': '{ "type": "module" }' });
      const expected = `iceprobe: ${name}: targets.a.maxRtx: unknown key\n  did you mean "maxRtt"?\n`;
      expect(await runCli(['check'], { cwd })).toMatchObject({ exitCode: 2, stdout: '', stderr: expected });
    }
    const cwd = place({ 'turn.mjs': text });
    const named = await runCli(['check', '-c', 'turn.mjs', '--target', 'a'], { cwd });
    expect(named.stderr).toMatch(/^iceprobe: turn\.mjs: targets\.a\.maxRtx: unknown key/);
  });

  test.each([
    ['no TypeScript', 'export const x: = 5;', ':1:17: Unexpected token'],
    ['an error of its own', "throw new RangeError('boom');", ': RangeError: boom'],
    ['an import that leads nowhere', "import './nothing.ts';", ": Cannot find module '"],
    ['no default export', 'export const x = 1;', ' has no default export'],
    ['a promise that is none', 'export default () => ({});', ': something that is no data where an object belongs'],
  ])('%s is told with the name of the file', async (_name, text, message) => {
    const result = await runCli(['check'], { cwd: place({ 'iceprobe.config.ts': text }) });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr.startsWith(`iceprobe: iceprobe.config.ts${message}`), result.stderr).toBe(true);
  });

  test('two in one folder are one too many', async () => {
    const result = await runCli(['check'], { cwd: place({ 'iceprobe.config.ts': '', 'iceprobe.config.json': '{}' }) });
    expect(result.stderr).toContain('iceprobe.config.json and iceprobe.config.ts are both here');
  });

  test('is checked by its types: a key that nothing knows, and no lost secret', () => {
    const cwd = place({
      'good.ts': CONFIG.replace('Number(process.env.TURN_PORT)', '3478'),
      'bad.ts': `
        import { defineConfig } from 'iceprobe';
        // @ts-expect-error: a misspelt key
        export const a = defineConfig({ targets: { a: { iceServers: [{ urls: 'stun:a' }], requires: [] } } });
        // @ts-expect-error: an environment variable that may not be set
        export const b = defineConfig({ targets: { a: { iceServers: [{ urls: 'turn:a', credential: process.env.X }] } } });
        declare const process: { env: Record<string, string | undefined> };
      `,
      ...FILES,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2023', types: [], skipLibCheck: false },
          ...{
            resolveJsonModule: true,
            exactOptionalPropertyTypes: true,
            paths: { iceprobe: [`${root}dist/types/index.d.ts`] },
          },
        },
        include: ['*.ts'],
      }),
      'package.json': '{ "type": "module" }',
    });
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(() => execFileSync(process.execPath, [tsc, '-p', cwd], { encoding: 'utf8', stdio: 'pipe' })).not.toThrow();
  });
});
