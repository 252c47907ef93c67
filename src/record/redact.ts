import { familyOf } from '../core/address.ts';
import { readRestUsername } from '../core/stun/rest-credentials.ts';
import { parseServerUri } from '../core/stun/uri.ts';
import { Aliases } from './aliases.ts';
import type { RunEvent } from './events.ts';
import type { Report } from './report.ts';
import type { TargetsReport } from './targets.ts';

const NOTE =
  'Addresses, names and user names are stand-ins: equal ones mean equal values; families, kinds (private, public) and ports are real.';

/** A report to be shared: who was talking to whom cannot be read from it, what happened can. */
export function redactReport(report: Report): Report {
  const redactor = new Redactor();
  redactor.learn(report);
  return masked(report, redactor);
}

/** The same for several targets: what is equal between them stays equal. Names of targets are no addresses, and stay. */
export function redactTargets(report: TargetsReport): TargetsReport {
  const redactor = new Redactor();
  redactor.learn(report.targets);
  return { ...report, targets: report.targets.map((each) => ({ ...each, report: masked(each.report, redactor) })) };
}

function masked(report: Report, redactor: Redactor): Report {
  return { ...redactor.mask(report), notes: [...(report.notes ?? []).map((note) => redactor.text(note)), NOTE] };
}

/**
 * Masks addresses, names and user names, wherever in a value they stand: candidate lines, prose, parameters. One redactor
 * for a run, so that equal values have equal aliases. Names and user names must be learned before they are recognised.
 */
export class Redactor {
  readonly #aliases = new Aliases();
  readonly #hosts = new Set<string>();
  readonly #users = new Map<string, string>();
  #words: RegExp | undefined;

  /** For a stream: learns from the event, then masks it. */
  event(event: RunEvent): RunEvent {
    this.learn(event);
    return this.mask(event);
  }

  /** Takes in every name, user name and address of a value. */
  learn(value: unknown, key = ''): void {
    if (typeof value === 'string') this.#learnText(key, value);
    else if (Array.isArray(value)) for (const item of value) this.learn(item, key);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) this.learn(item, name);
    }
  }

  /** The same value with its strings masked. */
  mask<T>(value: T, key = ''): T {
    return this.#mask(value, key) as T;
  }

  text(text: string): string {
    return this.#replace(text, true);
  }

  #mask(value: unknown, key: string): unknown {
    if (typeof value === 'string') return this.#maskText(key, value);
    if (Array.isArray(value)) return value.map((item) => this.#mask(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#mask(item, name)]));
  }

  #maskText(key: string, text: string): string {
    switch (key) {
      case 'fingerprint256':
        // Public logs of certificates lead from a fingerprint to its names.
        return this.#aliases.word('certificate', text);
      case 'foundation':
        return this.#aliases.word('', text);
      case 'firstBytes':
        // Eight bytes tell the protocol; behind them come addresses.
        return text.slice(0, 16);
      case 'candidate':
        return this.#replace(
          text.replace(
            /^(candidate:)(\S+)/,
            (_all, head: string, foundation: string) => head + this.#aliases.word('', foundation),
          ),
          true,
        );
      default:
        return this.#replace(text, !FIXED_WORDS.has(key));
    }
  }

  #learnText(key: string, text: string): void {
    for (const address of text.matchAll(ADDRESS)) this.#aliases.reserve(trimmed(address[0]));
    if (key === 'username' || key === 'USERNAME') this.#learnUser(text);
    else if (key === 'url' || key === 'urls' || key === 'subject') this.#learnUrl(text);
    else if (key === 'proxy') this.#learnHost(/^[a-z]+:\/\/\[?([^\]/:]+)/i.exec(text)?.[1] ?? '');
    else if (HOST_KEYS.has(key)) this.#learnHost(text.replace(/^\*\./, ''));
    else if (key === 'issuer') this.#learnSubject(text);
    if (key === 'subject') this.#learnSubject(text);
  }

  #learnUrl(text: string): void {
    const uri = parseServerUri(text);
    if (uri.ok) this.#learnHost(uri.value.host);
  }

  #learnSubject(text: string): void {
    for (const name of text.matchAll(/\bCN ?= ?(?:\*\.)?([^,\n/]+)/g)) {
      if (/^[\w-]+(\.[\w-]+)+$/.test(name[1] ?? '')) this.#learnHost(name[1] ?? '');
    }
  }

  #learnHost(text: string): void {
    const host = text.toLowerCase().replace(/\.$/, '');
    if (host === '' || host === 'localhost' || familyOf(host) !== undefined || !/^[\w.-]+$/.test(host)) return;
    if (!this.#hosts.has(host)) this.#words = undefined;
    this.#hosts.add(host);
  }

  #learnUser(text: string): void {
    if (text === '' || this.#users.has(text)) return;
    const rest = readRestUsername(text);
    const user = rest?.user ?? (rest === undefined ? text : undefined);
    // The time in a REST name tells why it was refused, and nobody's name.
    if (user === undefined || user === '') return;
    const alias = this.#aliases.word('user', user);
    this.#users.set(user, alias);
    this.#users.set(text, text.replace(user, alias));
    this.#words = undefined;
  }

  #replace(text: string, withWords: boolean): string {
    const pattern = withWords ? this.#pattern() : ADDRESS;
    return text.replace(pattern, (found) => this.#alias(found));
  }

  #alias(found: string): string {
    const user = this.#users.get(found);
    if (user !== undefined) return user;
    if (this.#hosts.has(found.toLowerCase())) return this.#aliases.word('host', found.toLowerCase(), '.example');
    const address = trimmed(found);
    return this.#aliases.address(address) + found.slice(address.length);
  }

  /** Schemes are consumed, so that a host called `turn` does not eat them; then words, the longest first; then addresses. */
  #pattern(): RegExp {
    const words = [...this.#hosts, ...this.#users.keys()].toSorted((a, b) => b.length - a.length).map(escaped);
    const known = words.length === 0 ? '' : `(?<![\\w.@-])(?:${words.join('|')})(?![\\w@-]|\\.\\w)|`;
    this.#words ??= new RegExp(`(?<![\\w.:-])(?:stuns?|turns?):(?=\\S)|${known}${ADDRESS.source}`, 'gi');
    return this.#words;
  }
}

/** Fields whose words are the contract's own: a user called `udp` must not change them. */
const FIXED_WORDS: ReadonlySet<string> = new Set(
  `type kind state stage status verdict severity locus confidence id key cause transport relayProtocol protocol tcpType
   direction method class outcome change vantage command iceTransportPolicy credential schema mapping filtering source
   error code test via sender name version node platform interface`.split(/\s+/),
);

const HOST_KEYS: ReadonlySet<string> = new Set([
  'host',
  'servername',
  'subjectAltNames',
  'realm',
  'REALM',
  'address',
  'control',
]);

/** An IPv6 address with its zone, or an IPv4 address, or what may be one; `familyOf` decides. */
const ADDRESS =
  /(?<![\w:.])[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f:.]*(?:%[\w-]+)?|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\w)/gi;

/** A sentence may go on after an address: `2001:db8::1: refused`. */
function trimmed(text: string): string {
  let address = text;
  while (familyOf(address) === undefined && /[:.]$/.test(address)) address = address.slice(0, -1);
  return address;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
