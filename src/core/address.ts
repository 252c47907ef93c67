/** IPv4 or IPv6 by its version number, as users write it (`--family 4`). */
export type Family = 4 | 6;

export type Protocol = 'udp' | 'tcp';

/** How a client reaches a server. */
export type TransportKind = 'udp' | 'tcp' | 'tls';

/** An IP address in canonical text (dotted quad, RFC 5952) with a port. */
export interface SocketAddress {
  readonly family: Family;
  readonly address: string;
  readonly port: number;
}

/**
 * What sort of address it is, as far as the address alone tells. "Private" is RFC 1918 and RFC 4193; 198.18/15,
 * 192.0.2/24 and 2001:db8::/32 count as public, because nothing behind a NAT uses them for its own.
 */
export type AddressKind =
  | 'public'
  | 'private'
  | 'cgnat'
  | 'link-local'
  | 'loopback'
  | 'unspecified'
  | 'multicast'
  | 'broadcast';

/** `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
export function formatSocketAddress(address: SocketAddress): string {
  return address.family === 6 ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

/** The reverse of {@link formatSocketAddress}; undefined where the text is no address with a port. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text);
  const address = canonicalAddress(match?.[1] ?? match?.[2] ?? '');
  const family = address === undefined ? undefined : familyOf(address);
  const port = Number(match?.[3]);
  if (address === undefined || family === undefined || port > 65535) return undefined;
  return { family, address, port };
}

export function sameSocketAddress(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.address === b.address && a.family === b.family;
}

/** 4 or 6 for an IP address literal (a zone id is allowed on IPv6), undefined for anything else. */
export function familyOf(text: string): Family | undefined {
  const length = writeAddress(text, scratch, 0);
  return length === 0 ? undefined : length === 4 ? 4 : 6;
}

/** The bytes of an address literal in network order: 4 or 16 of them; undefined where the text is no address. */
export function addressToBytes(text: string): Uint8Array | undefined {
  const length = writeAddress(text, scratch, 0);
  return length === 0 ? undefined : scratch.slice(0, length);
}

/** Writes the bytes of an address literal at `offset`, allocating nothing; how many (4, 16, or 0 for what is no address). */
export function writeAddress(text: string, target: Uint8Array, offset: number): 0 | 4 | 16 {
  if (writeIPv4(text, 0, text.length, target, offset)) return 4;
  return writeIPv6(text, target, offset) ? 16 : 0;
}

/** Canonical text of 4 or 16 bytes (RFC 5952 for IPv6). */
export function bytesToAddress(bytes: Uint8Array): string {
  return readAddress(bytes, 0, bytes.length === 4 ? 4 : 16);
}

/** Canonical text of the 4 or 16 bytes at `offset`. */
export function readAddress(bytes: Uint8Array, offset: number, length: 4 | 16): string {
  return length === 4 ? formatIPv4(bytes, offset) : formatIPv6(bytes, offset);
}

/** The canonical spelling of an address literal, with any zone id kept; undefined where the text is no address. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = addressToBytes(text);
  if (bytes === undefined) return undefined;
  const zone = text.indexOf('%');
  return zone < 0 ? bytesToAddress(bytes) : bytesToAddress(bytes) + text.slice(zone);
}

export function addressKind(text: string): AddressKind {
  const bytes = addressToBytes(text);
  if (bytes === undefined) return 'public';
  if (bytes.length === 4) return kindOfIPv4(bytes);
  return kindOfIPv6(bytes);
}

/** What FINDINGS calls private: nothing that the public internet could route to. */
export function isPrivateKind(kind: AddressKind): boolean {
  return kind === 'private' || kind === 'cgnat' || kind === 'link-local' || kind === 'loopback';
}

/** May lead to other networks: neither this machine alone nor its link. */
export function leadsBeyondLink(kind: AddressKind | 'vpn'): boolean {
  return kind !== 'loopback' && kind !== 'link-local';
}

function kindOfIPv4(bytes: Uint8Array): AddressKind {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  if (a === 0) return 'unspecified';
  if (a === 127) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  if (a === 169 && b === 254) return 'link-local';
  if (a === 100 && b >= 64 && b < 128) return 'cgnat';
  if (a === 255 && b === 255 && c === 255 && d === 255) return 'broadcast';
  if (a >= 224 && a < 240) return 'multicast';
  return 'public';
}

function kindOfIPv6(bytes: Uint8Array): AddressKind {
  if (isMappedIPv4(bytes, 0)) return kindOfIPv4(bytes.subarray(12, 16));
  const [a = 0, b = 0] = bytes;
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) {
    if (bytes[15] === 0) return 'unspecified';
    if (bytes[15] === 1) return 'loopback';
  }
  if (a === 0xff) return 'multicast';
  if (a === 0xfe && (b & 0xc0) === 0x80) return 'link-local';
  if ((a & 0xfe) === 0xfc) return 'private';
  return 'public';
}

const scratch = new Uint8Array(16);

const DOT = 0x2e;
const COLON = 0x3a;

/** A dotted quad in `text` from `start` to `end`. */
function writeIPv4(text: string, start: number, end: number, target: Uint8Array, offset: number): boolean {
  let at = start;
  for (let part = 0; part < 4; part++) {
    let value = 0;
    let digits = 0;
    for (; at < end && digits < 4; at++, digits++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    // A leading zero is octal to some resolvers and decimal to others: refuse it.
    if (digits === 0 || value > 255 || (digits > 1 && text.charCodeAt(at - digits) === 0x30)) return false;
    target[offset + part] = value;
    if (part < 3 && (at >= end || text.charCodeAt(at++) !== DOT)) return false;
  }
  return at === end;
}

/** RFC 4007 11.2 leaves a zone's name to the system: what no interface can be called, and what would end the address in a URL. */
const ZONE = /^[^\s%/[\]]+$/;

/** RFC 4291 2.2: eight groups, `::` for a run of zeros, perhaps a dotted quad in the last two; a zone id is passed over. */
function writeIPv6(text: string, target: Uint8Array, offset: number): boolean {
  const zone = text.indexOf('%');
  if (zone >= 0 && !ZONE.test(text.slice(zone + 1))) return false;
  const end = zone < 0 ? text.length : zone;
  let groups = 0;
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    if (groups === 8) return false;
    const start = at;
    let value = 0;
    for (; at < end && at - start < 5; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    const next = at < end ? text.charCodeAt(at) : COLON;
    if (next === DOT) {
      if (groups > 6 || !writeIPv4(text, start, end, target, offset + 2 * groups)) return false;
      groups += 2;
      break;
    }
    if (at === start || at - start > 4 || next !== COLON) return false;
    target[offset + 2 * groups] = value >> 8;
    target[offset + 2 * groups + 1] = value & 0xff;
    groups++;
    if (at === end) break;
    at++;
    if (at < end && text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false;
      gap = groups;
      at++;
    } else if (at === end) {
      return false;
    }
  }
  if (gap < 0) return groups === 8;
  if (groups === 8) return false;
  const moved = 2 * (8 - groups);
  target.copyWithin(offset + 2 * gap + moved, offset + 2 * gap, offset + 2 * groups);
  target.fill(0, offset + 2 * gap, offset + 2 * gap + moved);
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const DECIMAL = Array.from({ length: 256 }, (_, byte) => `${byte}`);
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16));
const HEX_PADDED = HEX.map((digits) => digits.padStart(2, '0'));

function formatIPv4(bytes: Uint8Array, at: number): string {
  const decimal = (i: number): string => DECIMAL[bytes[at + i] ?? 0] ?? '';
  return `${decimal(0)}.${decimal(1)}.${decimal(2)}.${decimal(3)}`;
}

function formatIPv6(bytes: Uint8Array, offset: number): string {
  if (isMappedIPv4(bytes, offset)) return `::ffff:${formatIPv4(bytes, offset + 12)}`;
  // RFC 5952 4.2: the longest run of at least two zero groups is shortened, the first of equals.
  let best = 8;
  let bestLength = 1;
  for (let group = 0; group < 8; group++) {
    let length = 0;
    while (group + length < 8 && isZeroGroup(bytes, offset + 2 * (group + length))) length++;
    if (length > bestLength) {
      best = group;
      bestLength = length;
    }
    group += length;
  }
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === best) {
      text += '::';
      group += bestLength - 1;
      continue;
    }
    const high = bytes[offset + 2 * group] ?? 0;
    const low = bytes[offset + 2 * group + 1] ?? 0;
    if (group > 0 && group !== best + bestLength) text += ':';
    text += high === 0 ? HEX[low] : `${HEX[high]}${HEX_PADDED[low]}`;
  }
  return text;
}

function isZeroGroup(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0;
}

/** ::ffff:a.b.c.d, the form in which a dual-stack socket names an IPv4 peer (RFC 4291 2.5.5.2). */
function isMappedIPv4(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}
