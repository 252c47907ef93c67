import { VERSION } from '../core/version.ts';

/** Runs the command line and resolves to its exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  // Asked often, by people and by scripts: answered without loading anything else.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const { runInProcess } = await import('./process.ts');
  return runInProcess(argv);
}
