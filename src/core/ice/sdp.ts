import { fail, ok, type Result } from '../result.ts';
import type { Candidate, CandidateType } from './candidate.ts';

/** What the candidate-attribute of SDP says, and all that it says (RFC 8839 5.1). */
export type SdpCandidate = Pick<
  Candidate,
  'foundation' | 'component' | 'priority' | 'address' | 'port' | 'type' | 'relatedAddress' | 'relatedPort' | 'tcpType'
> & {
  /** `udp` or `tcp` in lower case, or what else stands there. */
  readonly protocol: string;
  /** In order, without those that have fields of their own. */
  readonly extensions: readonly (readonly [name: string, value: string])[];
};

export interface SdpError {
  /** Counts from 1. */
  readonly column: number;
  readonly message: string;
}

/** `candidate:1 1 udp 2130706431 192.0.2.1 54321 typ host`, with the protocol in lower case like browsers write it. */
export function formatCandidate(candidate: Omit<SdpCandidate, 'extensions'>): string {
  const { foundation, component, protocol, priority, address, port, type } = candidate;
  const parts = [`candidate:${foundation}`, component, protocol, priority, address, port, 'typ', type];
  if (candidate.relatedAddress !== null) parts.push('raddr', candidate.relatedAddress);
  if (candidate.relatedPort !== null) parts.push('rport', candidate.relatedPort);
  // RFC 6544 4.5.
  if (candidate.tcpType !== null) parts.push('tcptype', candidate.tcpType);
  return parts.join(' ');
}

/** Reads a candidate-attribute, with or without `a=` before it. */
export function parseCandidate(text: string): Result<SdpCandidate, SdpError> {
  const words = wordsOf(text);
  const [first, component, protocol, priority, address, port, typ, type] = words;
  const head = /^(?:a=)?candidate:/.exec(first?.text ?? '');
  if (head === null) return error(1, 'a candidate begins with "candidate:"');
  const foundation = first?.text.slice(head[0].length) ?? '';
  if (!/^[A-Za-z0-9+/]{1,32}$/.test(foundation)) {
    return error(head[0].length + 1, 'the foundation has 1 to 32 letters, digits, "+" or "/"');
  }
  const componentNumber = readNumber(component, 1, 256);
  if (componentNumber === undefined) return missing(component, text, 'a component from 1 to 256');
  if (protocol === undefined) return missing(protocol, text, 'a transport such as udp');
  const priorityNumber = readNumber(priority, 1, 2 ** 31 - 1);
  if (priorityNumber === undefined) return missing(priority, text, 'a priority from 1 to 2147483647');
  if (address === undefined) return missing(address, text, 'an address');
  const portNumber = readNumber(port, 0, 65_535);
  if (portNumber === undefined) return missing(port, text, 'a port from 0 to 65535');
  if (typ?.text !== 'typ') return missing(typ, text, '"typ"');
  if (type === undefined || !isType(type.text)) return missing(type, text, 'host, srflx, prflx or relay');
  const rest = readPairs(words.slice(8), text);
  if (!rest.ok) return rest;
  return ok({
    foundation,
    component: componentNumber,
    protocol: protocol.text.toLowerCase(),
    priority: priorityNumber,
    address: address.text,
    port: portNumber,
    type: type.text,
    ...rest.value,
  });
}

interface Word {
  readonly text: string;
  readonly column: number;
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/[^ \r\n]+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
}

function readPairs(
  words: readonly Word[],
  text: string,
): Result<Pick<SdpCandidate, 'relatedAddress' | 'relatedPort' | 'tcpType' | 'extensions'>, SdpError> {
  let relatedAddress: string | null = null;
  let relatedPort: number | null = null;
  let tcpType: SdpCandidate['tcpType'] = null;
  const extensions: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i];
    const value = words[i + 1];
    if (name === undefined) break;
    if (value === undefined) return error(text.length + 1, `"${name.text}" has no value`);
    if (name.text === 'raddr') relatedAddress = value.text;
    else if (name.text === 'rport') {
      const port = readNumber(value, 0, 65_535);
      if (port === undefined) return error(value.column, 'expected a port from 0 to 65535');
      relatedPort = port;
    } else if (name.text === 'tcptype') {
      if (value.text !== 'active' && value.text !== 'passive' && value.text !== 'so') {
        return error(value.column, 'expected active, passive or so');
      }
      tcpType = value.text;
    } else extensions.push([name.text, value.text]);
  }
  return ok({ relatedAddress, relatedPort, tcpType, extensions });
}

function readNumber(word: Word | undefined, min: number, max: number): number | undefined {
  if (word === undefined || !/^[0-9]{1,10}$/.test(word.text)) return undefined;
  const value = Number(word.text);
  return value >= min && value <= max ? value : undefined;
}

function isType(text: string): text is CandidateType {
  return text === 'host' || text === 'srflx' || text === 'prflx' || text === 'relay';
}

function missing(word: Word | undefined, text: string, expected: string) {
  return error(word?.column ?? text.length + 1, `expected ${expected}`);
}

function error(column: number, message: string) {
  return fail<SdpError>({ column, message });
}
