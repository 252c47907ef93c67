// `npm start [-- arguments]`: the command, from a clone in whatever state.
import { ensureBuild, ensureDependencies, orExplain } from './setup.mjs';

await orExplain(async () => {
  await ensureDependencies();
  await ensureBuild();
});
// In this process: signals and the exit code are the command's own.
await import(new URL('../bin/iceprobe.js', import.meta.url).href);
