// `npm run lab`: randomised episodes in the network lab, and the table of what was said about them.
import { join } from 'node:path';
import { ensureBuild, ensureDependencies, orExplain, root } from './setup.mjs';

await orExplain(async () => {
  await ensureDependencies();
  await ensureBuild();
});
const { bundleScript } = await import('./bundle-script.mjs');
await import(await bundleScript(join(root, 'test/lab/episodes/main.ts')));
