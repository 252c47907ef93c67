import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';

/** Longer than any file takes that only says what is to be tested. */
const DEADLINE_MS = 10_000;

/** What a module exports by default, read anew each time. Throws `UsageError`. */
export async function importConfig(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new UsageError(`--config ${file}: no such file`, 'check the path and who may read it');
  const { MARK, registered } = await hooks();
  if (!registered) throw new UsageError(`${file}: this Node cannot load it`, 'use iceprobe.config.json');
  const url = pathToFileURL(resolve(file));
  url.searchParams.set(MARK, String(++readings));
  const loaded = await withinDeadline(import(url.href), file);
  if (loaded.default !== undefined) return loaded.default;
  throw new UsageError(`${file} has no default export`, 'write: export default defineConfig({ targets: { ... } })');
}

let readings = 0;

interface HooksModule {
  readonly MARK: string;
  readonly resolve: unknown;
  readonly load: unknown;
}

/** Of `node:module`, where Node has it: hooks that run in the same thread. Node 20 has the other kind. */
interface SameThread {
  registerHooks?(hooks: { resolve: unknown; load: unknown }): unknown;
}

let hooking: Promise<{ readonly MARK: string; readonly registered: boolean }> | undefined;

/** Registered once: they concern nothing but what is marked. */
function hooks(): Promise<{ readonly MARK: string; readonly registered: boolean }> {
  hooking ??= register();
  return hooking;
}

async function register(): Promise<{ readonly MARK: string; readonly registered: boolean }> {
  const place = hooksFile();
  const loaded = (await import(place.href)) as HooksModule;
  const { registerHooks } = nodeModule as SameThread;
  if (registerHooks !== undefined) registerHooks({ resolve: loaded.resolve, load: loaded.load });
  else if (typeof nodeModule.register === 'function') nodeModule.register(place.href);
  else return { MARK: loaded.MARK, registered: false };
  return { MARK: loaded.MARK, registered: true };
}

/** Beside the command, or one folder above its chunks; built in either case. */
const PLACES = ['./config-hooks.js', '../config-hooks.js', '../../../dist/config-hooks.js'];

function hooksFile(): URL {
  const place = PLACES.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (place === undefined) throw new Error('config-hooks.js is missing (npm run build makes it)');
  return place;
}

async function withinDeadline(loading: Promise<unknown>, file: string): Promise<{ readonly default?: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const why = new UsageError(`${file} was not loaded within ${DEADLINE_MS / 1000} s`, 'what does it wait for?');
    timer = setTimeout(() => reject(why), DEADLINE_MS);
  });
  try {
    return (await Promise.race([loading, late])) as { readonly default?: unknown };
  } catch (error) {
    throw error instanceof UsageError ? error : refusal(error, file);
  } finally {
    clearTimeout(timer);
  }
}

/** What went wrong in the module, or in reading it, without the stack that leads into Node. */
function refusal(error: unknown, file: string): UsageError {
  const message = describeSystemError(error).split('\n')[0] ?? '';
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  // As the transformer has it: "Error transforming FILE: Unexpected token (3:5)".
  const place = /^Error transforming .*?: (.*) \((\d+):(\d+)\)$/.exec(message);
  if (place !== null) return new UsageError(`${file}:${place[2]}:${place[3]}: ${place[1]}`, 'is it TypeScript?');
  return new UsageError(
    `${file}: ${name}${message}`,
    'does it load by itself? Relative imports are taken from its folder',
  );
}
