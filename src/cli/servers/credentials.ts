import { optional } from '../../core/optional.ts';
import { Secret } from '../../core/secret.ts';
import { mintRestCredentials } from '../../core/stun/rest-credentials.ts';
import { nodeHashes } from '../../net/hashes.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import type { ValuesOf } from '../options/option.ts';
import type { serverOptions } from '../options/server.ts';
import { promptSecret } from '../prompt.ts';
import type { ConfiguredServer } from './configuration.ts';

type ServerValues = ValuesOf<typeof serverOptions>;

/** What flags and environment say about credentials, apart from any document. */
export interface GivenCredentials {
  readonly flags: Credentials;
  readonly environment: Credentials;
}

interface Credentials {
  readonly username?: string;
  readonly credential?: Secret;
  /** Where both are minted from a secret: new ones, for whoever goes on for longer than they last. */
  readonly renew?: () => Login;
}

export interface Login {
  readonly username: string;
  readonly credential: Secret;
}

/** Longer than any run that does not renew them. */
const REST_LIFETIME_SECONDS = 3600;

/** Reads files, asks at the prompt, mints. Throws `UsageError`. */
export async function readCredentials(values: ServerValues, context: Context): Promise<GivenCredentials> {
  const { env } = context;
  if (values.credential !== undefined && values.credential !== '-') await hintAtExposure('-p', context);
  if (values.secret !== undefined) await hintAtExposure('--secret', context);
  const flagged = await readFlags(values, context);
  const secret = values.secret ?? nonEmpty(env['ICEPROBE_SECRET']);
  const username = nonEmpty(env['ICEPROBE_USERNAME']);
  const credential = nonEmpty(env['ICEPROBE_CREDENTIAL']);
  if (flagged.credential !== undefined || secret === undefined) {
    return { flags: flagged, environment: { ...optional('username', username), ...secretOf(credential) } };
  }
  if (values.secret === undefined && credential !== undefined) {
    throw new UsageError('ICEPROBE_SECRET and ICEPROBE_CREDENTIAL are both set', 'unset the one that is not meant');
  }
  const user = flagged.username ?? username;
  const minted = renewable(new Secret(secret), user);
  return values.secret === undefined ? { flags: {}, environment: minted } : { flags: minted, environment: {} };
}

const PRIVATE_WAYS = { '-p': '"-p -"', '--secret': 'ICEPROBE_SECRET', '--ice-servers': '--config FILE' } as const;

/** A credential among the arguments is taken, with a word on who else can read it there. */
export async function hintAtExposure(option: keyof typeof PRIVATE_WAYS, { stderr }: Context): Promise<void> {
  const instead = PRIVATE_WAYS[option];
  await stderr.write(`hint: others on this machine can read what follows ${option}; ${instead} keeps it private\n`);
}

/**
 * Gives each server its credentials: flags go before what a document says, and that before the environment, which fills
 * only servers that carry no credential of their own.
 */
export function fillIn(servers: readonly ConfiguredServer[], given: GivenCredentials): ConfiguredServer[] {
  return servers.map((server) => {
    if (!server.urls.some(({ text }) => /^turns?:/i.test(text))) return server;
    const own = server.credential === undefined ? given.environment : {};
    const username = given.flags.username ?? server.username ?? own.username;
    const origin = [given.flags, server, own].find(({ credential }) => credential !== undefined);
    return {
      urls: server.urls,
      ...optional('username', username),
      ...optional('credential', origin?.credential),
      ...optional('renew', origin?.username === username ? origin?.renew : undefined),
    };
  });
}

async function readFlags(values: ServerValues, context: Context): Promise<Credentials> {
  const { username, credential, 'credential-file': file } = values;
  return { ...optional('username', username), ...(await readPassword(credential, file, username, context)) };
}

async function readPassword(
  credential: string | undefined,
  file: string | undefined,
  username: string | undefined,
  context: Context,
): Promise<Credentials> {
  if (file !== undefined) {
    const line = (await readTextFile(file, '--credential-file')).split(/\r?\n/)[0] ?? '';
    if (line === '')
      throw new UsageError(`--credential-file ${file}: its first line is empty`, 'put the password there');
    return { credential: new Secret(line) };
  }
  if (credential !== '-') return secretOf(credential);
  const typed = await promptSecret(`Password${username === undefined ? '' : ` for ${username}`}: `, context);
  if (typed.isEmpty) throw new UsageError('--credential -: the password is empty', 'type it, or pipe it in');
  return { credential: typed };
}

/** A REST credential for as long as a run may last. */
export function mint(secret: Secret, user: string | undefined): Login {
  const expiresAt = Math.floor(Date.now() / 1000) + REST_LIFETIME_SECONDS;
  const minted = mintRestCredentials({ secret, expiresAt, ...optional('user', user) }, nodeHashes);
  return { username: minted.username, credential: minted.password };
}

/** The same, with the way to a later one. */
export function renewable(secret: Secret, user: string | undefined): Required<Credentials> {
  return { ...mint(secret, user), renew: () => mint(secret, user) };
}

function secretOf(text: string | undefined): Credentials {
  return text === undefined ? {} : { credential: new Secret(text) };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
