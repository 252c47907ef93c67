// `npm run soak [-- server|page|monitor] [-- --minutes N]`: holds what runs for long under load, and looks whether all comes back.
import { runBundled } from './bundle.mjs';
import { ensureBuild, ensureDependencies, orExplain } from './setup.mjs';

await orExplain(async () => {
  await ensureDependencies();
  await ensureBuild();
  await runBundled('test/soak/main.ts', process.argv.slice(2), { sourceMaps: true });
});
