import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { looksLikeCapture } from '../../core/pcap/read.ts';
import { Secret } from '../../core/secret.ts';
import { looksLikeStun } from '../../core/stun/message.ts';
import { nodeHashes } from '../../net/hashes.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { decodePacket, isBad } from '../decode/decode.ts';
import { packetsInText } from '../decode/input.ts';
import { IntegrityChecker } from '../decode/integrity.ts';
import { type FoundPacket, packetsInCapture, unwrap } from '../decode/packets.ts';
import { prettyPacket } from '../decode/pretty.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError, readStdinBytes } from '../files.ts';
import { choice, text } from '../options/option.ts';
import { serverOptions } from '../options/server.ts';
import { styleFor } from '../output/style.ts';
import { hintAtExposure, readCredentials } from '../servers/credentials.ts';

const options = {
  username: { ...serverOptions.username, help: 'to check the integrity by (ICEPROBE_USERNAME)' },
  credential: { ...serverOptions.credential, help: 'to check the integrity by; "-" asks for it (ICEPROBE_CREDENTIAL)' },
  'credential-file': serverOptions['credential-file'],
  secret: {
    ...serverOptions.secret,
    help: 'shared secret to compute the password of a REST user name from (ICEPROBE_SECRET)',
  },
  realm: text({ group: 'Servers', placeholder: 'REALM', help: 'where the packets do not tell it' }),
  format: choice(['pretty', 'json'], { group: 'Output', alias: 'f', help: 'of the result (default: pretty)' }),
} as const;

export const command = defineCommand({
  positionals: '[FILE|HEX|BASE64...]',
  description:
    'Explains STUN and TURN packets: every attribute, what is wrong with it and where, and whether the integrity holds for a ' +
    'given credential. Takes hex or base64, a dump as xxd or tcpdump -x print it, a pcap or pcapng file; stdin by default.',
  options,
  examples: [
    ['iceprobe decode 000100002112a442b7e7a701bc34d686fa87dfae', 'one message'],
    ['iceprobe decode trace.pcapng -u alice -p -', 'all in a capture, integrity checked'],
    ['tcpdump -c 20 -w - udp port 3478 | iceprobe decode', 'straight from the wire'],
  ],
  async run({ options: given, positionals }, context) {
    // A shared secret is no credential here: each message's user name makes another password of it.
    const { secret: flagged, realm, format, ...login } = given;
    const { flags, environment } = await readCredentials(login, without(context, 'ICEPROBE_SECRET'));
    const { username, credential: password } = { ...environment, ...flags };
    if (flagged !== undefined) await hintAtExposure('--secret', context);
    const secret = flagged ?? context.env['ICEPROBE_SECRET'] ?? '';
    const checker = new IntegrityChecker(
      {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(secret === '' ? {} : { secret: new Secret(secret) }),
        ...(realm === undefined ? {} : { realm }),
      },
      nodeHashes,
    );
    const packets: FoundPacket[] = [];
    for (const source of positionals.length === 0 ? ['-'] : positionals) packets.push(...(await read(source, context)));
    const decoded = packets.map((packet) => decodePacket(packet, checker));
    const style = styleFor(context.stdout);
    await context.stdout.write(
      format === 'json'
        ? `${JSON.stringify({ packets: decoded }, null, 2)}\n`
        : decoded.map((packet) => prettyPacket(packet, style)).join('\n'),
    );
    return decoded.some(isBad) ? 1 : 0;
  },
});

/** The packets of one argument: a file where there is one of that name, else the text itself. */
async function read(source: string, context: Context): Promise<FoundPacket[]> {
  if (source === '') throw new UsageError('nothing to decode', 'if a variable stands there, it is unset or empty');
  if (source === '-') return find(await readStdinBytes(context), 'stdin', context);
  if (existsSync(source) && !statSync(source).isDirectory()) {
    try {
      return await find(await readFile(source), source, context);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`cannot read ${source}: ${describeSystemError(error)}`, 'check who may read it');
    }
  }
  const packets = packetsInText(source);
  if (packets === undefined) {
    const shown = source.length > 40 ? `${source.slice(0, 40)}...` : source;
    throw new UsageError(`${JSON.stringify(shown)} is no file, no hex and no base64`, HINT);
  }
  return packets.map((bytes) => unwrap(bytes) ?? { bytes });
}

const HINT = 'give the bytes of a message, or a file made by tcpdump -w or Wireshark';

async function find(bytes: Uint8Array, name: string, context: Context): Promise<FoundPacket[]> {
  if (bytes.length === 0) throw new UsageError(`${name}: it is empty`, HINT);
  if (looksLikeCapture(bytes)) return findInCapture(bytes, name, context);
  if (looksLikeStun(bytes)) return [{ bytes }];
  const packets = packetsInText(Buffer.from(bytes).toString('utf8'));
  if (packets === undefined) throw new UsageError(`${name}: neither a capture, nor hex, nor base64`, HINT);
  return packets.map((packet) => unwrap(packet) ?? { bytes: packet });
}

async function findInCapture(bytes: Uint8Array, name: string, context: Context): Promise<FoundPacket[]> {
  const result = packetsInCapture(bytes);
  if (!result.ok) throw new UsageError(`${name}: byte ${result.error.offset}: ${result.error.message}`, HINT);
  const { packets, capture, others } = result.value;
  const notes = [
    ...(others > 0 ? [`${others} of ${capture.frames.length} frames hold no STUN that could be read`] : []),
    ...(capture.truncated === undefined ? [] : [`${capture.truncated.message} (byte ${capture.truncated.offset})`]),
  ];
  for (const note of notes) await context.stderr.write(`note: ${name}: ${note}\n`);
  if (packets.length === 0) {
    throw new UsageError(
      `${name}: no STUN in ${capture.frames.length} frames`,
      'TLS is not decrypted: capture before it',
    );
  }
  return [...packets];
}

function without(context: Context, name: string): Context {
  return { ...context, env: { ...context.env, [name]: undefined } };
}
