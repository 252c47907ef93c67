import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { DecodedPacket } from '../../../src/cli/decode/decode.ts';
import { packetsInText } from '../../../src/cli/decode/input.ts';
import { type FakeWorld, runInFakeWorld } from '../../support/context.ts';

const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'iceprobe-decode-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REQUEST = '000100582112a442b7e7a701bc34d686fa87dfae';
const BINDING = '000100002112a442b7e7a701bc34d686fa87dfae';
const BINDING_BYTES = Buffer.from(BINDING, 'hex');

async function decode(args: readonly string[], world: FakeWorld = {}) {
  const { exitCode, stdout, stderr } = await runInFakeWorld(['decode', '-f', 'json', ...args], world);
  const packets = stdout === '' ? [] : (JSON.parse(stdout) as { packets: DecodedPacket[] }).packets;
  return { exitCode, packets, stderr };
}

function counts(packets: readonly DecodedPacket[]): Record<string, number> {
  const table: Record<string, number> = {};
  for (const { message, channelData } of packets) {
    const kind =
      message === undefined
        ? channelData === undefined
          ? 'error'
          : 'ChannelData'
        : `${message.method} ${message.class}`;
    table[kind] = (table[kind] ?? 0) + 1;
  }
  return table;
}

describe('texts', () => {
  it.each([
    ['hex', BINDING],
    ['hex in upper case, with colons', (BINDING.toUpperCase().match(/../g) ?? []).join(':')],
    ['a C array', `{ ${(BINDING.match(/../g) ?? []).map((byte) => `0x${byte}`).join(', ')} }`],
    ['escapes', (BINDING.match(/../g) ?? []).map((byte) => `\\x${byte}`).join('')],
    ['wrapped hex', (BINDING.match(/.{8}/g) ?? []).join('\n')],
    ['hex with a comment', `# a request\n${BINDING}  # without attributes`],
    ['base64', BINDING_BYTES.toString('base64')],
    ['base64url without padding', BINDING_BYTES.toString('base64url')],
    [
      'xxd',
      '00000000: 0001 0000 2112 a442 b7e7 a701 bc34 d686  ....!..B.....4..\n00000010: fa87 dfae                                ....\n',
    ],
    [
      'hexdump -C',
      '00000000  00 01 00 00 21 12 a4 42  b7 e7 a7 01 bc 34 d6 86  |....!..B.....4..|\n00000010  fa 87 df ae                                       |....|\n00000014\n',
    ],
    ['od', '000000 00 01 00 00 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86\n000010 fa 87 df ae\n000014\n'],
    [
      'Wireshark',
      '0000   00 01 00 00 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86   ....!..B.....4..\n0010   fa 87 df ae                                       ....\n',
    ],
    [
      'text that looks like hex beside a dump',
      '0000   00 01 00 00 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86   abcdef12 beef\n0010   fa 87 df ae   cafe\n',
    ],
  ])('reads %s', (_name, text) => {
    expect(packetsInText(text)?.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual([BINDING]);
  });

  it('tells several packets apart: one a line, or one dump after the other', () => {
    expect(packetsInText(`${BINDING}\n${BINDING}\n40000004abcdef01\n`)).toHaveLength(3);
    const dump = '\t0x0000:  0001 0000 2112 a442 b7e7 a701 bc34 d686\n\t0x0010:  fa87 dfae\n';
    expect(packetsInText(`15:58:08.342 IP a > b: UDP\n${dump}15:58:08.343 IP b > a: UDP\n${dump}`)).toHaveLength(2);
  });

  it.each(['', '   ', 'hello world!', 'zz'])('finds nothing in %j', (text) => {
    expect(packetsInText(text)).toBeUndefined();
  });
});

describe('iceprobe decode', () => {
  it('explains every attribute, with its place', async () => {
    const path = fixture('stun/rfc5769-2.1-request.hex');
    const { exitCode, stdout } = await runInFakeWorld(['decode', path, '--credential=VOkJxbRl1RmTxUk/WvJxBt']);
    expect(exitCode).toBe(0);
    await expect(stdout).toMatchFileSnapshot('./golden/decode-rfc5769-2.1.txt');
  });

  it('takes what tcpdump -x prints, from the IP header on', async () => {
    const payload = Buffer.from(BINDING, 'hex');
    const ip = Buffer.from('4500003000000000401100007f0000017f000001', 'hex');
    const udp = Buffer.from('d4310d96001c0000', 'hex');
    const { packets } = await decode([Buffer.concat([ip, udp, payload]).toString('hex')]);
    expect(packets).toMatchObject([{ from: '127.0.0.1:54321', to: '127.0.0.1:3478', message: { method: 'Binding' } }]);
  });

  it.each([
    ['stun/rfc5769-2.1-request.hex', ['--credential=VOkJxbRl1RmTxUk/WvJxBt'], 'valid (short-term key)', 0],
    ['stun/rfc5769-2.2-response-ipv4.hex', ['--credential=VOkJxbRl1RmTxUk/WvJxBt'], 'valid (short-term key)', 0],
    ['stun/rfc5769-2.4-request-long-term.hex', ['--credential=TheMatrIX'], 'valid (long-term key, MD5)', 0],
    [
      'stun/rfc5769-2.4-request-long-term.hex',
      ['--credential=wrong'],
      'does not match: another password, or changed on its way',
      1,
    ],
    ['stun/rfc5769-2.4-request-long-term.hex', [], 'not checked: no password given (-p)', 0],
    [
      'stun/rfc8489-b.1-request-sha256.hex',
      ['-u', 'マトリックス', '--credential=TheMatrIX'],
      'valid (long-term key, SHA-256)',
      0,
    ],
    [
      'stun/rfc8489-b.1-request-sha256.hex',
      ['--credential=TheMatrIX'],
      'not valid by the short-term key; for a long-term one the user name (-u) is missing',
      0,
    ],
  ])('checks the integrity of %s with %j', async (path, args, detail, exitCode) => {
    const result = await decode([fixture(path), ...args]);
    expect(result.packets[0]?.message?.integrity?.detail).toBe(detail);
    expect(result.exitCode).toBe(exitCode);
  });

  it.each(['coturn-4.6.1.pcap', 'coturn-4.6.1-nanoseconds.pcap', 'coturn-4.6.1.pcapng', 'coturn-4.6.1-any.pcap'])(
    'reads %s: the messages that tshark counts, every integrity valid',
    async (name) => {
      const { exitCode, packets } = await decode([fixture(`captures/${name}`), '-u', 'alice', '--credential=secret']);
      expect(exitCode).toBe(0);
      expect(counts(packets)).toEqual({
        'Allocate request': 4,
        'Allocate error': 2,
        'Allocate success': 2,
        'Refresh request': 6,
        'Refresh success': 6,
        'CreatePermission request': 2,
        'CreatePermission success': 2,
        'ChannelBind request': 4,
        'ChannelBind success': 4,
        ChannelData: 8,
      });
      const verdicts = packets.flatMap(({ message }) => message?.integrity?.verdict ?? []);
      expect(verdicts).toEqual(new Array(28).fill('valid'));
      expect(packets[0]).toMatchObject({
        protocol: 'udp',
        to: '127.0.0.1:34790',
        time: expect.stringMatching(/^2026-11-22T15:58:08/),
      });
    },
  );

  it('reads a capture that is cut off', async () => {
    const bytes = readFileSync(fixture('captures/coturn-4.6.1.pcap'));
    const path = join(folder, 'cut.pcap');
    writeFileSync(path, bytes.subarray(0, 700));
    const { exitCode, packets, stderr } = await decode([path]);
    expect({ exitCode, count: packets.length }).toEqual({ exitCode: 0, count: 4 });
    expect(stderr).toBe(`note: ${path}: the file ends within a packet (byte 632)\n`);
  });

  it('shows nothing by which a password could be guessed', async () => {
    const bytes = readFileSync(fixture('captures/coturn-4.6.1.pcap'));
    for (const format of ['pretty', 'json']) {
      const { stdout } = await runInFakeWorld(['decode', fixture('captures/coturn-4.6.1.pcap'), '-f', format]);
      for (let at = 0; at + 24 <= bytes.length; at++) {
        if (bytes.readUInt32BE(at) === 0x0008_0014)
          expect(stdout).not.toContain(bytes.toString('hex', at + 4, at + 12));
      }
    }
  });

  it.each([
    [['hello world'], 'iceprobe: "hello world" is no file, no hex and no base64\n'],
    [[''], 'iceprobe: nothing to decode\n'],
    [['-'], 'iceprobe: stdin: it is empty\n'],
    [[fixture('captures/README.md')], 'neither a capture, nor hex, nor base64\n'],
  ])('refuses %j', async (args, problem) => {
    const { exitCode, stdout, stderr } = await runInFakeWorld(['decode', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(problem);
  });

  it.each([
    [REQUEST, 'not STUN: byte 2: the header says 88 bytes follow it, 0 do\n'],
    ['485454502f312e3120343030204261642052657175657374', 'this is http: HTTP/1.1 400 Bad Request'],
  ])('says what is wrong with %s', async (text, problem) => {
    const { exitCode, stdout } = await runInFakeWorld(['decode', text]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(problem);
  });
});
