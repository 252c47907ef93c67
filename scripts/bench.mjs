// `npm run bench -- NAME [arguments]`: bundles bench/NAME.ts as the command is bundled, and runs it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runBundled } from './bundle.mjs';
import { ensureBuild, ensureDependencies, orExplain, root } from './setup.mjs';

const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name = '', ...rest] = process.argv.slice(2);

if (!names.includes(name)) {
  console.error(`usage: npm run bench -- ${names.join('|')} [arguments]`);
  process.exitCode = 2;
} else {
  await orExplain(async () => {
    await ensureDependencies();
    // Some measure the command itself; where they find it is the folder that they run in.
    await ensureBuild();
    process.chdir(root);
    // But for the bench itself, which may start itself again as a bundle.
    await runBundled(`bench/${name}.ts`, rest, { inPlace: /\/(test|scripts|bench\/[^/]+)\/.*\.(ts|mjs)$/ });
  });
}
