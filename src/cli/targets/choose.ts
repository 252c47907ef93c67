import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import type { serverOptions } from '../options/server.ts';
import { CONFIG_FILES, findConfigFile, holdsTargets } from './document.ts';
import type { targetOptions } from './options.ts';

type Values = ValuesOf<typeof serverOptions> & ValuesOf<typeof targetOptions>;

/** What names servers by itself. */
const SOURCES = ['ice-servers', 'from', 'local'] as const;
/** What a target says of each of its servers. */
const CREDENTIALS = ['username', 'credential', 'credential-file', 'secret'] as const;

/**
 * The configuration file whose targets are meant: the one given by `--config`, or, where no server is named at all or
 * `--target` is given, the one in the current folder. Undefined where the servers come from elsewhere. Throws `UsageError`
 * for what contradicts itself.
 */
export async function configFileFor(urls: readonly string[], values: Values): Promise<string | undefined> {
  const file = await meantFile(urls, values);
  if (file === undefined) return undefined;
  const name = SOURCES.find((each) => values[each] !== undefined);
  if (urls.length > 0 || name !== undefined) {
    const other = name === undefined ? 'a URL' : `--${name}`;
    throw new UsageError(`the targets of ${file} and ${other} contradict each other`, 'give one of them');
  }
  const credential = CREDENTIALS.find((each) => values[each] !== undefined);
  if (credential !== undefined) {
    throw new UsageError(
      `--${credential} and the targets of ${file} contradict each other`,
      'the servers of each target have credentials of their own: { "env": "NAME" } there takes one from the environment',
    );
  }
  return file;
}

async function meantFile(urls: readonly string[], values: Values): Promise<string | undefined> {
  if (values.config !== undefined && values.config !== '-') {
    if (values.target !== undefined || (await holdsTargets(values.config))) return values.config;
    return undefined;
  }
  const isNamed = urls.length > 0 || values.config !== undefined || SOURCES.some((each) => values[each] !== undefined);
  if (isNamed && values.target === undefined) return undefined;
  const found = findConfigFile();
  if (found === undefined && values.target !== undefined) {
    throw new UsageError(`--target: there is no ${CONFIG_FILES.join(', ')} here`, 'name the file: -c FILE');
  }
  return found;
}
