import { familyOf } from '../address.ts';
import { parseServerUri, type ServerUri } from '../stun/uri.ts';

/** One entry of `iceServers` as far as its form counts. */
export interface CorrectableServer {
  readonly urls: readonly string[];
  readonly username?: string;
}

export interface Correction<Server> {
  /** Those that are left, with the URLs that are left. Empty ones are gone. */
  readonly servers: readonly Server[];
  /** What was done, for a person. */
  readonly changes: readonly string[];
}

/**
 * Mends what can be mended without guessing (a slash, a quote, `?transport=` where it does not belong), and leaves out what
 * serves nobody: duplicates, hosts that are gone, URLs that nobody could mean. `reasonToDrop` says of a host why it serves
 * no more.
 */
export function correctServers<Server extends CorrectableServer>(
  servers: readonly Server[],
  reasonToDrop: (host: string) => string | undefined,
): Correction<Server> {
  const changes: string[] = [];
  const seen = new Set<string>();
  const corrected = servers.map((server) => {
    const urls = server.urls.flatMap((url) => correctUrl(url).flatMap((each) => keep(each, url, server, seen)));
    return { ...server, urls };
  });
  return { servers: corrected.filter(({ urls }) => urls.length > 0), changes };

  function keep(text: string, original: string, server: Server, known: Set<string>): string[] {
    const parsed = parseServerUri(text);
    if (!parsed.ok) {
      changes.push(
        `left out ${parsed.error.shown === '' ? 'an empty URL' : parsed.error.shown}: ${parsed.error.message}`,
      );
      return [];
    }
    const uri = parsed.value;
    const dead = reasonToDrop(uri.host);
    if (dead !== undefined) {
      changes.push(`left out ${text}: ${dead}`);
      return [];
    }
    // RFC 7065 allows TURN over DTLS, and nobody speaks it.
    const usable = uri.dtls === true ? text.replace(/\?.*$/, '') : text;
    const key = `${identity(usable, uri)} ${server.username ?? ''}`;
    if (known.has(key)) {
      changes.push(`left out ${usable}: it is there already`);
      return [];
    }
    known.add(key);
    if (usable !== original) changes.push(`${shown(original)} is now ${usable}`);
    return [usable];
  }
}

function identity(text: string, uri: ServerUri): string {
  const parsed = parseServerUri(text);
  return parsed.ok ? parsed.value.text : uri.text;
}

function shown(text: string): string {
  const parsed = parseServerUri(text);
  return parsed.ok ? text : parsed.error.shown;
}

/** Enough for all mistakes in one URL. */
const MOST_STEPS = 8;

/** The URL, or the URLs where it was several; as it is where only its author knows what was meant. */
export function correctUrl(text: string): string[] {
  let current = text;
  for (let step = 0; step < MOST_STEPS; step++) {
    const parsed = parseServerUri(current);
    if (parsed.ok) return [current];
    if (parsed.error.code === 'uri.several') {
      return current.split(/[,;|]/).flatMap((part) => (part.trim() === '' ? [] : correctUrl(part)));
    }
    const next = mend(current, parsed.error.code);
    if (next === undefined || next === current) return [text];
    current = next;
  }
  return [text];
}

function mend(text: string, code: string): string | undefined {
  switch (code) {
    case 'uri.white-space': {
      const trimmed = text.trim();
      // White space inside may stand between two URLs.
      return /\s(?:stuns?|turns?):/i.test(trimmed) ? trimmed.replace(/\s+/g, ',') : trimmed.replace(/\s+/g, '');
    }
    case 'uri.quotes':
      return text.replace(/["'`]/g, '');
    case 'uri.slashes':
      return text.replace('//', '').replace(/\/+$/, '');
    case 'uri.userinfo':
      return text.replace(/^([a-z]+:(?:\/\/)?).*@/i, '$1');
    case 'uri.transport-on-stun':
    case 'uri.unknown-parameter':
      return text.replace(/\?.*$/, '');
    case 'uri.transport-tls':
      return text.replace(/^turns?:/i, 'turns:').replace(/\?.*$/, '');
    case 'uri.fragment':
      return text.replace(/#.*$/, '');
    case 'uri.path':
      return text.replace(/[/\\][^?]*/, '');
    case 'uri.missing-port':
      return text.replace(/:(?=\?|$)/, '');
    case 'uri.ipv6-brackets': {
      const [, scheme = '', host = '', query = ''] = /^([a-z]+:)([^?]*)(.*)$/i.exec(text) ?? [];
      return familyOf(host) === 6 ? `${scheme}[${host}]${query}` : undefined;
    }
    default:
      return undefined;
  }
}
