import type { WriteStream } from 'node:tty';
import type { Output } from './context.ts';

/** Where there is no terminal: what fits a log, a mail and a README. */
const COLUMNS_WITHOUT_TERMINAL = 100;

/** What can be written to, with what a terminal says about itself. */
export function outputOf(stream: WriteStream, env: NodeJS.ProcessEnv): Output {
  // Without a listener a failed write would end the process; each write learns of its own failure.
  stream.on('error', () => {});
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : COLUMNS_WITHOUT_TERMINAL;
    },
    colors: colorsOf(stream, env),
    write: (text) =>
      new Promise((resolve, reject) => {
        if (stream.destroyed) return resolve();
        stream.write(text, (error) => {
          if (error === null || error === undefined || readerHasLeft(error)) resolve();
          else reject(error);
        });
      }),
  };
}

function readerHasLeft(error: Error & { readonly code?: string }): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}

/** `FORCE_COLOR` goes before `NO_COLOR` (no-color.org), as in Node itself; else what the terminal can. */
function colorsOf(stream: WriteStream, env: NodeJS.ProcessEnv): Output['colors'] {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) {
    if (forced === '0' || forced === 'false') return 0;
    return forced === '2' ? 2 : forced === '3' ? 3 : 1;
  }
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb' || !stream.isTTY) return 0;
  const depth = stream.getColorDepth(env);
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
