/** Where a machine's random bytes come from: the system's generator in a run, a seed in a test. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** A whole number in [0, bound), for bounds up to 2^32. */
export function randomInteger(random: Random, bound: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = random.bytes(6);
  // 48 bits against a bound of at most 32: the bias is below 2^-16, which no use here (ports, jitter, sampling) can see.
  return (((a * 2 ** 8 + b) * 2 ** 32 + c * 2 ** 24 + d * 2 ** 16 + e * 2 ** 8 + f) % bound) >>> 0;
}

/** A repeatable generator for tests, fault injection and sampling (xorshift128; not for secrets). */
export function seededRandom(seed: number): Random {
  let x = seed ^ 0x9e3779b9;
  let y = 0x243f6a88;
  let z = 0xb7e15162;
  let w = 0x85a308d3;
  const next = (): number => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ (t ^ (t >>> 8));
    return w >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) out[i] = next() >>> 24;
      return out;
    },
  };
}
