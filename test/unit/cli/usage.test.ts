import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type FakeWorld, runInFakeWorld } from '../../support/context.ts';

const folder = mkdtempSync(join(tmpdir(), 'iceprobe-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files by the name that the golden file shows. */
const FILES = {
  'empty.json': '',
  'cut.json': '{"iceServers": [\n  {"urls": "turn:turn.example.org", "username": "alice",',
  'empty-list.json': '{"iceServers": []}',
  'variable.js': 'const config = {\n  iceServers: [{ urls: "turn:a", credential: process.env.TURN_PASSWORD }],\n};',
  'template.js': `[{ urls: \`turn:$\{host}\` }]`,
  'no-servers.json': '{"name": "my-app", "version": "1.0.0"}',
  'page.html': '<!DOCTYPE html><html></html>',
  'bad-url.json':
    '{"iceServers": [\n  {"urls": ["stun:a.example", "turn:b.example?transport=tls"], "username": "u", "credential": "c"}\n]}',
  'no-credential.json': '{"iceServers": [\n  {"urls": "turn:turn.example.org", "username": "alice"}\n]}',
  'empty-url.json': '[{"urls": ""}]',
  'relay-stun.json': '{"iceServers": [{"urls": "stun:a.example"}], "iceTransportPolicy": "relay"}',
  'old-policy.json': '{"iceServers": [{"urls": "stun:a.example"}], "iceTransportPolicy": "none"}',
  'number.json': '[{"urls": 3478}]',
  'binary.json': 'a\0b',
  'empty-password': '\n',
  'no-certificate.pem': 'hello',
} as const;

for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
mkdirSync(join(folder, 'folder'));

interface Case extends FakeWorld {
  readonly args: readonly string[];
}

function sh(...args: readonly string[]): Case {
  return { args };
}

const LOGIN = ['-u', 'alice', '--credential-file', '@password'];
writeFileSync(join(folder, 'password'), 'hunter2\n');

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'unknown options and commands': [
    sh('--polcy', 'relay', 'stun:a.example'),
    sh('--no-such-thing', 'stun:a.example'),
    sh('-x', 'stun:a.example'),
    sh('lint', '--pcap', 'x', 'stun:a.example'),
    sh('lnt', 'stun:a.example'),
    sh('@bad-url.json'),
  ],
  'options without, with wrong, with too many values': [
    sh('stun:a.example', '-c'),
    sh('stun:a.example', '-f', 'yaml'),
    sh('stun:a.example', '--timeout', 'soon'),
    sh('stun:a.example', '--timeout', '0'),
    sh('stun:a.example', '--rto', '-5'),
    sh('stun:a.example', '--policy', 'none'),
    sh('stun:a.example', '--local=yes'),
    sh('stun:a.example', '--family', '5'),
    sh('turn:a.example', '-u', 'alice', '-u', 'bob', ...LOGIN.slice(2)),
    sh('turn:a.example', '-u', 'alice', '-p', '-hunter2'),
    sh('stun:a.example', '--report', 'json'),
    sh('stun:a.example', '--report', 'pdf=x'),
  ],
  'what an unset variable leaves': [
    sh(''),
    sh('stun:a.example', ' '),
    sh('turn:a.example', '-u', '', '-p', ''),
    sh('-c', ''),
    sh('--ice-servers', ''),
    sh('--from', ''),
    sh('turn:'),
    sh('turn::3478', ...LOGIN),
    { args: ['turn:a.example'], env: { ICEPROBE_USERNAME: 'alice', ICEPROBE_CREDENTIAL: '' } },
    { args: ['-c', '-'], stdin: '' },
    { args: ['turn:a.example', '-u', 'alice', '-p', '-'], stdin: '' },
    sh('turn:undefined', ...LOGIN),
  ],
  'URLs that are none': [
    sh('a.example'),
    sh('a.example:3478'),
    sh('https://a.example'),
    sh('trun:a.example'),
    sh('stun://a.example'),
    sh('turn:alice:hunter2@a.example'),
    sh('stun:a.example?transport=udp'),
    sh('turn:a.example?transport=tls'),
    sh('turn:a.example?transport=quic'),
    sh('turn:a.example?foo=bar'),
    sh(`turn:$\{TURN_HOST}:3478`),
    sh('turn:{{host}}'),
    sh('stun:a.example:99999'),
    sh('stun:a.example:port'),
    sh('stun:a.example:'),
    sh('stun:2001:db8::1'),
    sh('stun:[2001:db8::1'),
    sh('stun:a.example/path'),
    sh('stun:a.example stun:b.example'),
    sh('"stun:a.example"'),
    sh('stun:a.example,stun:b.example'),
    sh('stun:256.1.1.1'),
    sh('stun:a..example'),
    sh('stun:bücher.example'),
  ],
  'missing credentials': [
    sh('turn:turn.example.org'),
    sh('turn:turn.example.org', '-u', 'alice'),
    sh('turns:turn.example.org', '--credential-file', '@password'),
    sh('-c', '@no-credential.json'),
    sh('turn:a.example', '-u', 'alice', '--credential-file', '@nowhere'),
    sh('turn:a.example', '-u', 'alice', '--credential-file', '@empty-password'),
    { args: ['turn:a.example'], env: { ICEPROBE_SECRET: 's', ICEPROBE_CREDENTIAL: 'c' } },
  ],
  'files that cannot be read, or are something else': [
    sh('-c', '@nowhere.json'),
    sh('-c', '@folder'),
    sh('-c', '@empty.json'),
    sh('-c', '@cut.json'),
    sh('-c', '@variable.js'),
    sh('-c', '@template.js'),
    sh('-c', '@no-servers.json'),
    sh('-c', '@empty-list.json'),
    sh('-c', '@page.html'),
    sh('-c', '@bad-url.json'),
    sh('-c', '@empty-url.json'),
    sh('-c', '@old-policy.json'),
    sh('-c', '@number.json'),
    sh('-c', '@binary.json'),
    sh('--ice-servers', '[{"urls": "turn:a.example" "username": "u"}]'),
    sh('--from', 'a.example/ice.json'),
    sh('--from', 'turn:a.example'),
    sh('stun:a.example', '--ca', '@no-certificate.pem'),
    sh('stun:a.example', '-o', '@folder/no/such/file'),
    sh('stun:a.example', '-o', '@folder'),
  ],
  contradictions: [
    sh('stun:a.example', '--policy', 'relay'),
    sh('-c', '@relay-stun.json'),
    sh('stun:a.example', '-u', 'alice'),
    sh('-u', 'alice'),
    sh('--local', 'stun:a.example'),
    sh('--local', '-c', '@cut.json'),
    sh('-c', '@cut.json', '--ice-servers', '[]'),
    { args: ['-c', '-', '-u', 'alice', '-p', '-'], stdin: '[]' },
    sh('turn:a.example', '-u', 'alice', '--credential-file', '@password', '--secret', 's'),
    sh('stun:[2001:db8::1]', '--family', '4'),
    sh('stun:192.0.2.1', '--family', '6'),
    sh('stun:a.example', '--events'),
    sh('stun:a.example', '-f', 'json', '-o', '@out', '--report', 'ndjson=@out'),
    sh('stun:a.example', '--redact', '--show-addresses'),
  ],
};

describe('bad usage', () => {
  it.each(Object.keys(CASES))('%s: says what, where and how to mend it, and ends with 2', async (title) => {
    const shown = [];
    for (const { args, ...world } of CASES[title] ?? []) {
      const run = await runInFakeWorld(
        args.map((arg) => arg.replace(/(^|=)@/, `$1${folder}/`)),
        world,
      );
      expect({ args, exitCode: run.exitCode, stdout: run.stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(run.stderr).not.toMatch(/hunter2/);
      const env = Object.entries(world.env ?? {}).map(([name, value]) => `${name}=${value} `);
      const input = world.stdin === undefined ? '' : ` <<< '${world.stdin}'`;
      const line = `$ ${env.join('')}iceprobe ${args.map(quote).join(' ')}${input}`;
      shown.push(`${line}\n${run.stderr.replaceAll(`${folder}/`, '')}`);
    }
    await expect(shown.join('\n')).toMatchFileSnapshot(`./golden/usage/${title.replace(/\W+/g, '-')}.txt`);
  });
});

function quote(arg: string): string {
  const bare = arg.replace(/(^|=)@/, '$1');
  return /^[\w./:=-]+$/.test(bare) ? bare : `'${bare}'`;
}
