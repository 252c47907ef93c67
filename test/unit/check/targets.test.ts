import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { showPath } from '../../../src/check/targets/problem.ts';
import { readTargets } from '../../../src/check/targets/read.ts';
import { resolveTarget, type TargetWorld } from '../../../src/check/targets/resolve.ts';
import type { Target } from '../../../src/check/targets/target.ts';
import { Secret } from '../../../src/core/secret.ts';

const KNOWN = ['net.high-latency', 'relay.private-address'];
const TURN = 'turn:turn.example.org';
const LOGIN = { username: 'alice', credential: 'a-password' };

const schema = new URL('../../../src/check/targets/config.schema.json', import.meta.url);
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
const byAjv = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);

/** A configuration with one target, `prod`. */
function withTarget(target: object, more: object = {}) {
  return { targets: { prod: { iceServers: [{ urls: TURN, ...LOGIN }], ...target } }, ...more };
}

function problems(value: unknown): string[] {
  const read = readTargets(value, KNOWN);
  return read.ok ? [] : read.error.map(({ path, message, hint }) => `${showPath(path)}: ${message} (${hint})`);
}

function world(env: TargetWorld['env'] = {}): TargetWorld {
  let minted = 0;
  return {
    env,
    mint: (_secret, user) => ({ username: `${user ?? ''}#${++minted}`, credential: new Secret('minted') }),
  };
}

function resolved(value: unknown, given: TargetWorld = world()): Target {
  const read = readTargets(value, KNOWN);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const [plan] = read.value.targets;
  if (plan === undefined) throw new Error('no target');
  const target = resolveTarget(plan, given);
  if (!target.ok) throw new Error(JSON.stringify(target.error));
  return target.value;
}

function unresolved(value: unknown, env: TargetWorld['env'] = {}): string[] {
  const read = readTargets(value, KNOWN);
  const [plan] = read.ok ? read.value.targets : [];
  if (plan === undefined) throw new Error(JSON.stringify(read));
  const target = resolveTarget(plan, world(env));
  return target.ok ? [] : target.error.map(({ path, message }) => `${showPath(path)}: ${message}`);
}

describe('the form of a configuration', () => {
  test.each<[string, unknown, string | RegExp]>([
    ['nothing', undefined, ': something that is no data where an object belongs (write an object there)'],
    ['a list', [], ': a list where an object belongs (write an object there)'],
    ['no targets', {}, ': "targets" is missing (add it)'],
    ['empty targets', { targets: {} }, 'targets: there is nothing in it (put something there)'],
    ['a name that may not be', { targets: { 'a b': {} } }, /^targets\["a b"\]: a name that may not be \(use letters/],
    ['__proto__ as a name', JSON.parse('{"targets":{"__proto__":{}}}'), /^targets\.__proto__: a name that may not be/],
    [
      '__proto__ as a key',
      JSON.parse('{"targets":{"a":{"__proto__":1,"iceServers":[{"urls":"stun:a"}]}}}'),
      /^targets\.a\.__proto__: unknown key/,
    ],
    ['a target without servers', { targets: { prod: {} } }, 'targets.prod: "iceServers" is missing (add it)'],
    [
      'a target that is a URL',
      { targets: { prod: TURN } },
      'targets.prod: text where an object belongs (write an object there)',
    ],
    ['a misspelt key', withTarget({ requires: [] }), 'targets.prod.requires: unknown key (did you mean "require"?)'],
    [
      'a foreign key',
      withTarget({}, { zzzzzzzz: 1 }),
      ': unknown key (here may be $schema, targets, defaults, concurrency)',
    ],
    [
      'no server in the list',
      withTarget({ iceServers: [] }),
      'targets.prod.iceServers: the list is empty (put something into it)',
    ],
    [
      '"url" for "urls"',
      withTarget({ iceServers: [{ url: TURN }] }),
      'targets.prod.iceServers[0]: "urls" is missing (add it)',
    ],
    [
      'a URL that is a number',
      withTarget({ iceServers: [{ urls: [TURN, 7] }] }),
      'targets.prod.iceServers[0].urls[1]: a number where text, or { "env": "NAME" } belongs (write text, or { "env": "NAME" } there)',
    ],
    [
      'a hole in the list',
      withTarget({ iceServers: new Array(1) }),
      /^targets\.prod\.iceServers\[0\]: something that is no data where/,
    ],
    [
      'an empty password',
      withTarget({ iceServers: [{ urls: TURN, credential: '' }] }),
      'targets.prod.iceServers[0].credential: it is empty (put a value there; if a variable stands there, it is unset)',
    ],
    [
      'a reference with a typo',
      withTarget({ iceServers: [{ urls: TURN, credential: { evn: 'X' } }] }),
      /^targets\.prod\.iceServers\[0\]\.credential: "env" is missing/,
    ],
    [
      'a name no variable has',
      withTarget({ iceServers: [{ urls: TURN, credential: { env: '$X' } }] }),
      /^targets\.prod\.iceServers\[0\]\.credential\.env: it is not of the right form/,
    ],
    [
      'a limit out of bounds',
      withTarget({ maxLoss: 101 }),
      'targets.prod.maxLoss: it is 101 (write a number from 0 to 100)',
    ],
    [
      'not a number',
      withTarget({ maxLoss: Number.NaN }),
      'targets.prod.maxLoss: it is NaN (write a number from 0 to 100)',
    ],
    [
      'half a retry',
      withTarget({ retries: 1.5 }),
      'targets.prod.retries: it is 1.5 (write a whole number from 0 to 10)',
    ],
    [
      'a word that is none',
      withTarget({ failOn: 'info' }),
      'targets.prod.failOn: it is none of "error", "warning" (write one of "error", "warning")',
    ],
    [
      'a family in quotes',
      withTarget({ family: '4' }),
      'targets.prod.family: text where a number belongs (write a number there)',
    ],
    [
      'a function',
      withTarget({ require: () => [] }),
      /^targets\.prod\.require: something that is no data where a list of texts belongs/,
    ],
    ['servers in the defaults', withTarget({}, { defaults: { iceServers: [] } }), /^defaults\.iceServers: unknown key/],
  ])('%s is refused, with the place and the remedy', (_name, value, expected) => {
    const found = problems(value);
    if (typeof expected === 'string')
      expect(
        found.some((each) => each.endsWith(expected)),
        found.join('\n'),
      ).toBe(true);
    else
      expect(
        found.some((each) => expected.test(each)),
        found.join('\n'),
      ).toBe(true);
    // The schema that ships for editors says the same.
    expect(byAjv(value)).toBe(false);
  });

  test('everything that is wrong is told at once, and nothing that was written is quoted', () => {
    const found = problems({
      targets: {
        prod: { iceServers: [{ urls: TURN, credential: ['s3cret'], secret: 5 }], retires: 1, maxRtt: 's3cret' },
      },
    });
    expect(found).toHaveLength(4);
    expect(found.join()).not.toContain('s3cret');
  });

  test('a full configuration is taken, by us and by any validator of JSON Schema', () => {
    const full = withTarget(
      {
        iceServers: [
          { urls: [TURN, { env: 'URL' }], username: { env: 'USER' }, credential: { env: 'PASSWORD' } },
          { urls: 'turns:b', secret: 'x' },
        ],
        require: ['relay/udp,relay/tls'],
        expect: ['findings.count == 0'],
        ...{ maxRtt: 0, maxLoss: 100, maxGatherTime: 1, minCertDays: 14, failOn: 'warning', retries: 2 },
        allow: ['net.high-latency until 2030-01-31'],
        ...{
          iceTransportPolicy: 'relay',
          family: 6,
          interface: 'eth0',
          timeout: 5.5,
          rto: 100,
          insecure: true,
          ca: 'ca.pem',
        },
        ...{ loopback: false, packets: 50, size: 100, rate: 100, ports: 0, interval: 30, jitter: 0 },
      },
      { $schema: './node_modules/iceprobe/dist/config.schema.json', defaults: { retries: 1 }, concurrency: 2 },
    );
    expect(problems(full)).toEqual([]);
    expect(byAjv(full), JSON.stringify(byAjv.errors)).toBe(true);
  });

  test('what a module leaves undefined counts as absent', () => {
    const value = withTarget({ retries: undefined, nonsense: undefined }, { defaults: { retries: 3 } });
    expect(resolved(value).retries).toBe(3);
  });
});

describe('expectations in a configuration', () => {
  test.each([
    [
      withTarget({ require: ['relay', 'relay/sctp'] }),
      'targets.prod.require[1]: "sctp" is neither a transport nor a family',
    ],
    [withTarget({ expect: ['findings.cuont == 0'] }), 'targets.prod.expect[0]: findings has no field "cuont"'],
    [withTarget({ allow: ['net.nothing'] }), 'targets.prod.allow[0]: "net.nothing" is no finding'],
    [withTarget({}, { defaults: { allow: ['net.nothing'] } }), 'defaults.allow[0]: "net.nothing" is no finding'],
  ])('are read as the options are, and refused where they stand', (value, expected) => {
    expect(problems(value)).toHaveLength(1);
    expect(problems(value)[0]?.startsWith(expected), problems(value)[0]).toBe(true);
  });

  test('a mistake in the defaults is told once, however many targets there are', () => {
    const target = { iceServers: [{ urls: 'stun:a' }] };
    expect(problems({ targets: { a: target, b: target }, defaults: { require: ['nothing'] } })).toHaveLength(1);
  });

  test('what could never be met by the URLs is a mistake', () => {
    expect(unresolved(withTarget({ require: ['relay/tls'] }))).toEqual([
      'targets.prod: require relay/tls: none of the configured URLs can give relay/tls',
    ]);
  });

  test('without any, what must hold by default does; a target goes before the defaults', () => {
    expect(resolved(withTarget({})).checks.map(({ text }) => text)).toEqual([`data crosses the relay of ${TURN}`]);
    const value = withTarget(
      { maxRtt: 100 },
      { defaults: { maxRtt: 200, maxLoss: 5, require: ['relay/udp'], failOn: 'warning' } },
    );
    expect(resolved(value).checks.map(({ text }) => text)).toEqual([
      'require relay/udp',
      'max-rtt 100 ms',
      'max-loss 5 %',
    ]);
    expect(resolved(value).failOn).toBe('warning');
  });
});

describe('what a target refers to', () => {
  test('comes from the environment, as secrets that do not print', () => {
    const reference = {
      iceServers: [{ urls: { env: 'URL' }, username: { env: 'NAME' }, credential: { env: 'WORD' } }],
    };
    const target = resolved(withTarget(reference), world({ URL: TURN, NAME: 'bob', WORD: 's3cret' }));
    expect(target.urls).toEqual([TURN]);
    const [server] = target.servers();
    expect(server?.username).toBe('bob');
    expect(server?.credential?.reveal()).toBe('s3cret');
    expect(JSON.stringify({ ...target, servers: target.servers() })).not.toContain('s3cret');
  });

  test('must be set, and not be empty', () => {
    const reference = {
      iceServers: [{ urls: [TURN, { env: 'URL' }], username: { env: 'NAME' }, secret: { env: 'WORD' } }],
    };
    expect(unresolved(withTarget(reference), { NAME: '' })).toEqual([
      'targets.prod.iceServers[0].urls[1]: the environment variable URL is not set',
      'targets.prod.iceServers[0].username: the environment variable NAME is empty',
      'targets.prod.iceServers[0].secret: the environment variable WORD is not set',
    ]);
  });

  test('a secret mints a credential for each run', () => {
    const target = resolved(withTarget({ iceServers: [{ urls: TURN, username: 'bob', secret: 's3cret' }] }));
    expect([target.servers()[0]?.username, target.servers()[0]?.username]).toEqual(['bob#1', 'bob#2']);
    expect(JSON.stringify(target.servers())).not.toContain('s3cret');
  });

  test('a credential and a secret at once contradict each other', () => {
    expect(unresolved(withTarget({ iceServers: [{ urls: TURN, ...LOGIN, secret: 'x' }] }))).toEqual([
      'targets.prod.iceServers[0]: "credential" and "secret" contradict each other',
    ]);
  });

  test("the environment's own credentials fill in where there is none, for TURN alone", () => {
    const value = withTarget({ iceServers: [{ urls: TURN }, { urls: 'turn:b', ...LOGIN }, { urls: 'stun:c' }] });
    const env = { ICEPROBE_USERNAME: 'carol', ICEPROBE_CREDENTIAL: 'hers' };
    const servers = resolved(value, world(env)).servers();
    expect(servers.map(({ username }) => username)).toEqual(['carol', 'alice', undefined]);
    expect(servers.map(({ credential }) => credential?.reveal())).toEqual(['hers', 'a-password', undefined]);
    expect(resolved(value, world({ ICEPROBE_SECRET: 'x' })).servers()[0]?.username).toBe('#1');
    expect(unresolved(value, { ...env, ICEPROBE_SECRET: 'x' })).toEqual([
      'targets.prod.iceServers[0]: ICEPROBE_SECRET and ICEPROBE_CREDENTIAL are both set',
    ]);
  });

  test('the rest comes in the units that a run takes', () => {
    const { options, schedule } = resolved(
      withTarget({ timeout: 2.5, rto: 100, interface: 'eth0', family: 4, packets: 7, interval: 30 }),
    );
    expect(options).toEqual({
      ...{ iceTransportPolicy: 'all', timeoutMs: 2500, rtoMs: 100, interfaces: ['eth0'], family: 4, packets: 7 },
    });
    expect(schedule).toEqual({ intervalMs: 30_000, jitterMs: 3000 });
    expect(resolved(withTarget({})).schedule).toEqual({ intervalMs: 60_000, jitterMs: 6000 });
  });
});
