import { Secret } from '../core/secret.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { Interrupted } from './signals.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const BACKSPACE = '\u007f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send them
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O.)/g;

/** Asks for a secret on the terminal, without echo; where stdin is no terminal, its first line is the answer. */
export async function promptSecret(question: string, context: Context): Promise<Secret> {
  const { stdin, stderr } = context;
  if (stdin.isTTY !== true) return new Secret(await firstLine(context));
  await stderr.write(question);
  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  try {
    return new Secret(await readKeys(context));
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    await stderr.write('\n');
  }
}

function readKeys({ stdin, signal }: Context): Promise<string> {
  return new Promise((resolve, reject) => {
    const line = new TypedLine();
    const onAbort = (): void => finish(() => reject(signal.reason));
    const onEnd = (): void =>
      finish(() => reject(new UsageError('the terminal was closed before a password was typed')));
    const onData = (chunk: string): void => {
      const end = line.type(chunk);
      if (end === 'interrupted') finish(() => reject(new Interrupted('SIGINT', 130)));
      if (end === 'done') finish(() => resolve(line.text));
    };
    const finish = (then: () => void): void => {
      stdin.off('data', onData).off('end', onEnd);
      signal.removeEventListener('abort', onAbort);
      then();
    };
    signal.addEventListener('abort', onAbort);
    stdin.on('data', onData).on('end', onEnd);
  });
}

/** What a terminal in raw mode leaves to us: the few keys that edit a line. */
class TypedLine {
  #typed: string[] = [];

  get text(): string {
    return this.#typed.join('');
  }

  type(chunk: string): 'done' | 'interrupted' | undefined {
    // Arrow keys and what brackets a paste are no part of a password.
    for (const key of chunk.replace(ESCAPE_SEQUENCE, '')) {
      if (key === CTRL_C) return 'interrupted';
      if (key === '\r' || key === '\n' || key === CTRL_D) return 'done';
      if (key === BACKSPACE || key === '\b') this.#typed.pop();
      else if (key === CTRL_U) this.#typed = [];
      else if (key >= ' ') this.#typed.push(key);
    }
    return undefined;
  }
}

async function firstLine({ stdin, signal }: Context): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    signal.throwIfAborted();
    text += Buffer.from(chunk).toString('utf8');
    if (text.includes('\n')) break;
  }
  return text.split(/\r?\n/)[0] ?? '';
}
