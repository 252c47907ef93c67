import { VERSION } from '../core/version.ts';

const USAGE = `iceprobe [command]

Options:
  --help     Show help
  --version  Show version number
`;

/** Runs the command line and resolves to its exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  // Asked often, by people and by scripts: answered without loading anything else.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (argv.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  process.stderr.write(USAGE);
  return 2;
}
