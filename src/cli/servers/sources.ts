import type { ConfigurationDocument, ConfigurationRemark } from '../../core/configuration/configuration.ts';
import { readConfiguration } from '../../core/configuration/read.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readStdin, readTextFile } from '../files.ts';
import type { ValuesOf } from '../options/option.ts';
import type { serverOptions } from '../options/server.ts';
import { holdsTargets } from '../targets/document.ts';
import type { Configuration, ConfiguredServer } from './configuration.ts';
import { renewable } from './credentials.ts';
import { fetchText } from './fetch.ts';

type ServerValues = ValuesOf<typeof serverOptions>;

/** Servers as they were given, before credentials of other origin are filled in. */
export interface Sources {
  readonly servers: readonly ConfiguredServer[];
  readonly policy: Configuration['policy'] | undefined;
  readonly remarks: readonly ConfigurationRemark[];
  /** How a document was given that has a credential in it which others on this machine can read. */
  readonly exposed: '--ice-servers' | undefined;
}

/** Reads the documents, and takes the URLs as one server each. Throws `UsageError`. */
export async function readSources(urls: readonly string[], values: ServerValues, context: Context): Promise<Sources> {
  const fromArguments = urls.map((text) => ({ urls: [{ text, where: undefined }] }));
  const document = await readDocument(values, context);
  if (document === undefined) return { servers: fromArguments, policy: undefined, remarks: [], exposed: undefined };
  const { name, content } = document;
  const at = ({ line, column }: { line: number; column: number }): string => `${name}:${line}:${column}`;
  const servers = content.servers.map(({ urls: own, username, credential, secret }) => ({
    urls: own.map((url) => ({ text: url.text, where: at(url) })),
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
    ...(secret === undefined ? {} : renewable(secret, username)),
  }));
  const isExposed = values['ice-servers'] !== undefined && content.servers.some((server) => server.credential);
  return {
    servers: [...servers, ...fromArguments],
    policy: content.policy,
    remarks: content.remarks,
    exposed: isExposed ? '--ice-servers' : undefined,
  };
}

interface NamedDocument {
  readonly name: string;
  readonly content: ConfigurationDocument;
}

async function readDocument(values: ServerValues, context: Context): Promise<NamedDocument | undefined> {
  const { config, 'ice-servers': inline, from } = values;
  if (config === '-') return parse('stdin', await readStdin(context, '--config'));
  if (config !== undefined) {
    // Its first target would look like an RTCConfiguration, and the others would be left out unseen.
    if (await holdsTargets(config)) {
      throw new UsageError(
        `--config ${config} holds targets, and this command takes servers`,
        'iceprobe check and iceprobe monitor test targets',
      );
    }
    return parse(config, await readTextFile(config, '--config'));
  }
  if (inline !== undefined) return parse('--ice-servers', inline);
  if (from !== undefined) {
    const { name, text } = await fetchText(from, context.signal);
    return parse(name, text);
  }
  return undefined;
}

function parse(name: string, text: string): NamedDocument {
  const result = readConfiguration(text);
  if (result.ok) return { name, content: result.value };
  const { line, column, message, hint } = result.error;
  throw new UsageError(`${name}:${line}:${column}: ${message}`, hint);
}
