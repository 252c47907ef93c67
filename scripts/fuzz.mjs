// `npm run fuzz [-- TARGET...] [-- --seconds N] [--seed N] [--keep]`: gives every parser what nobody meant for it.
import { runBundled } from './bundle.mjs';
import { orExplain } from './setup.mjs';

await orExplain(() => runBundled('test/fuzz/main.ts', process.argv.slice(2), { sourceMaps: true }));
