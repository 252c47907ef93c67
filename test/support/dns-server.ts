import { createSocket } from 'node:dgram';
import { addressToBytes, familyOf } from '../../src/core/address.ts';

export interface SrvTarget {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What the server says about one name: addresses and services, an error for every type, or nothing at all. */
export type DnsEntry =
  | readonly (string | SrvTarget)[]
  | 'NXDOMAIN'
  | 'SERVFAIL'
  | 'REFUSED'
  | 'silent'
  /** The same, that many milliseconds later. */
  | { readonly afterMs: number; readonly entry: readonly (string | SrvTarget)[] };

/** Names in lower case, optionally `name/TYPE` for what only one type is to be told. What is not there does not exist. */
export type DnsZone = Readonly<Record<string, DnsEntry>>;

export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`, as a resolver takes it. */
  readonly address: string;
  /** `name/type` of each question, in order of arrival. */
  readonly questions: readonly string[];
}

const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** A DNS server on a free port of 127.0.0.1. */
export async function startDnsServer(zone: DnsZone): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { question, send } = answerDns(query, zone);
    questions.push(question);
    send((response) => socket.send(response, from.port, from.address));
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export interface DnsAnswer {
  /** `name/type` of the question. */
  readonly question: string;
  /** Calls `deliver` with the response when the zone wants it told: at once, later, or never. */
  send(deliver: (response: Buffer) => void): void;
}

/** What the zone says to one query (RFC 1035 4.1). */
export function answerDns(query: Buffer, zone: DnsZone): DnsAnswer {
  const { name, type, end } = readQuestion(query);
  const question = `${name}/${TYPE_NAMES[type] ?? String(type)}`;
  const told = zone[question] ?? zone[name] ?? 'NXDOMAIN';
  if (told === 'silent') return { question, send: () => undefined };
  const { afterMs, entry } = typeof told === 'object' && 'afterMs' in told ? told : { afterMs: undefined, entry: told };
  const answers = typeof entry === 'string' ? [] : entry.flatMap((value) => encodeRecord(value, type));
  const header = Buffer.from(query.subarray(0, 12));
  // QR, RD and RA; the rcode where there is one.
  header.writeUInt16BE(0x8180 | (typeof entry === 'string' ? RCODES[entry] : 0), 2);
  header.writeUInt16BE(answers.length, 6);
  header.fill(0, 8);
  const response = Buffer.concat([header, query.subarray(12, end), ...answers]);
  if (afterMs === undefined) return { question, send: (deliver) => deliver(response) };
  return { question, send: (deliver) => void setTimeout(() => deliver(response), afterMs) };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeRecord(value: string | SrvTarget, type: number): Buffer[] {
  if (typeof value === 'string') {
    const wanted = familyOf(value) === 4 ? 1 : 28;
    return wanted === type ? [record(type, Buffer.from(addressToBytes(value) ?? []))] : [];
  }
  if (type !== 33) return [];
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(value.priority, 0);
  fixed.writeUInt16BE(value.weight, 2);
  fixed.writeUInt16BE(value.port, 4);
  return [record(33, Buffer.concat([fixed, encodeName(value.target)]))];
}

function record(type: number, data: Buffer): Buffer {
  // A pointer to the question's name, class IN, a lifetime of 60 s.
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  const labels = name === '.' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
