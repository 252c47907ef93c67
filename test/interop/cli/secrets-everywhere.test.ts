import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { FORMATS } from '../../../src/cli/output/formats.ts';
import { type LocalTurnServer, startTurnServer } from '../../../src/turn-server/start.ts';
import { type CliOptions, runCli } from '../../support/cli.ts';
import { expectSilent } from '../../support/secrets.ts';

// Every command there is, whatever it writes: terminal, files, captures. A command without a row here fails the first test.

const RIGHT = 'Gr0und-Zer0/secret+word=';
const WRONG = 'n0t-The-0ne/secret+word=';
const SHARED = 'sh4red/REST+secret=';
const REALM = 'realm.example';
const HOOK = 'h00k/signing+secret=';
const SECRETS = [RIGHT, WRONG, SHARED, HOOK];

let server: LocalTurnServer;
let folder: string;
let files = 0;

const url = () => `turn:127.0.0.1:${server.port}`;
const login = (password: string = RIGHT) => ['-u', 'alice', '-p', password];
const fresh = (name: string) => join(folder, `${++files}-${name}`);

/** Runs a command, and gives all that it wrote, with what it wrote into these files. */
async function everything(words: readonly string[], written: readonly string[] = [], options: CliOptions = {}) {
  const run = await runCli(words, { timeoutMs: 60_000, ...options });
  expect(run.exitCode, run.stderr).not.toBe(70);
  const contents = written.filter(existsSync).map((file) => readFileSync(file, 'latin1'));
  return { ...run, all: [run.stdout, run.stderr, ...contents].join('\n') };
}

/** Every format of one run, the packets, and the events. */
async function inEveryFormat(command: string, words: readonly string[]): Promise<string> {
  const kept = FORMATS.map((format) => [format, fresh(`${command}.${format}`)] as const);
  const pcap = fresh(`${command}.pcap`);
  const reports = kept.flatMap(([format, file]) => (format === 'ndjson' ? [] : ['--report', `${format}=${file}`]));
  const packets = ['call', 'check'].includes(command) ? [] : ['--pcap', pcap];
  const run = await everything(
    [command, ...words, '-f', 'ndjson', ...reports, ...packets],
    [...kept.map(([, file]) => file), pcap],
  );
  expect(run.all.length).toBeGreaterThan(1000);
  if (packets.length > 0) expectNoGuessing(pcap);
  return run.all;
}

/** The key of MESSAGE-INTEGRITY is on no wire; a capture that others may see holds nothing to guess the password by either. */
function expectNoGuessing(pcap: string): void {
  const bytes = readFileSync(pcap);
  const key = createHash('md5').update(`alice:${REALM}:${RIGHT}`).digest();
  expect(bytes.includes(key)).toBe(false);
  const hasName = bytes.includes(Buffer.from('alice'));
  const hasRealm = bytes.includes(Buffer.from(REALM));
  expect(hasName && hasRealm && hasIntegrity(bytes)).toBe(false);
}

/** Attribute 0x0008 of 20 bytes that are not all zero. */
function hasIntegrity(bytes: Buffer): boolean {
  for (let at = bytes.indexOf('00080014', 0, 'hex'); at >= 0; at = bytes.indexOf('00080014', at + 1, 'hex')) {
    if (bytes.subarray(at + 4, at + 24).some((byte) => byte !== 0)) return true;
  }
  return false;
}

type Row = () => Promise<string>;

const asked =
  (command: string, ...more: readonly string[]): Row =>
  async () => {
    const right = await inEveryFormat(command, [url(), ...login(), ...more]);
    return right + (await inEveryFormat(command, [url(), ...login(WRONG), ...more]));
  };

/** Two runs that were kept, for the commands that read such. */
async function kept(): Promise<readonly [string, string, string]> {
  const [json, ndjson, wrong, pcap] = ['run.json', 'run.ndjson', 'wrong.json', 'run.pcap'].map(fresh);
  if (json === undefined || ndjson === undefined || wrong === undefined || pcap === undefined)
    throw new Error('no files');
  const both = [
    '--report',
    `json=${json}`,
    '-f',
    'ndjson',
    '-o',
    ndjson,
    '--events',
    '--pcap',
    pcap,
    '--pcap-integrity',
  ];
  await everything(['probe', url(), ...login(), ...both]);
  await everything(['probe', url(), ...login(WRONG), '-f', 'json', '-o', wrong, '--events']);
  return [json, wrong, pcap];
}

const ROWS: Readonly<Record<string, Row>> = {
  gather: asked('gather'),
  probe: asked('probe', '--deep', '--audit', '--duration', '1', '--soak', '0.05'),
  nat: asked('nat'),
  doctor: asked('doctor', '--audit'),
  check: async () => {
    const more = ['--require', 'relay', '--expect', 'findings.count == 0', '--retries', '1'];
    return (
      (await inEveryFormat('check', [url(), ...login(), ...more])) +
      (await inEveryFormat('check', [url(), ...login(WRONG), ...more]))
    );
  },
  lint: async () => {
    const config = fresh('ice.js');
    writeFileSync(
      config,
      `const x = { iceServers: [{ url: '${url()}', username: 'alice', credential: '${RIGHT}' }] };`,
    );
    const environment = fresh('.env');
    writeFileSync(environment, `TURN_URL=${url()}\nTURN_USERNAME=alice\nTURN_PASSWORD=${WRONG}\n`);
    const coturn = fresh('turnserver.conf');
    writeFileSync(
      coturn,
      `listening-port=3478\nlt-cred-mech\nuser=alice:${RIGHT}\nstatic-auth-secret=${SHARED}\nrealm=x\n`,
    );
    const runs = await Promise.all(
      [config, environment, coturn].flatMap((file) =>
        ['pretty', 'json', 'markdown'].map((format) => everything(['lint', '-c', file, '-f', format])),
      ),
    );
    return runs.map(({ all }) => all).join('\n');
  },
  monitor: async () => {
    const config = fresh('iceprobe.config.json');
    const target = (credential: string) => ({ iceServers: [{ urls: [url()], username: 'alice', credential }] });
    writeFileSync(config, JSON.stringify({ targets: { good: target(RIGHT), bad: target(WRONG) } }));
    const log = fresh('monitor.log');
    const words = [
      'monitor',
      '-c',
      config,
      '--port',
      '0',
      '-f',
      'ndjson',
      '-o',
      log,
      '--interval',
      '600',
      '--jitter',
      '0',
    ];
    return withPages(words, [log], /asked once/, ['metrics', 'status', '', 'probe?target=bad']);
  },
  call: asked('call', '--loopback', '--path', 'relay/udp', '--policy', 'relay'),
  decode: async () => {
    const [, , pcap] = await kept();
    const bytes = readFileSync(pcap);
    const credentials = [login(), login(WRONG), ['--secret', SHARED], ['-u', 'alice', '--secret', SHARED]];
    const runs = await Promise.all(
      credentials.flatMap((words) =>
        ['pretty', 'json'].map((format) => everything(['decode', pcap, '-f', format, ...words])),
      ),
    );
    const pasted = await everything(['decode', bytes.subarray(0, 200).toString('hex'), ...login()]);
    return [...runs, pasted].map(({ all }) => all).join('\n');
  },
  replay: async () => {
    const [json, wrong] = await kept();
    return (
      await Promise.all(
        [json, wrong].flatMap((file) =>
          FORMATS.map((format) => everything(['replay', file, '-f', format, '--events'])),
        ),
      )
    )
      .map(({ all }) => all)
      .join('\n');
  },
  compare: async () => {
    const [json, wrong] = await kept();
    const runs = await Promise.all(
      ['pretty', 'json'].map((format) => everything(['compare', json, wrong, '-f', format])),
    );
    return runs.map(({ all }) => all).join('\n');
  },
  explain: async () =>
    (await everything(['explain', 'auth.bad-credentials'], [], { env: { ICEPROBE_CREDENTIAL: RIGHT } })).all,
  // The page gets its configuration over its own connection, by a ticket, and not with its text.
  web: () => withPages(['web', url(), ...login(), '--port', '0'], [], /http:/, ['']),
  signal: async () =>
    (
      await everything(['signal', '--port', '0'], [], {
        env: { ICEPROBE_CREDENTIAL: RIGHT },
        interrupt: { when: ({ stdout, stderr }) => /ready/.test(stdout + stderr), signal: 'SIGTERM' },
      })
    ).all,
  'turn-server': async () => {
    const words = ['turn-server', '--port', '0', '--tls-port', '0', '--secret', SHARED, '--fault', 'allocate:486'];
    const run = await everything([...words, '--', process.execPath, '-e', '0']);
    // To hand the credential on is the purpose of the ready line, and of nothing else.
    const named = await everything([
      'turn-server',
      '--port',
      '0',
      '--user',
      `alice:${RIGHT}`,
      '--',
      process.execPath,
      '-e',
      '0',
    ]);
    return run.all + named.all.replaceAll(/^\{"iceServers".*$/gm, '');
  },
  credentials: async () => (await everything(['credentials', '--secret', SHARED, '-u', 'alice'])).all,
  completion: async () => (await everything(['completion', 'bash'], [], { env: { ICEPROBE_CREDENTIAL: RIGHT } })).all,
};

/** Of a command that serves: what it writes, and these pages of it once its output matches. */
async function withPages(
  words: readonly string[],
  written: readonly string[],
  ready: RegExp,
  paths: readonly string[],
): Promise<string> {
  const end = new AbortController();
  let pages: Promise<string[]> | undefined;
  const run = await everything(words, written, {
    env: { ICEPROBE_WEBHOOK_SECRET: HOOK },
    interruptOn: end.signal,
    interrupt: {
      when: ({ stdout, stderr }) => {
        const at = /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout + stderr)?.[0];
        if (at === undefined || pages !== undefined || !ready.test(stdout + stderr)) return false;
        pages = Promise.all(paths.map(async (path) => (await fetch(`${at}${path}`)).text()));
        void pages.finally(() => end.abort()).catch(() => {});
        return false;
      },
      signal: 'SIGTERM',
    },
  });
  const texts = (await pages) ?? [];
  expect(texts).toHaveLength(paths.length);
  return [run.all, ...texts].join('\n');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-everywhere-'));
  server = await startTurnServer({ users: { alice: RIGHT }, realm: REALM });
});
afterAll(() => server.close());

test('every command is held to it', () => {
  expect(Object.keys(ROWS).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
});

/** What shows that a command did its work, and did not just end. */
const SAYS: Readonly<Record<string, RegExp>> = {
  lint: /alice/,
  decode: /MESSAGE-INTEGRITY/,
  explain: /password/,
  web: /ready/,
  signal: /ready/,
  'turn-server': /ready/,
  credentials: /\d{10}:alice/,
  completion: /iceprobe/,
};

describe('no secret stands in anything that is written by', () => {
  test.each(Object.entries(ROWS))(
    '%s',
    async (name, row) => {
      const text = await row();
      expect(text).toMatch(SAYS[name] ?? (name === 'nat' || name === 'call' ? /alice/ : /auth\.bad-credentials/));
      expectSilent(text, SECRETS);
    },
    120_000,
  );
});
