import { ensureBuild } from '../../scripts/setup.mjs';

/** Before any test: the built command must be that of the sources at hand. Costs a few milliseconds if it is. */
export default async function setup(): Promise<void> {
  await ensureBuild();
}
