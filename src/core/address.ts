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
  if (parseIPv4(text) !== undefined) return 4;
  if (parseIPv6(text) !== undefined) return 6;
  return undefined;
}

/** The bytes of an address literal in network order: 4 or 16 of them; undefined where the text is no address. */
export function addressToBytes(text: string): Uint8Array | undefined {
  return parseIPv4(text) ?? parseIPv6(text);
}

/** Canonical text of 4 or 16 bytes (RFC 5952 for IPv6). */
export function bytesToAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return formatIPv6(bytes);
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
  const mapped = mappedIPv4(bytes);
  if (mapped !== undefined) return kindOfIPv4(mapped);
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

/** ::ffff:a.b.c.d, the form in which a dual-stack socket names an IPv4 peer (RFC 4291 2.5.5.2). */
function mappedIPv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[10] !== 0xff || bytes[11] !== 0xff) return undefined;
  return bytes.subarray(0, 10).every((byte) => byte === 0) ? bytes.subarray(12, 16) : undefined;
}

function parseIPv4(text: string): Uint8Array | undefined {
  if (text.length > 15) return undefined;
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? '';
    // A leading zero is octal to some resolvers and decimal to others: refuse it.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function parseIPv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  if (zone === text.length - 1 && zone >= 0) return undefined;
  let body = zone < 0 ? text : text.slice(0, zone);
  if (body.length > 45 || !body.includes(':')) return undefined;
  // A dotted quad may stand for the last two groups (RFC 4291 2.2).
  const lastColon = body.lastIndexOf(':');
  const tail = body.slice(lastColon + 1);
  if (tail.includes('.')) {
    const quad = parseIPv4(tail);
    if (quad === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = quad;
    body = `${body.slice(0, lastColon + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const halves = body.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const rest = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  if (head === undefined || rest === undefined) return undefined;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  const groups = [...head, ...new Array<number>(missing).fill(0), ...rest];
  for (let i = 0; i < 8; i++) {
    const group = groups[i] ?? 0;
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  }
  return bytes;
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

function formatIPv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0));
  const mapped = mappedIPv4(bytes);
  if (mapped !== undefined) return `::ffff:${bytesToAddress(mapped)}`;
  // RFC 5952 4.2: the longest run of at least two zero groups is shortened, the first of equals.
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    i += Math.max(0, length - 1);
  }
  const hex = groups.map((group) => group.toString(16));
  if (best < 0) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}
