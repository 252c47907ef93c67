import { showUtf8 } from '../utf8.ts';

export type ForeignProtocolName = 'http' | 'http2' | 'tls' | 'ssh' | 'rtsp' | 'sip' | 'mail-or-ftp' | 'proxy-protocol';

/** What a peer speaks that does not speak STUN. */
export interface ForeignProtocol {
  readonly name: ForeignProtocolName;
  /** Its first line, or what its first record is, in printable characters only: `HTTP/1.1 400 Bad Request`. */
  readonly says: string;
}

/** How many bytes {@link recognise} needs at the most to know the protocol (for `says` it takes what is there). */
export const RECOGNISED_WITHIN = 8;

/** The protocols that are found in the place of a STUN server, by their first bytes. Undefined: none of them. */
export function recognise(bytes: Uint8Array): ForeignProtocol | undefined {
  const tls = tlsRecord(bytes);
  if (tls !== undefined) return { name: 'tls', says: tls };
  if (isHttp2Settings(bytes)) return { name: 'http2', says: 'an HTTP/2 SETTINGS frame' };
  for (const [start, name] of BANNERS) {
    if (startsWith(bytes, start)) return { name, says: firstLine(bytes) };
  }
  return undefined;
}

/** Whether more bytes could still show one of the protocols. */
export function mayBecomeForeign(bytes: Uint8Array): boolean {
  if (bytes.length >= RECOGNISED_WITHIN) return false;
  return BANNERS.some(([start]) => startsWith(bytes, start.slice(0, bytes.length)));
}

// None is longer than RECOGNISED_WITHIN.
const BANNERS: readonly (readonly [string, ForeignProtocolName])[] = [
  ['HTTP/1.', 'http'],
  ['GET /', 'http'],
  ['HEAD /', 'http'],
  ['POST /', 'http'],
  ['CONNECT ', 'http'],
  ['OPTIONS ', 'http'],
  ['<html', 'http'],
  ['<!DOCTYP', 'http'],
  ['PRI * HT', 'http2'],
  ['SSH-', 'ssh'],
  ['RTSP/', 'rtsp'],
  ['SIP/2.0', 'sip'],
  ['220 ', 'mail-or-ftp'],
  ['220-', 'mail-or-ftp'],
  ['+OK ', 'mail-or-ftp'],
  ['* OK ', 'mail-or-ftp'],
  ['PROXY ', 'proxy-protocol'],
];

/** RFC 8446 5.1 and 6: content type 20 to 23, version 3.0 to 3.4. */
function tlsRecord(bytes: Uint8Array): string | undefined {
  const [type = 0, major = 0, minor = 0xff] = bytes;
  if (type < 20 || type > 23 || major !== 3 || minor > 4) return undefined;
  if (type === 21) {
    const alert = bytes[6];
    return alert === undefined ? 'a TLS alert' : `the TLS alert ${ALERTS.get(alert) ?? alert}`;
  }
  return type === 22 ? 'a TLS handshake' : 'a TLS record';
}

// RFC 8446 6: those that a server sends to bytes that are no ClientHello, or to one that it does not like.
const ALERTS = new Map<number, string>([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [22, 'record_overflow'],
  [40, 'handshake_failure'],
  [47, 'illegal_parameter'],
  [50, 'decode_error'],
  [70, 'protocol_version'],
  [80, 'internal_error'],
  [112, 'unrecognized_name'],
  [120, 'no_application_protocol'],
]);

/** RFC 9113 4.1 and 6.5: length below 2^16, type 4, no flags, stream 0. A first byte of zero looks like STUN. */
function isHttp2Settings(bytes: Uint8Array): boolean {
  if (bytes.length < RECOGNISED_WITHIN || bytes[0] !== 0 || bytes[3] !== 4) return false;
  const length = ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
  return length % 6 === 0 && bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Up to 80 characters; what is not printable ASCII becomes a dot, for it goes to terminals. */
function firstLine(bytes: Uint8Array): string {
  const line = showUtf8(bytes.subarray(0, 80)).split(/\r|\n/)[0] ?? '';
  return line.replace(/[^\x20-\x7e]/g, '.');
}
