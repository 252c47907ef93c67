import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { addressToBytes } from '../../../src/core/address.ts';
import type { Zone, ZoneEntry } from './agent-protocol.ts';

/** Serves a zone on port 53 of one address, over UDP and TCP (RFC 1035); faults as the zone says. */
export async function serveDns(address: string, zone: Zone): Promise<void> {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (query, from) => {
    respond(query, zone, (response) => udp.send(response, from.port, from.address));
  });
  udp.bind(53, address);
  const tcp = createServer((socket) => {
    let buffered = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      // RFC 1035 4.2.2: two bytes of length before each message.
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const length = buffered.readUInt16BE(0);
        respond(buffered.subarray(2, 2 + length), zone, (response) => {
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(response.length);
          if (!socket.destroyed) socket.write(Buffer.concat([prefix, response]));
        });
        buffered = buffered.subarray(2 + length);
      }
    });
  });
  tcp.listen(53, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
}

const TYPES = { a: 1, aaaa: 28, srv: 33 } as const;
const NXDOMAIN = 3;
const SERVFAIL = 2;

function respond(query: Buffer, zone: Zone, send: (response: Buffer) => void): void {
  const question = parseQuestion(query);
  if (question === undefined) return;
  const entry = zone[question.name];
  if (entry?.fault === 'hang') return;
  const code = entry === undefined ? NXDOMAIN : entry.fault === 'servfail' ? SERVFAIL : 0;
  const data = entry === undefined || code !== 0 ? [] : records(entry, question.type);
  const response = encode(query, question, code, data);
  if (typeof entry?.fault === 'object') setTimeout(() => send(response), entry.fault.delayMs);
  else send(response);
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the query. */
  readonly end: number;
}

function parseQuestion(query: Buffer): Question | undefined {
  if (query.length < 17 || (query.readUInt16BE(2) & 0x8000) !== 0 || query.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63 || at + 1 + length > query.length) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(query.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  return { name: labels.join('.'), type: query.readUInt16BE(at), end: at + 4 };
}

function records(entry: ZoneEntry, type: number): Buffer[] {
  switch (type) {
    case TYPES.a:
      return (entry.a ?? []).map(wireAddress);
    case TYPES.aaaa:
      return (entry.aaaa ?? []).map(wireAddress);
    case TYPES.srv:
      return (entry.srv ?? []).map(({ priority, weight, port, target }) => {
        const fixed = Buffer.alloc(6);
        fixed.writeUInt16BE(priority, 0);
        fixed.writeUInt16BE(weight, 2);
        fixed.writeUInt16BE(port, 4);
        return Buffer.concat([fixed, encodeName(target)]);
      });
    default:
      return [];
  }
}

function encode(query: Buffer, question: Question, code: number, data: readonly Buffer[]): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  // QR, AA, RA; RD as asked (RFC 1035 4.1.1). No additional section: an EDNS option in the query is not answered.
  header.writeUInt16BE(0x8480 | (query.readUInt16BE(2) & 0x0100) | code, 2);
  header.writeUInt16BE(data.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const answers = data.map((bytes) => {
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0); // the name of the question (RFC 1035 4.1.4)
    fixed.writeUInt16BE(question.type, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(1, 6); // a second to live: nothing may remember it from one scenario to the next
    fixed.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([fixed, bytes]);
  });
  return Buffer.concat([header, query.subarray(12, question.end), ...answers]);
}

function encodeName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function wireAddress(text: string): Buffer {
  const bytes = addressToBytes(text);
  if (bytes === undefined) throw new Error(`no address: ${text}`);
  return Buffer.from(bytes);
}
