import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { networkOptions } from '../options/network.ts';
import type { ValuesOf } from '../options/option.ts';
import type { serverOptions } from '../options/server.ts';
import type { Configuration } from './configuration.ts';
import { fillIn, hintAtExposure, readCredentials } from './credentials.ts';
import { readSources } from './sources.ts';
import { isTurn } from './validate.ts';

type Values = ValuesOf<typeof serverOptions> & Pick<ValuesOf<typeof networkOptions>, 'policy'>;

/**
 * The servers that were asked for, from all that names them: flag > document > environment > default. Undefined where none
 * was named at all, and what that means is the command's business. Throws `UsageError`.
 */
export async function configure(
  urls: readonly string[],
  values: Values,
  context: Context,
): Promise<Configuration | undefined> {
  refuseContradictions(urls, values);
  if (urls.some((url) => url.trim() === '')) {
    throw new UsageError('a URL is empty', 'if a variable stands there, it is unset or empty');
  }
  const documents = DOCUMENTS.filter((name) => values[name] !== undefined);
  if (urls.length === 0 && documents.length === 0) {
    const stray = CREDENTIALS.find((name) => values[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} without a server to use it at`, 'add the URL: turn:HOST');
    return undefined;
  }
  const sources = await readSources(urls, values, context);
  const stray = CREDENTIALS.find((name) => values[name] !== undefined);
  if (stray !== undefined && !sources.servers.some((server) => server.urls.some(({ text }) => mayBeTurn(text)))) {
    throw new UsageError(
      `--${stray} is for TURN, and there is no turn: or turns: URL`,
      'STUN needs no credentials: write turn:HOST to test TURN, or leave them out',
    );
  }
  const servers = fillIn(sources.servers, await readCredentials(values, context));
  if (sources.exposed !== undefined) await hintAtExposure(sources.exposed, context);
  return { servers, policy: values.policy ?? sources.policy ?? 'all', remarks: sources.remarks };
}

const DOCUMENTS = ['config', 'ice-servers', 'from'] as const;
const CREDENTIALS = ['username', 'credential', 'credential-file', 'secret'] as const;

/** Pairs that ask for two things at once. */
const CONTRADICTIONS = [
  ['config', 'ice-servers'],
  ['config', 'from'],
  ['ice-servers', 'from'],
  ['local', 'config'],
  ['local', 'ice-servers'],
  ['local', 'from'],
  ['local', 'username'],
  ['local', 'credential'],
  ['local', 'credential-file'],
  ['local', 'secret'],
  ['credential', 'credential-file'],
  ['credential', 'secret'],
  ['credential-file', 'secret'],
] as const;

function refuseContradictions(urls: readonly string[], values: Values): void {
  for (const [a, b] of CONTRADICTIONS) {
    if (values[a] === undefined || values[b] === undefined) continue;
    throw new UsageError(`--${a} and --${b} contradict each other`, 'give one of them');
  }
  if (values.local === true && urls.length > 0) {
    throw new UsageError('--local and a URL contradict each other', 'give one of them');
  }
  if (values.config === '-' && values.credential === '-') {
    throw new UsageError(
      '--config - and --credential - both want stdin',
      'give the password by --credential-file or ICEPROBE_CREDENTIAL',
    );
  }
}

/** A URL that cannot be read yet may well be meant as one: its own error is the better one. */
function mayBeTurn(text: string): boolean {
  return isTurn(text) || !/^stuns?:/i.test(text);
}
