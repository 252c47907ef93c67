import { fail, ok, type Result } from '../result.ts';
import { Secret } from '../secret.ts';
import type {
  ConfigurationDocument,
  ConfigurationRemark,
  ConfigurationRemarkCode,
  DocumentServer,
  DocumentUrl,
} from './configuration.ts';
import { type Entry, type Literal, parseLiteral } from './literal.ts';
import { type ConfigurationError, type ConfigurationErrorCode, placeAt } from './place.ts';

/**
 * Reads an RTCConfiguration, its `iceServers`, one server, or the answer of a provider that has such a thing somewhere
 * inside; as JSON or as JavaScript source.
 */
export function readRtcConfiguration(text: string): Result<ConfigurationDocument, ConfigurationError> {
  const literal = parseLiteral(text);
  if (!literal.ok) return literal;
  return new ConfigurationReader(text).read(literal.value);
}

type Outcome<T> = Result<T, ConfigurationError>;

type ObjectLiteral = Extract<Literal, { kind: 'object' }>;

const SERVER_LIST_KEYS = ['iceServers', 'ice_servers', 'iceservers', 'ICEServers', 'IceServers', 'servers'];
const URL_KEYS = ['urls', 'url', 'uris', 'uri'];
const CREDENTIAL_KEYS = ['credential', 'password'];
const POLICY_KEYS = ['iceTransportPolicy', 'iceTransports', 'ice_transport_policy'];
const SERVER_KEYS = [...URL_KEYS, ...CREDENTIAL_KEYS, 'username', 'credentialType', 'ttl', 'hostname'];

/** How deep in an answer the configuration may lie: `{"v": {"iceServers": ...}}`. */
const MAX_NESTING = 4;

class ConfigurationReader {
  readonly #text: string;
  readonly #remarks: ConfigurationRemark[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(literal: Literal): Outcome<ConfigurationDocument> {
    const found = findConfiguration(literal, 0);
    if (found === undefined) {
      return this.#fail(
        'configuration.not-a-configuration',
        literal.at,
        'no iceServers, and no urls, in it',
        'give an RTCConfiguration, like {"iceServers": [{"urls": "stun:HOST"}]}',
      );
    }
    const policy = this.#readPolicy(found.owner);
    if (!policy.ok) return policy;
    const servers = this.#readServers(found.servers);
    if (!servers.ok) return servers;
    return ok({ servers: servers.value, policy: policy.value, remarks: this.#remarks });
  }

  #readPolicy(owner: ObjectLiteral | undefined): Outcome<'all' | 'relay' | undefined> {
    const entry = owner === undefined ? undefined : this.#find(owner, POLICY_KEYS);
    if (entry === undefined || entry.value.kind === 'null') return ok(undefined);
    const { value } = entry;
    if (value.kind === 'string' && (value.value === 'all' || value.value === 'relay')) return ok(value.value);
    return this.#fail(
      'configuration.unknown-policy',
      value.at,
      `${entry.key} is neither "all" nor "relay"`,
      'browsers know these two alone',
    );
  }

  #readServers(literal: Literal): Outcome<DocumentServer[]> {
    // Cloudflare's answer, and some people, give one server where a list belongs.
    const items = literal.kind === 'array' ? literal.items : [literal];
    if (items.length === 0) {
      return this.#fail('configuration.no-servers', literal.at, 'the list of servers is empty', 'put a server into it');
    }
    const servers: DocumentServer[] = [];
    for (const item of items) {
      const server = this.#readServer(item);
      if (!server.ok) return server;
      servers.push(server.value);
    }
    return ok(servers);
  }

  #readServer(literal: Literal): Outcome<DocumentServer> {
    if (literal.kind === 'string') {
      this.#remark('bare-url', literal.at, 'a URL where a server belongs', 'browsers want {"urls": "..."}');
      return ok({ ...this.#place(literal.at), urls: [{ text: literal.value, ...this.#place(literal.at) }] });
    }
    if (literal.kind !== 'object') {
      return this.#wrongType(
        literal.at,
        `a server is an object, this is ${describe(literal)}`,
        'write {"urls": "stun:HOST"}',
      );
    }
    this.#remarkKeys(literal);
    const urls = this.#readUrls(literal);
    if (!urls.ok) return urls;
    const username = this.#readText(literal, ['username', 'user', 'userName']);
    if (!username.ok) return username;
    const credential = this.#readText(literal, CREDENTIAL_KEYS);
    if (!credential.ok) return credential;
    return ok({
      ...this.#place(literal.at),
      urls: urls.value,
      ...(username.value === undefined ? {} : { username: username.value }),
      ...(credential.value === undefined ? {} : { credential: new Secret(credential.value) }),
    });
  }

  #readUrls(server: ObjectLiteral): Outcome<DocumentUrl[]> {
    const entry = this.#find(server, URL_KEYS);
    if (entry === undefined) {
      return this.#wrongType(server.at, 'a server without urls', 'add "urls": "stun:HOST" or "turn:HOST"');
    }
    if (entry.key !== 'urls') {
      const hint =
        entry.key === 'url' ? 'Firefox still takes it, Chromium and Safari do not; write "urls"' : 'write "urls"';
      this.#remark('url-for-urls', entry.at, `"${entry.key}" instead of "urls"`, hint);
    }
    const items = entry.value.kind === 'array' ? entry.value.items : [entry.value];
    if (items.length === 0) return this.#wrongType(entry.value.at, 'urls is an empty list', 'put a URL into it');
    const urls: DocumentUrl[] = [];
    for (const item of items) {
      if (item.kind !== 'string') {
        return this.#wrongType(item.at, `a URL is a string, this is ${describe(item)}`, 'write "stun:HOST"');
      }
      urls.push({ text: item.value, ...this.#place(item.at) });
    }
    return ok(urls);
  }

  #readText(server: ObjectLiteral, keys: readonly string[]): Outcome<string | undefined> {
    const entry = this.#find(server, keys);
    if (entry === undefined || entry.value.kind === 'null') return ok(undefined);
    const { value } = entry;
    if (entry.key === 'password') {
      this.#remark(
        'password-for-credential',
        entry.at,
        '"password" instead of "credential"',
        'browsers read "credential" alone',
      );
    }
    if (value.kind === 'string') return ok(value.value);
    if (value.kind === 'number') {
      this.#remark('not-a-string', value.at, `${entry.key} is a number`, 'put it in quotes: digits may get lost');
      return ok(String(value.value));
    }
    const hint =
      value.kind === 'object' ? 'OAuth (RFC 7635) is supported neither here nor by browsers' : 'put it in quotes';
    return this.#wrongType(value.at, `${entry.key} is a string, this is ${describe(value)}`, hint);
  }

  /** The entry of the first of these keys that is there. Of one key given twice the last counts, as in JavaScript. */
  #find(object: ObjectLiteral, keys: readonly string[]): Entry | undefined {
    for (const key of keys) {
      const entry = object.entries.findLast((candidate) => candidate.key === key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #remarkKeys(server: ObjectLiteral): void {
    const seen = new Set<string>();
    for (const { key, at } of server.entries) {
      if (seen.has(key)) {
        this.#remark(
          'duplicate-key',
          at,
          `"${key}" twice in one server`,
          'only the last counts; put all URLs into one list',
        );
      } else if (!SERVER_KEYS.includes(key)) {
        const meant = MISSPELT.find(([pattern]) => pattern.test(key))?.[1];
        const hint = meant === undefined ? 'browsers ignore it' : `did you mean "${meant}"?`;
        this.#remark('unknown-key', at, `"${key}" means nothing in a server`, hint);
      }
      seen.add(key);
    }
  }

  #remark(code: ConfigurationRemarkCode, at: number, message: string, hint: string): void {
    this.#remarks.push({ code, message, hint, ...this.#place(at) });
  }

  #wrongType(at: number, message: string, hint: string) {
    return this.#fail('configuration.wrong-type', at, message, hint);
  }

  #fail(code: ConfigurationErrorCode, at: number, message: string, hint: string) {
    return fail<ConfigurationError>({ code, message, hint, ...this.#place(at) });
  }

  #place(at: number) {
    return placeAt(this.#text, at);
  }
}

const MISSPELT: readonly (readonly [RegExp, string])[] = [
  [/^u.?r.?[il].?s?$/i, 'urls'],
  [/^(?:user.?n?ame|usr.*|login|user)$/i, 'username'],
  [/^(?:cred.*|pass.*|pw|secret)$/i, 'credential'],
];

interface Found {
  readonly servers: Literal;
  readonly owner: ObjectLiteral | undefined;
}

/** The list of servers, or what stands for one, breadth first. */
function findConfiguration(literal: Literal, depth: number): Found | undefined {
  if (literal.kind === 'string')
    return /^(?:stuns?|turns?):/i.test(literal.value) ? { servers: literal, owner: undefined } : undefined;
  if (literal.kind === 'array') return { servers: literal, owner: undefined };
  if (literal.kind !== 'object') return undefined;
  for (const key of SERVER_LIST_KEYS) {
    const entry = literal.entries.findLast((candidate) => candidate.key === key);
    if (entry !== undefined) return { servers: entry.value, owner: literal };
  }
  if (literal.entries.some(({ key }) => URL_KEYS.includes(key))) return { servers: literal, owner: undefined };
  if (depth >= MAX_NESTING) return undefined;
  for (const { value } of literal.entries) {
    const found = value.kind === 'object' ? findConfiguration(value, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function describe(literal: Literal): string {
  switch (literal.kind) {
    case 'object':
      return 'an object';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
  }
}
