import { fail, ok, type Result } from '../result.ts';
import { Secret } from '../secret.ts';
import type { ConfigurationDocument, DocumentServer, DocumentUrl } from './configuration.ts';
import type { ConfigurationError, Place } from './place.ts';
import { readRtcConfiguration } from './rtc-configuration.ts';

interface Variable extends Place {
  readonly name: string;
  readonly value: string;
}

/** Of a line without white space around it. */
const ASSIGNMENT = /^(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/;

/** Assignments to names in capitals, comments, and nothing else. */
export function looksLikeEnvironment(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:#.*)?$/.test(line));
  return lines.length > 0 && lines.every((line) => ASSIGNMENT.test(line.trim()));
}

/**
 * Reads a file of environment variables (`.env`): `ICE_SERVERS` and the like as JSON, or `TURN_URL` with `TURN_USERNAME` and
 * `TURN_CREDENTIAL` (or `_PASSWORD`, `_SECRET`), by what their names have in common.
 */
export function readEnvironment(text: string): Result<ConfigurationDocument, ConfigurationError> {
  const variables = text.split(/\r?\n/).flatMap(readLine);
  for (const variable of variables) {
    if (!/^[[{].*urls?\b/s.test(variable.value)) continue;
    const read = readRtcConfiguration(variable.value);
    return read.ok ? ok(relocated(read.value, variable)) : fail({ ...read.error, ...placeOf(variable) });
  }
  const empty = variables.find(({ name, value }) => value === '' && URL_NAME.test(name) && ICE_NAME.test(name));
  if (empty !== undefined) {
    return refuse(empty, `${empty.name} is empty`, 'set it to the URL of the server');
  }
  const servers = variables.flatMap((variable) => serverOf(variable, variables) ?? []);
  if (servers.length === 0) {
    const place = { line: 1, column: 1 };
    return refuse(place, 'no variable holds a stun: or turn: URL, nor iceServers as JSON', 'name the servers');
  }
  return ok({ servers, policy: undefined, remarks: [] });
}

const URL_NAME = /(?:^|_)(?:URLS?|URIS?|SERVERS?|HOST|DOMAIN)$/;
const ICE_NAME = /ICE|TURN|STUN/;

function readLine(line: string, index: number): Variable[] {
  const [, name, raw = ''] = ASSIGNMENT.exec(line.trim()) ?? [];
  if (name === undefined) return [];
  const equals = line.indexOf('=') + 1;
  const column = line.length - line.slice(equals).trimStart().length + 1;
  return [{ name, value: unquote(raw), line: index + 1, column }];
}

/** As shells and dotenv have it: a comment ends a value that is not quoted. */
function unquote(raw: string): string {
  const quoted = /^(["'`])(.*)\1\s*(?:#.*)?$/s.exec(raw);
  if (quoted === null) return raw.replace(/(?:^|\s)#.*$/, '').trim();
  const body = quoted[2] ?? '';
  return quoted[1] === '"' ? body.replace(/\\(["\\$`])/g, '$1') : body;
}

function serverOf(variable: Variable, all: readonly Variable[]): DocumentServer | undefined {
  const urls = urlsOf(variable, all);
  if (urls.length === 0) return undefined;
  const stem = variable.name.replace(URL_NAME, '');
  const find = (suffixes: RegExp): string | undefined =>
    all.find(({ name, value }) => value !== '' && name.startsWith(stem) && suffixes.test(name.slice(stem.length)))
      ?.value;
  const username = find(/^_?(?:USERNAME|USER|USER_NAME|LOGIN)$/);
  const credential = find(/^_?(?:CREDENTIAL|CREDENTIALS|PASSWORD|PASS|PASSWD|PWD)$/);
  const secret = find(/^_?(?:SECRET|SHARED_SECRET|AUTH_SECRET|STATIC_AUTH_SECRET)$/);
  return {
    ...placeOf(variable),
    urls,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential: new Secret(credential) }),
    ...(secret === undefined ? {} : { secret: new Secret(secret) }),
  };
}

/** URLs as they are, or one made of a host and a port beside it. */
function urlsOf(variable: Variable, all: readonly Variable[]): DocumentUrl[] {
  const { name, value } = variable;
  const place = placeOf(variable);
  if (/^(?:stuns?|turns?):/i.test(value)) {
    return value.split(/[\s,;]+/).flatMap((text) => (text === '' ? [] : [{ text, ...place }]));
  }
  if (!URL_NAME.test(name) || !/TURN|STUN/.test(name) || !/^[\w.-]+(?::\d+)?$/.test(value)) return [];
  const stem = name.replace(URL_NAME, '');
  const port = all.find((other) => other.name === `${stem}_PORT`)?.value;
  const scheme = /STUN/.test(name) ? 'stun' : 'turn';
  return [{ text: `${scheme}:${value}${port === undefined || value.includes(':') ? '' : `:${port}`}`, ...place }];
}

/** Inside a value the places are those of the variable: columns within JSON within a line help nobody. */
function relocated(read: ConfigurationDocument, variable: Variable): ConfigurationDocument {
  const place = placeOf(variable);
  return {
    ...read,
    servers: read.servers.map((server) => ({
      ...server,
      ...place,
      urls: server.urls.map((url) => ({ ...url, ...place })),
    })),
    remarks: read.remarks.map((remark) => ({ ...remark, ...place })),
  };
}

function placeOf({ line, column }: Place): Place {
  return { line, column };
}

function refuse({ line, column }: Place, message: string, hint: string) {
  return fail<ConfigurationError>({ code: 'configuration.no-servers', message, hint, line, column });
}
