import { canonicalAddress, type Family, familyOf, type TransportKind } from '../address.ts';
import { fail, ok, type Result } from '../result.ts';
import { maskUserinfo, type UriError, type UriErrorCode } from './uri-error.ts';
import { checkHostName, splitHostPort } from './uri-host.ts';

export type { UriError, UriErrorCode } from './uri-error.ts';

export type ServerScheme = 'stun' | 'stuns' | 'turn' | 'turns';

/** A STUN or TURN server as RFC 7064 and RFC 7065 name it, defaults filled in. */
export interface ServerUri {
  readonly scheme: ServerScheme;
  /** A name in lower case, or an address in canonical text, IPv6 without its brackets. */
  readonly host: string;
  /** Set where the host is an address literal. */
  readonly literal?: Family;
  /** As given, or 3478 (stun, turn) or 5349 (stuns, turns). */
  readonly port: number;
  readonly explicitPort: boolean;
  /** What a client must use: `turns:` is TLS, `turn:?transport=tcp` is TCP, `turns:?transport=udp` is UDP with {@link dtls}. */
  readonly transport: TransportKind;
  /** `turns:...?transport=udp`, TURN over DTLS: allowed by RFC 7065, supported neither here nor by browsers. */
  readonly dtls?: boolean;
  /** The normal form: two URIs that mean the same server have the same text. */
  readonly text: string;
  /** As it was given. */
  readonly original: string;
}

/**
 * RFC 7064 3.1 and RFC 7065 3.1, the ABNF; what browsers refuse beyond it (userinfo, an empty port, percent-encoding) is
 * refused too. A failure names the usual mistake behind it.
 */
export function parseServerUri(text: string): Result<ServerUri, UriError> {
  const scheme = readScheme(text);
  if (!scheme.ok) return scheme;
  const start = scheme.value.length + 1;
  const mistake = findMistake(text, start);
  if (mistake !== undefined) return mistake;

  const question = text.indexOf('?', start);
  const end = question < 0 ? text.length : question;
  const place = readPlace(text, start, end, scheme.value);
  if (!place.ok) return place;
  const transport = readTransport(text, question, scheme.value);
  if (!transport.ok) return transport;

  const { host, literal, port } = place.value;
  const uri = {
    scheme: scheme.value,
    host,
    ...(literal === undefined ? {} : { literal }),
    port: port ?? defaultPort(scheme.value),
    explicitPort: port !== undefined,
    ...transport.value,
  };
  return ok({ ...uri, text: formatServerUri(uri), original: text });
}

/** The normal form: defaults (port, transport) are left out, an IPv6 address stands in brackets. */
export function formatServerUri(
  uri: Pick<ServerUri, 'scheme' | 'host' | 'port'> & Partial<Pick<ServerUri, 'transport' | 'dtls'>>,
): string {
  // RFC 6874: the zone of a link-local address is set off by an escaped percent sign.
  const host = uri.host.includes(':') ? `[${uri.host.replace('%', '%25')}]` : uri.host;
  const port = uri.port === defaultPort(uri.scheme) ? '' : `:${uri.port}`;
  const transport =
    uri.scheme === 'turn' && uri.transport === 'tcp' ? 'tcp' : uri.scheme === 'turns' && uri.dtls === true ? 'udp' : '';
  return `${uri.scheme}:${host}${port}${transport === '' ? '' : `?transport=${transport}`}`;
}

/** RFC 7064 3.2, RFC 7065 3.2. */
export function defaultPort(scheme: ServerScheme): number {
  return scheme === 'stuns' || scheme === 'turns' ? 5349 : 3478;
}

function isServerScheme(text: string): text is ServerScheme {
  return text === 'stun' || text === 'stuns' || text === 'turn' || text === 'turns';
}

function readScheme(text: string): Result<ServerScheme, UriError> {
  if (text === '') {
    return refuse(text, 'uri.empty', 0, 'the URL is empty', 'write stun:HOST or turn:HOST; is a variable unset?');
  }
  const space = text.search(/\s/);
  if (space === 0) {
    return refuse(text, 'uri.white-space', 0, 'white space before the URL', 'remove it');
  }
  if (/^["'`]/.test(text)) {
    return refuse(text, 'uri.quotes', 0, 'the URL stands in quotation marks', 'remove them');
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && isServerScheme(scheme)) return ok(scheme);
  if (/^(?:\$|\{|<|%)/.test(text)) {
    return refuse(text, 'uri.template', 0, 'a placeholder that nobody filled in', 'put the value in its place');
  }
  // `example.org:3478` has the form of a scheme too, so has `localhost:3478`.
  const rest = scheme === undefined ? '' : text.slice(scheme.length + 1);
  if (scheme === undefined || scheme.includes('.') || /^[0-9]+(?:[/?#]|$)/.test(rest)) {
    const example = isPlainHostPort(text) ? text : 'HOST';
    return refuse(
      text,
      'uri.missing-scheme',
      0,
      'the scheme is missing',
      `write stun:${example}, turn:${example}, or turns:${example} (over TLS)`,
    );
  }
  return refuse(text, 'uri.unknown-scheme', 0, `the scheme "${scheme}" names no STUN or TURN server`, hintFor(scheme));
}

function hintFor(scheme: string): string {
  if (/^(?:https?|wss?|ftp)$/.test(scheme)) {
    return 'a STUN or TURN server is reached by stun:HOST, turn:HOST or turns:HOST; a web address is none (--from takes one)';
  }
  const close = (['stuns', 'turns', 'stun', 'turn'] as const).find((known) => isTypoOf(scheme, known));
  return close === undefined ? 'use stun:, stuns:, turn: or turns:' : `did you mean ${close}:?`;
}

/** One letter too many, too few, wrong, or two swapped. */
function isTypoOf(text: string, word: string): boolean {
  let head = 0;
  while (head < text.length && head < word.length && text[head] === word[head]) head++;
  const [a, b] = [text.slice(head), word.slice(head)];
  return (
    a.slice(1) === b.slice(1) ||
    a.slice(1) === b ||
    a === b.slice(1) ||
    (a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2))
  );
}

function isPlainHostPort(text: string): boolean {
  return /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i.test(text);
}

/** What no part of the URI may contain, in the order in which it misleads. */
function findMistake(text: string, start: number) {
  const rest = text.slice(start);
  const scheme = text.slice(0, start);
  if (rest.startsWith('//')) {
    const host = /^[^@]*$/.test(rest) ? rest.slice(2).replace(/\/+$/, '') : 'HOST';
    return refuse(
      text,
      'uri.slashes',
      start,
      `"//" after "${scheme}"`,
      `write ${scheme}${host === '' ? 'HOST' : host}`,
    );
  }
  if (rest.includes('@')) {
    const host = rest.slice(rest.lastIndexOf('@') + 1);
    return refuse(
      text,
      'uri.userinfo',
      start,
      'a user name or password in the URL',
      `write ${scheme}${host === '' ? 'HOST' : host} and give them apart (--username, --credential; username and credential in JSON)`,
    );
  }
  const template =
    /\$\{[^}]*\}?|\$[A-Za-z_][A-Za-z0-9_]*|\{\{?[^}]*\}?\}?|<[^>]*>?|%[sdvj](?![0-9a-f]|[^\]]*\])|%[A-Z_]{3,}%/i.exec(
      rest,
    );
  if (template !== null) {
    return refuse(
      text,
      'uri.template',
      start + template.index,
      `the placeholder ${template[0]} was not filled in`,
      'put the value in its place',
    );
  }
  const space = rest.search(/\s/);
  if (space >= 0) return refuse(text, 'uri.white-space', start + space, 'white space in the URL', 'remove it');
  const quote = rest.search(/["'`]/);
  if (quote >= 0) return refuse(text, 'uri.quotes', start + quote, 'a quotation mark in the URL', 'remove it');
  const comma = rest.search(/[,;|]/);
  if (comma >= 0) {
    return refuse(text, 'uri.several', start + comma, 'more than one URL in one text', 'give each URL by itself');
  }
  const hash = rest.indexOf('#');
  if (hash >= 0) return refuse(text, 'uri.fragment', start + hash, 'a "#" part', 'remove it');
  const path = rest.replace(/\?.*$/, '').search(/[/\\]/);
  if (path >= 0) {
    return refuse(
      text,
      'uri.path',
      start + path,
      'a path',
      `end the URL with the host or the port: ${scheme}${rest.slice(0, path)}`,
    );
  }
  return undefined;
}

interface Place {
  readonly host: string;
  readonly literal: Family | undefined;
  readonly port: number | undefined;
}

function readPlace(text: string, start: number, end: number, scheme: ServerScheme): Result<Place, UriError> {
  const parts = splitHostPort(text.slice(start, end), scheme);
  if (!parts.ok) {
    const { code, at, message, hint } = parts.error;
    return refuse(text, code, start + at, message, hint);
  }
  const { host, bracketed, portText, portAt } = parts.value;
  const port = readPort(text, portText, start + portAt);
  if (!port.ok) return port;
  if (bracketed) {
    const address = canonicalAddress(host.replace('%25', '%'));
    if (address === undefined || familyOf(address) !== 6) {
      return refuse(
        text,
        'uri.bad-address',
        start + 1,
        `[${host}] is no IPv6 address`,
        'brackets are for IPv6 addresses',
      );
    }
    return ok({ host: address, literal: 6, port: port.value });
  }
  const family = familyOf(host);
  if (family === undefined) {
    const trouble = checkHostName(host, scheme);
    if (trouble !== undefined) return refuse(text, trouble.code, start + trouble.at, trouble.message, trouble.hint);
  }
  return ok({ host: host.toLowerCase(), literal: family, port: port.value });
}

function readPort(text: string, port: string | undefined, at: number): Result<number | undefined, UriError> {
  if (port === undefined) return ok(undefined);
  if (port === '') {
    return refuse(text, 'uri.missing-port', at - 1, 'a colon without a port', 'write the port, or leave the colon out');
  }
  if (!/^[0-9]+$/.test(port)) {
    return refuse(text, 'uri.bad-port', at, `the port "${port}" is no number`, 'a port is a number from 1 to 65535');
  }
  const value = Number(port);
  if (value < 1 || value > 65_535) {
    return refuse(text, 'uri.port-range', at, `there is no port ${port}`, 'a port is a number from 1 to 65535');
  }
  return ok(value);
}

/** RFC 7065 3.1: `?transport=` is TURN's alone; RFC 7064 has no query at all. */
function readTransport(
  text: string,
  question: number,
  scheme: ServerScheme,
): Result<{ readonly transport: TransportKind; readonly dtls: boolean }, UriError> {
  const secure = scheme === 'stuns' || scheme === 'turns';
  const standard = { transport: secure ? 'tls' : 'udp', dtls: false } as const;
  if (question < 0) return ok(standard);
  const query = text.slice(question + 1);
  const without = text.slice(0, question);
  const equals = query.indexOf('=');
  const key = equals < 0 ? query : query.slice(0, equals);
  if (scheme === 'stun' || scheme === 'stuns') {
    return refuse(
      text,
      key.toLowerCase() === 'transport' ? 'uri.transport-on-stun' : 'uri.unknown-parameter',
      question,
      `a ${scheme}: URL has no "?" part`,
      `write ${without}${scheme === 'stun' ? '; only turn: and turns: take ?transport=' : ''}`,
    );
  }
  if (key.toLowerCase() !== 'transport') {
    return refuse(
      text,
      'uri.unknown-parameter',
      question + 1,
      `the only parameter of a ${scheme}: URL is transport`,
      `write ${without} or ${without}?transport=tcp`,
    );
  }
  // ABNF strings are case-insensitive (RFC 5234 2.3).
  const value = equals < 0 ? '' : query.slice(equals + 1).toLowerCase();
  const column = question + 1 + Math.min(query.length, key.length + 1);
  if (value === 'udp') return ok({ transport: 'udp', dtls: secure });
  if (value === 'tcp') return ok({ transport: secure ? 'tls' : 'tcp', dtls: false });
  if (value === 'tls') {
    const place = without.slice(scheme.length + 1);
    return refuse(
      text,
      'uri.transport-tls',
      column,
      'transport=tls does not exist',
      `TLS is a scheme: write turns:${place}`,
    );
  }
  return refuse(
    text,
    'uri.unknown-transport',
    column,
    value === '' ? 'transport= without a value' : `the transport "${value}" does not exist`,
    `write ?transport=udp or ?transport=tcp, or leave it out (${scheme === 'turn' ? 'UDP' : 'TLS over TCP'})`,
  );
}

function refuse(text: string, code: UriErrorCode, at: number, message: string, hint: string) {
  return fail<UriError>({ code, column: at + 1, message, hint, shown: maskUserinfo(text) });
}
