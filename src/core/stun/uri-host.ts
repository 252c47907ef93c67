import { familyOf } from '../address.ts';
import { fail, ok, type Result } from '../result.ts';
import type { UriErrorCode } from './uri-error.ts';

/** A mistake in the host and port; `at` counts from the host's first character. */
export interface HostError {
  readonly code: UriErrorCode;
  readonly at: number;
  readonly message: string;
  readonly hint: string;
}

export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly bracketed: boolean;
  /** What follows the colon; undefined where there is no colon. */
  readonly portText: string | undefined;
  readonly portAt: number;
}

/** Cuts `host[:port]` apart (RFC 3986 3.2.2: an IPv6 address stands in brackets). */
export function splitHostPort(text: string, scheme: string): Result<HostPort, HostError> {
  if (text.startsWith('[')) return splitBracketed(text);
  const colon = text.indexOf(':');
  const host = colon < 0 ? text : text.slice(0, colon);
  if (colon !== text.lastIndexOf(':')) return fail(tooManyColons(text, scheme));
  if (host === '') {
    return fail({
      code: 'uri.missing-host',
      at: 0,
      message: 'the host is missing',
      hint: `write ${scheme}:HOST${text}`,
    });
  }
  return ok({ host, bracketed: false, portText: colon < 0 ? undefined : text.slice(colon + 1), portAt: colon + 1 });
}

/** What is wrong with a name that is no address literal (RFC 1123 2.1, with the underscores that DNS carries anyway). */
export function checkHostName(host: string, scheme: string): HostError | undefined {
  const foreign = host.search(/[^\x21-\x7e]/);
  if (foreign >= 0) {
    return {
      code: 'uri.not-ascii',
      at: foreign,
      message: 'a character outside ASCII in the host',
      hint: 'write an internationalised name in its xn-- form',
    };
  }
  const percent = host.indexOf('%');
  if (percent >= 0) {
    return {
      code: 'uri.percent-encoding',
      at: percent,
      message: 'percent-encoding in the host',
      hint: 'write it plainly',
    };
  }
  const bad = host.search(/[^A-Za-z0-9._-]/);
  if (bad >= 0) {
    return { code: 'uri.bad-host', at: bad, message: `"${host[bad]}" cannot stand in a host name`, hint: 'remove it' };
  }
  if (/^(?:undefined|null|nan)$/i.test(host)) {
    return {
      code: 'uri.template',
      at: 0,
      message: `the host is "${host}": a variable was empty`,
      hint: 'set the variable',
    };
  }
  if (/^[0-9]+$/.test(host)) {
    return {
      code: 'uri.missing-host',
      at: 0,
      message: `"${host}" is a port, the host is missing`,
      hint: `write ${scheme}:HOST:${host}`,
    };
  }
  // As browsers do (the URL standard's "ends in a number"): a last label of digits makes it an address, here a wrong one.
  if (/(?:^|\.)[0-9]+\.?$/.test(host)) {
    return {
      code: 'uri.bad-address',
      at: 0,
      message: `${host} is no IPv4 address`,
      hint: 'an IPv4 address is four numbers from 0 to 255 without leading zeros',
    };
  }
  return checkLabels(host);
}

function checkLabels(host: string): HostError | undefined {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  let at = 0;
  for (const label of name.split('.')) {
    if (label === '')
      return { code: 'uri.bad-host', at, message: 'an empty part between two dots', hint: 'remove a dot' };
    if (label.length > 63) {
      return {
        code: 'uri.bad-host',
        at,
        message: `a part of ${label.length} characters`,
        hint: 'a part has at most 63',
      };
    }
    if (label.startsWith('-') || label.endsWith('-')) {
      return {
        code: 'uri.bad-host',
        at,
        message: `"${label}" begins or ends with a hyphen`,
        hint: 'remove the hyphen',
      };
    }
    at += label.length + 1;
  }
  if (name.length > 253) {
    return {
      code: 'uri.bad-host',
      at: 0,
      message: `a name of ${name.length} characters`,
      hint: 'a name has at most 253',
    };
  }
  return undefined;
}

function splitBracketed(text: string): Result<HostPort, HostError> {
  const close = text.indexOf(']');
  if (close < 0) {
    return fail({
      code: 'uri.ipv6-brackets',
      at: 0,
      message: 'the closing bracket is missing',
      hint: `write [ADDRESS]:PORT`,
    });
  }
  const host = text.slice(1, close);
  const rest = text.slice(close + 1);
  if (host === '')
    return fail({ code: 'uri.missing-host', at: 1, message: 'no address in the brackets', hint: 'write one' });
  if (rest !== '' && !rest.startsWith(':')) {
    return fail({
      code: 'uri.bad-port',
      at: close + 1,
      message: `"${rest}" after the address`,
      hint: `only a colon and a port may follow the bracket: [${host}]:PORT`,
    });
  }
  return ok({ host, bracketed: true, portText: rest === '' ? undefined : rest.slice(1), portAt: close + 2 });
}

function tooManyColons(text: string, scheme: string): HostError {
  if (familyOf(text) === 6) {
    // `2001:db8::1:3478` reads as an address too, and nobody can tell which was meant.
    const cut = text.lastIndexOf(':');
    const head = text.slice(0, cut);
    const tail = text.slice(cut + 1);
    const orWithPort = familyOf(head) === 6 && /^[0-9]{3,5}$/.test(tail) ? ` (or ${scheme}:[${head}]:${tail})` : '';
    return ipv6Brackets(`write ${scheme}:[${text}]${orWithPort}`);
  }
  const full = /^(.*):([0-9]+)$/.exec(text);
  if (full?.[1] !== undefined && familyOf(full[1]) === 6) {
    return ipv6Brackets(`write ${scheme}:[${full[1]}]:${full[2]}`);
  }
  if (/^[0-9a-f:.]*$/i.test(text)) return ipv6Brackets(`write ${scheme}:[ADDRESS]:PORT`);
  const second = text.indexOf(':', text.indexOf(':') + 1);
  return {
    code: 'uri.bad-port',
    at: second,
    message: 'a second colon after the host',
    hint: `write ${scheme}:HOST:PORT`,
  };
}

function ipv6Brackets(hint: string): HostError {
  return { code: 'uri.ipv6-brackets', at: 0, message: 'an IPv6 address without brackets', hint };
}
