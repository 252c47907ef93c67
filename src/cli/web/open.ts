import { spawn } from 'node:child_process';

/** Opens a URL in the person's own browser. Resolves to why that failed, undefined if it did not. */
export function openInBrowser(url: string): Promise<string | undefined> {
  const [command = '', ...args] = commandFor(url);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', (error) => resolve(error.message));
    child.once('spawn', () => {
      child.unref();
      resolve(undefined);
    });
  });
}

function commandFor(url: string): readonly string[] {
  if (process.platform === 'darwin') return ['open', url];
  // `start` is a part of the shell, and its first quoted argument a title.
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}
