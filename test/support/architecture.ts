import { posix } from 'node:path';
import { hostUsesOf, importsOf } from './source.ts';

/** Source files by path from the project's root, `/` between folders. */
export type Sources = ReadonlyMap<string, string>;

const PORTABLE = ['core', 'record', 'diagnosis', 'report'];
const BELOW_WEB = [...PORTABLE, 'net', 'probe', 'check', 'turn-server', 'call'];
const EVERYTHING = [...BELOW_WEB, 'monitor', 'web/page', 'web/server', 'browser', 'cli'];

/** Who may import whom (itself aside): the table of the design, word by word. A folder that is not here may not exist. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  record: ['core'],
  diagnosis: ['record', 'core'],
  report: ['record', 'diagnosis'],
  net: ['core', 'record'],
  probe: ['core', 'record', 'net'],
  'turn-server': ['core', 'record', 'net'],
  call: ['core', 'record', 'net'],
  check: ['core', 'record'],
  monitor: ['probe', 'check', 'record', 'diagnosis', 'report'],
  'web/page': ['core', 'record', 'diagnosis', 'report'],
  'web/server': BELOW_WEB,
  browser: ['web/server', 'record'],
  cli: EVERYTHING,
  index: EVERYTHING,
};

/**
 * Inside core: stun <- turn <- ice, stun <- nat, stun <- configuration, ice and signaling <- call, signaling <- witness,
 * never back. Files directly
 * in core are open to all.
 */
const CORE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  stun: [],
  turn: ['stun'],
  ice: ['stun', 'turn'],
  nat: ['stun'],
  configuration: ['stun'],
  pcap: ['stun'],
  signaling: [],
  call: ['stun', 'turn', 'ice', 'signaling'],
  witness: ['signaling'],
};

/** Sockets and names belong to `net`; a server has its own; HTTP to what serves pages. Others of Node's are free. */
const NODE_MODULES: Readonly<Record<string, readonly string[]>> = {
  dgram: ['net', 'turn-server'],
  net: ['net', 'turn-server'],
  tls: ['net', 'turn-server'],
  dns: ['net'],
  http: ['net', 'turn-server', 'web/server', 'monitor'],
  https: ['net', 'turn-server', 'web/server', 'monitor'],
};

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  chalk: ['cli', 'report'],
  ws: ['web/server', 'call'],
  sucrase: ['cli'],
  vitest: ['index'],
  'yargs/helpers': ['cli'],
};

/** What these import is told at run time: a configuration that the user wrote, and the hooks that load it. */
const COMPUTED: readonly string[] = ['src/cli/targets/module.ts'];

/** Every import that the design does not allow, in words. */
export function forbiddenImports(sources: Sources): string[] {
  return [...sources].flatMap(([path, code]) => {
    const from = partOf(path);
    if (from === undefined) return [`${path} is in no folder that the design knows`];
    return importsOf(code).flatMap((specifier) => {
      const why = objection(path, from, specifier, sources);
      return why === undefined ? [] : [`${path} imports ${specifier}: ${why}`];
    });
  });
}

/** Every use of time, chance or the host in core, in words. */
export function hostUsesInCore(sources: Sources): string[] {
  return [...sources]
    .filter(([path]) => path.startsWith('src/core/'))
    .flatMap(([path, code]) => hostUsesOf(code).map((use) => `${path} uses ${use}`));
}

function objection(path: string, from: string, specifier: string, sources: Sources): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    return from === 'core' && target.startsWith('src/core/')
      ? objectionInCore(path, target, sources)
      : objectionBetween(from, target);
  }
  if (specifier === '(computed)' && COMPUTED.includes(path)) return undefined;
  const [kind, name = ''] = specifier.startsWith('node:') ? ['node', specifier.slice(5)] : ['package', specifier];
  if (kind === 'package') {
    return PACKAGES[name]?.includes(from) ? undefined : `${from} may not use this package`;
  }
  if (PORTABLE.includes(from) || from === 'web/page') return `${from} must run without Node`;
  const holders = NODE_MODULES[name.split('/')[0] ?? ''];
  return holders === undefined || holders.includes(from) ? undefined : `only ${holders.join(', ')} may`;
}

function objectionBetween(from: string, target: string): string | undefined {
  const to = target === 'package.json' ? undefined : partOf(target);
  if (to === undefined) return 'outside of the folders that the design knows';
  if (to === from) return undefined;
  if (!MAY_IMPORT[from]?.includes(to)) return `${from} may not import ${to}`;
  // What net may say about its observations are events, and nothing that was concluded from them.
  if (from === 'net' && to === 'record' && !/^src\/record\/events(\/|\.ts$)/.test(target)) return 'events only';
  return undefined;
}

function objectionInCore(path: string, target: string, sources: Sources): string | undefined {
  const from = corePartOf(path);
  if (from === undefined) return undefined;
  if (CORE_MAY_IMPORT[from] === undefined) return `core/${from} is not in the design`;
  for (const part of corePartsReached(target, sources)) {
    if (part !== from && !CORE_MAY_IMPORT[from].includes(part)) return `core/${from} may not reach core/${part}`;
  }
  return undefined;
}

/** The folders of core that an import leads to: its own, or for a file directly in core those that it imports in turn. */
function corePartsReached(target: string, sources: Sources, seen = new Set<string>()): string[] {
  const part = corePartOf(target);
  if (part !== undefined) return [part];
  if (seen.has(target)) return [];
  seen.add(target);
  return importsOf(sources.get(target) ?? '')
    .filter((specifier) => specifier.startsWith('.'))
    .flatMap((specifier) => corePartsReached(posix.join(posix.dirname(target), specifier), sources, seen));
}

/** `src/core/stun/uri.ts` is in `stun`, `src/core/time.ts` in none. */
function corePartOf(path: string): string | undefined {
  return /^src\/core\/([^/]+)\//.exec(path)?.[1];
}

/** The row of the table that a file belongs to. */
function partOf(path: string): string | undefined {
  if (path === 'src/index.ts' || path === 'src/vitest.ts') return 'index';
  const web = /^src\/web\/(page|server)(?:\/|\.ts$)/.exec(path);
  if (web !== null) return `web/${web[1]}`;
  const folder = /^src\/([^/]+)\//.exec(path)?.[1];
  return folder !== undefined && folder in MAY_IMPORT ? folder : undefined;
}
