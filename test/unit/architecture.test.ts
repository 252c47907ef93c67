import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { forbiddenImports, hostUsesInCore, type Sources } from '../support/architecture.ts';
import { importsOf } from '../support/source.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function readSources(): Sources {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join('src', path.split(sep).join('/')))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

describe('the sources', () => {
  const sources = readSources();

  it('are found, and their imports are seen', () => {
    expect(sources.has('src/core/machine.ts')).toBe(true);
    expect(importsOf(sources.get('src/core/machine.ts') ?? '')).toContain('./time.ts');
    expect(importsOf(sources.get('src/index.ts') ?? '').length).toBeGreaterThan(0);
  });

  it('import only what the design allows', () => {
    expect(forbiddenImports(sources)).toEqual([]);
  });

  it('know neither time nor chance nor their host in core', () => {
    expect(hostUsesInCore(sources)).toEqual([]);
  });
});

/** The checks above are worth what they would catch. */
describe('an import outside the design is caught', () => {
  it.each([
    ['src/core/stun/a.ts', "import { x } from '../../record/events.ts';"],
    ['src/core/a.ts', "import type { X } from '../net/udp.ts';"],
    ['src/core/a.ts', "import dgram from 'node:dgram';"],
    ['src/core/a.ts', "export * from 'chalk';"],
    ['src/core/a.ts', "export type { X } from '../record/report.ts';"],
    ['src/core/a.ts', "type X = import('../record/report.ts').X;"],
    ['src/core/a.ts', "type X = typeof import('../record/report.ts');"],
    ['src/core/a.ts', "const x = await import('../record/report.ts');"],
    ['src/core/a.ts', 'const x = await import(name);'],
    ['src/core/a.ts', "import x = require('node:fs');"],
    ['src/core/stun/a.ts', "import '../turn/client.ts';"],
    ['src/core/turn/a.ts', "import '../ice/candidate.ts';"],
    ['src/core/nat/a.ts', "import '../turn/client.ts';"],
    ['src/core/ice/a.ts', "import '../nat/plan.ts';"],
    ['src/core/dtls/a.ts', "import '../stun/message.ts';"],
    ['src/record/a.ts', "import '../diagnosis/catalogue.ts';"],
    ['src/report/a.ts', "import '../net/system.ts';"],
    ['src/report/a.ts', "import fs from 'node:fs';"],
    ['src/net/a.ts', "import type { Finding } from '../record/finding.ts';"],
    ['src/probe/a.ts', "import '../diagnosis/catalogue.ts';"],
    ['src/probe/a.ts', "import dgram from 'node:dgram';"],
    ['src/probe/a.ts', "import dns from 'node:dns/promises';"],
    ['src/check/a.ts', "import '../net/udp.ts';"],
    ['src/web/server.ts', "import './page/main.ts';"],
    ['src/web/server.ts', "import '../monitor/schedule.ts';"],
    ['src/web/page/a.ts', "import '../../net/udp.ts';"],
    ['src/web/page/a.ts', "import http from 'node:http';"],
    ['src/browser/a.ts', "import '../net/udp.ts';"],
    ['src/probe/a.ts', "import '../cli/main.ts';"],
    ['src/probe/a.ts', "import { Parser } from 'yargs/helpers';"],
    ['src/cli/a.ts', "import x from 'left-pad';"],
    ['src/cli/a.ts', "import x from '../../test/support/coturn.ts';"],
    ['src/helpers/a.ts', ''],
    ['src/a.ts', ''],
  ])('%s: %s', (path, code) => {
    expect(forbiddenImports(new Map([[path, code]]))).toHaveLength(1);
  });

  it('by way of a file directly in core, too', () => {
    const sources = new Map([
      ['src/core/configuration.ts', "import type { X } from './turn/client.ts';"],
      ['src/core/stun/uri.ts', "import type { Y } from '../configuration.ts';"],
    ]);
    expect(forbiddenImports(sources)).toEqual([
      'src/core/stun/uri.ts imports ../configuration.ts: core/stun may not reach core/turn',
    ]);
  });
});

describe('an import that the design allows is not', () => {
  it.each([
    ['src/core/turn/a.ts', "import { x } from '../stun/message.ts'; import { y } from '../time.ts';"],
    ['src/core/configuration.ts', "import './stun/uri.ts';"],
    ['src/core/ice/a.ts', "import './candidate.ts'; import '../turn/client.ts'; import '../stun/message.ts';"],
    ['src/diagnosis/rules/a.ts', "import '../../record/report.ts'; import '../../core/address.ts';"],
    ['src/net/a.ts', "import type { IceprobeEvent } from '../record/events.ts'; import tls from 'node:tls';"],
    ['src/web/server.ts', "import http from 'node:http'; import '../turn-server/server.ts';"],
    ['src/browser/a.ts', "import '../web/server.ts';"],
    [
      'src/cli/a.ts',
      "import { Parser } from 'yargs/helpers'; import '../monitor/schedule.ts'; import fs from 'node:fs/promises';",
    ],
    ['src/index.ts', "export * from './probe/gather.ts';"],
  ])('%s: %s', (path, code) => {
    expect(forbiddenImports(new Map([[path, code]]))).toEqual([]);
  });
});

describe('time, chance and the host in core', () => {
  it.each([
    'const now = Date.now();',
    'const now = performance.now();',
    'function f(at: Date): void {}',
    'setTimeout(() => {}, 5);',
    'const { random } = Math;',
    'const x = Math.random();',
    "const x = Math['random']();",
    'const roll = Math;',
    "const x = globalThis['pro' + 'cess'];",
    'if (process.env.DEBUG) {}',
    'console.log(1);',
    'const x = { console };',
    'const x = object[console];',
    'type Clock = typeof performance;',
    'const here = import.meta.url;',
    'queueMicrotask(() => {});',
    'const b = Buffer.from([]);',
    'declare const process: { env: unknown };',
  ])('are caught: %s', (code) => {
    expect(hostUsesInCore(new Map([['src/core/stun/a.ts', code]]))).toHaveLength(1);
    expect(hostUsesInCore(new Map([['src/net/a.ts', code]]))).toEqual([]);
  });

  it.each([
    'const x = Math.max(1, 2) ** Math.LN2;',
    'machine.process(bytes);',
    'const x = { process: 1, console: 2 };',
    'class A { process(): void {} readonly performance = 1; }',
    'interface Clock { readonly Date: string }',
    '// Date.now() would not do here',
    "const text = 'process.env';",
    'class A { static { new.target } }',
  ])('are not seen where they are not: %s', (code) => {
    expect(hostUsesInCore(new Map([['src/core/stun/a.ts', code]]))).toEqual([]);
  });
});
