import { expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { authenticProofs, examine, SHORT_TERM_KEY, stunCorpus } from '../../support/examine-stun.ts';
import { readHexLines } from '../../support/fixtures.ts';
import { mutate } from '../../support/mutate.ts';

/** More of them, and from another seed: ICEPROBE_MUTATIONS=1000000 ICEPROBE_SEED=7 npx vitest run ... */
const COUNT = Number(process.env['ICEPROBE_MUTATIONS'] ?? 100_000);
const SEED = Number(process.env['ICEPROBE_SEED'] ?? 1);

it(`reads ${COUNT} mutated packets without throwing, and none as valid that is not`, { timeout: 600_000 }, () => {
  const originals = stunCorpus(SEED);
  const all = originals.map(({ bytes }) => bytes);
  const authentic = authenticProofs(originals);
  const random = seededRandom(SEED);
  const seen = { refused: 0, message: 0, authentic: 0 };
  for (let n = 0; n < COUNT; n++) {
    const original = originals[randomInteger(random, originals.length)];
    if (original === undefined) throw new RangeError('no such packet');
    const bytes = mutate(random, original.bytes, all);
    try {
      seen[examine(bytes, original.key, authentic)]++;
    } catch (error) {
      throw new Error(`mutation ${n} of seed ${SEED}: keep it in fixtures/stun/regressions.hex: ${toHex(bytes)}`, {
        cause: error,
      });
    }
  }
  if (COUNT > 100_000) console.log(`mutations: ${JSON.stringify(seen)}`);
  // Each kind must be there, or the mutations test nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(COUNT / 200);
});

it('reads the packets that once were read wrongly', () => {
  const authentic = new Set<string>();
  const packets = readHexLines('stun/regressions.hex');
  expect(packets.length).toBeGreaterThan(0);
  for (const bytes of packets) expect(() => examine(bytes, SHORT_TERM_KEY, authentic)).not.toThrow();
});

it('notices a validity that was made up', () => {
  const [original] = stunCorpus(SEED);
  if (original === undefined) throw new RangeError('no packet');
  expect(() => examine(original.bytes, original.key, new Set())).toThrow(/nobody made it/);
});
