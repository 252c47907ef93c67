import { describe, expect, it } from 'vitest';
import { type Random, randomInteger } from '../../../src/core/random.ts';
import { setUp } from './client-setup.ts';

/** Flips, cuts, doubles or replaces some bytes. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  switch (randomInteger(random, 5)) {
    case 0:
      return out.subarray(0, randomInteger(random, out.length + 1));
    case 1:
      return new Uint8Array([...out, ...random.bytes(randomInteger(random, 40))]);
    case 2:
      return random.bytes(randomInteger(random, 80));
    default:
      for (let i = 1 + randomInteger(random, 4); i > 0 && out.length > 0; i--) {
        out[randomInteger(random, out.length)] = randomInteger(random, 256);
      }
      return out;
  }
}

describe.each(['udp', 'tcp'] as const)('answers with broken bytes over %s', (kind) => {
  it('never make the client throw, hang, or hold an allocation that nobody granted (400 seeds)', () => {
    let failed = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { simulator, client } = setUp({
        kind,
        network: { seed, maxChunk: 50 },
        // Every answer comes, but two of three are broken, and some come with garbage before them.
        script: ({ server, message, from, authentic }) => {
          const { random } = simulator;
          const good = authentic ? server.success(message) : server.challenge(message);
          const broken = randomInteger(random, 3) > 0;
          const reply = broken ? mutate(good, random) : good;
          if (randomInteger(random, 4) === 0) server.say(from, mutate(good, random));
          return [reply];
        },
      });
      client.handle({ type: 'allocate' });
      simulator.run(5000);
      client.handle({ type: 'release' });
      simulator.run();
      expect([seed, client.of('released').length]).toEqual([seed, 1]);
      // These successes carry no relayed address, so whatever survives is malformed or refused.
      expect([seed, client.of('allocated')]).toEqual([seed, []]);
      failed += client.of('failed').length;
    }
    expect(failed).toBeGreaterThan(50);
  });
});
