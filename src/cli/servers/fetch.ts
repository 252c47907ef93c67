import { limited } from '../../net/limit.ts';
import { UsageError } from '../errors.ts';

const TIMEOUT_MS = 10_000;
const MAX_LENGTH = 1024 * 1024;

/** Fetches `--from`. The name of what it got leaves out what may be a token. Throws `UsageError`. */
export async function fetchText(from: string, signal: AbortSignal): Promise<{ name: string; text: string }> {
  const url = parseWebUrl(from);
  const name = `${url.origin}${url.pathname}`;
  const refuse = (what: string, hint: string): UsageError => new UsageError(`--from ${name}: ${what}`, hint);
  let response: Response;
  let text: string;
  using limit = limited(signal, TIMEOUT_MS);
  try {
    response = await fetch(withoutUserinfo(url), {
      headers: { accept: 'application/json', ...authorization(url) },
      signal: limit.signal,
    });
    text = await readBounded(response);
  } catch (error) {
    signal.throwIfAborted();
    throw refuse(describeFetchError(error), 'check the address; a file can be given by --config');
  }
  if (!response.ok) {
    const wantsLogin = response.status === 401 || response.status === 403;
    throw refuse(
      `the answer is ${response.status} ${response.statusText}`.trimEnd(),
      wantsLogin
        ? 'it wants a login: fetch it with your own tool and hand it on, like curl ... | iceprobe lint -c -'
        : 'the address must answer a GET with the configuration',
    );
  }
  if (/^\s*</.test(text)) {
    throw refuse('the answer is a web page, not a configuration', 'give the address that answers with JSON');
  }
  if (text.trim() === '') throw refuse('the answer is empty', 'give the address that answers with JSON');
  return { name, text };
}

function parseWebUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  if (/^(?:stuns?|turns?):/i.test(text)) {
    throw new UsageError('--from takes a web address, this is a server', 'give the server without --from');
  }
  throw new UsageError('--from is no web address', 'write --from https://HOST/PATH');
}

export function withoutUserinfo(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** What a browser would do with `https://user:password@host/`; fetch refuses such an address. */
export function authorization(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_LENGTH) throw new Error(`the answer is longer than ${MAX_LENGTH} bytes`);
  }
  return text;
}

export function describeFetchError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known: Readonly<Record<string, string>> = {
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the name could not be resolved',
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection was reset',
    EHOSTUNREACH: 'the host cannot be reached',
    ENETUNREACH: 'the network cannot be reached',
  };
  return known[code] ?? (cause instanceof Error ? cause.message || code : error.message);
}
