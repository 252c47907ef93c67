import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.ts';
import { PcapngWriter } from '../../src/core/pcap/write.ts';
import { seededRandom } from '../../src/core/random.ts';
import { explainMessage } from '../../src/core/stun/explain.ts';
import { decodeMessage } from '../../src/core/stun/message.ts';
import { isRegistered } from '../../src/core/stun/registry.ts';
import { runCli } from '../support/cli.ts';
import { describeNeeding, pathOf } from '../support/needs.ts';
import { randomMessage } from '../support/random-message.ts';

const folder = mkdtempSync(join(tmpdir(), 'iceprobe-tshark-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const client = { family: 4, address: '192.0.2.1', port: 50_000 } as const;
const server = { family: 4, address: '198.51.100.7', port: 3478 } as const;
const MESSAGES = 1000;

/** One message of `tshark -V`. */
function readTree(text: string) {
  const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  return {
    id: all(/^ {4}Message Transaction ID: ([0-9a-f]+)/gm)[0] ?? '',
    type: spelling(all(/^ {4}Message Type: 0x[0-9a-f]+ \((.*)\)/gm)[0] ?? ''),
    names: all(/^ {12}Attribute Type: (\S+)/gm).map(spelling),
    lengths: all(/^ {12}Attribute Length: (\d+)/gm).map(Number),
  };
}

/** `Channel-Bind`, `CHANGE_REQUEST`, `GooglePing`: the same names in other spellings. */
function spelling(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace('google', 'goog');
}

describeNeeding('tshark')('tshark on 1,000 random messages in a capture of ours', () => {
  it('names the same types, attributes and lengths as our decoder, over UDP and TCP', async () => {
    const random = seededRandom(20_260_301);
    const messages = Array.from({ length: MESSAGES }, () => randomMessage(random).bytes);
    const writer = new PcapngWriter();
    // A TCP connection each, so that a message which tshark takes for something else does not swallow the next.
    const packets = messages.map((bytes, index) =>
      writer.packet({
        unixMs: index,
        protocol: index % 2 === 0 ? 'udp' : 'tcp',
        from: { ...client, port: client.port + (index % 10_000) },
        to: server,
        bytes,
      }),
    );
    const path = join(folder, 'random.pcapng');
    writeFileSync(path, concatBytes(writer.header('iceprobe test'), ...packets));

    const options = { maxBuffer: 256 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(pathOf('tshark'), ['-r', path, '-V', '-O', 'stun'], options);
    const theirs = stdout.split('Session Traversal Utilities for NAT\n').slice(1).map(readTree);
    const ours = messages.map((bytes) => {
      const decoded = decodeMessage(bytes);
      if (!decoded.ok) throw new Error(decoded.error.message);
      const { method, class: kind, transactionId, attributes } = explainMessage(decoded.value);
      return {
        id: transactionId,
        type: spelling(`${method} ${kind}${kind === 'success' || kind === 'error' ? ' response' : ''}`),
        // tshark shows no name of an attribute that nobody registered, but its length.
        names: attributes.filter(({ type }) => isRegistered(type)).map(({ name }) => spelling(name)),
        lengths: attributes.map(({ length }) => length),
      };
    });
    expect(theirs).toEqual(ours);

    const run = await runCli(['decode', path, '-f', 'json']);
    const { packets: shown } = JSON.parse(run.stdout) as { packets: { message?: { transactionId: string } }[] };
    expect(shown.map(({ message }) => message?.transactionId)).toEqual(ours.map(({ id }) => id));
  });
});
