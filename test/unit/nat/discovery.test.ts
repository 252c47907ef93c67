import { describe, expect, test } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import { natVerdicts } from '../../../src/core/nat/verdict.ts';
import { type Behaviour, SimulatedNat } from '../../support/nat.ts';
import { discover, type World } from './world.ts';

const KINDS: readonly Behaviour[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'];
const at = (address: string, port: number): SocketAddress => ({ family: 4, address, port });
const RFC5780 = [{ address: at('198.18.0.1', 3478), other: at('198.18.0.2', 3479) }];
const PLAIN = [{ address: at('198.18.0.1', 3478) }];
const TWO_PLAIN = [{ address: at('198.18.0.1', 3478) }, { address: at('198.18.0.3', 3478) }];
const RELAY_SAME_ADDRESS = { id: 'r1', relayed: at('198.18.0.1', 49_160) };
const RELAY_OTHER_ADDRESS = { id: 'r2', relayed: at('198.18.0.3', 49_161) };

const nat = (mapping: Behaviour, filtering: Behaviour, hairpinning = false) =>
  new SimulatedNat({ mapping, filtering, hairpinning, publicAddress: '203.0.113.9' });

function verdict(world: World) {
  const { tests, tookMs } = discover(world);
  const [only, ...more] = natVerdicts(tests);
  expect(more).toEqual([]);
  if (only === undefined) throw new Error('no verdict');
  return { ...only, tookMs };
}

describe('with RFC 5780', () => {
  for (const mapping of KINDS) {
    for (const filtering of KINDS) {
      for (const hairpinning of [true, false]) {
        test(`${mapping} mapping, ${filtering} filtering, ${hairpinning ? 'with' : 'without'} hairpinning`, () => {
          const found = verdict({ nat: nat(mapping, filtering, hairpinning), servers: RFC5780, seed: 1 });
          expect(found).toMatchObject({ mapping, filtering, mappedAddress: '203.0.113.9', portPreservation: false });
          expect(found.tookMs).toBeLessThan(3000);
          // Each of two sockets of an endpoint-dependent mapping uses another port towards the other: only an open filter
          // lets a hairpinned packet in there, and nobody could tell the rest from a NAT that does not hairpin.
          if (mapping === 'endpoint-independent' || !hairpinning) expect(found.hairpinning).toBe(hairpinning);
        });
      }
    }
  }

  test('no NAT and no filter', () => {
    expect(verdict({ servers: RFC5780, seed: 2 })).toMatchObject({
      mapping: 'none',
      filtering: 'endpoint-independent',
      hairpinning: null,
      portPreservation: null,
      unstable: false,
    });
  });

  test('a fifth of the packets lost each way: never wrong, seldom not determined', () => {
    let undetermined = 0;
    for (const mapping of KINDS) {
      for (const filtering of KINDS) {
        for (let seed = 0; seed < 20; seed++) {
          const found = verdict({ nat: nat(mapping, filtering), servers: RFC5780, lossPercent: 20, seed });
          expect([mapping, 'not-determined'], `${mapping}/${filtering} seed ${seed}`).toContain(found.mapping);
          expect([filtering, 'not-determined'], `${mapping}/${filtering} seed ${seed}`).toContain(found.filtering);
          if (found.mapping === 'not-determined' || found.filtering === 'not-determined') undetermined++;
        }
      }
    }
    expect(undetermined).toBeLessThanOrEqual(18);
  });
});

describe('with ordinary servers', () => {
  test('one server and nothing else: says what is left and what would settle it', () => {
    const found = verdict({ nat: nat('endpoint-independent', 'address-dependent'), servers: PLAIN, seed: 3 });
    expect(found.mapping).toBe('not-determined');
    expect(found.mappingRemaining).toEqual(KINDS);
    expect(found.filtering).toBe('not-determined');
    expect(found.settledBy).toHaveLength(2);
  });

  test('two servers tell endpoint-independent mapping', () => {
    const found = verdict({ nat: nat('endpoint-independent', 'address-dependent'), servers: TWO_PLAIN, seed: 4 });
    expect(found.mapping).toBe('endpoint-independent');
  });

  for (const filtering of KINDS) {
    test(`a relay on the server's address and one elsewhere tell ${filtering} filtering`, () => {
      const found = verdict({
        nat: nat('endpoint-independent', filtering),
        servers: PLAIN,
        relays: [RELAY_SAME_ADDRESS, RELAY_OTHER_ADDRESS],
        seed: 5,
      });
      expect(found).toMatchObject({ mapping: 'endpoint-independent', filtering });
    });
  }

  test('a relay on the address of the server alone: address-and-port-dependent is told, the rest is not', () => {
    const relays = [RELAY_SAME_ADDRESS];
    const strict = nat('address-and-port-dependent', 'address-and-port-dependent');
    expect(verdict({ nat: strict, servers: PLAIN, relays, seed: 6 })).toMatchObject({
      mapping: 'address-and-port-dependent',
      filtering: 'address-and-port-dependent',
    });
    const middle = nat('endpoint-independent', 'address-dependent');
    const found = verdict({ nat: middle, servers: PLAIN, relays, seed: 7 });
    expect(found.filtering).toBe('not-determined');
    expect(found.filteringRemaining).toEqual(['endpoint-independent', 'address-dependent']);
    expect(found.mappingRemaining).toEqual(['endpoint-independent', 'address-dependent']);
  });

  test('a fifth lost each way, relays only: never wrong', () => {
    for (const filtering of KINDS) {
      for (let seed = 0; seed < 20; seed++) {
        const found = verdict({
          nat: nat('endpoint-independent', filtering),
          servers: PLAIN,
          relays: [RELAY_SAME_ADDRESS, RELAY_OTHER_ADDRESS],
          lossPercent: 20,
          seed,
        });
        expect([filtering, 'not-determined'], `seed ${seed}`).toContain(found.filtering);
      }
    }
  });
});

describe('the public address itself', () => {
  const pooled = (mapping: Behaviour) =>
    new SimulatedNat({
      mapping,
      filtering: 'address-and-port-dependent',
      hairpinning: false,
      publicAddress: '203.0.113.9',
      pool: ['203.0.113.10', '203.0.113.11'],
    });

  test.each(KINDS)('drawn for each mapping from a pool, %s: found to change', (mapping) => {
    expect(verdict({ nat: pooled(mapping), servers: RFC5780, seed: 9 }).unstable).toBe(true);
    expect(verdict({ nat: pooled(mapping), servers: PLAIN, seed: 9 }).unstable).toBe(true);
  });

  test.each(KINDS)('one alone, %s: found to stay', (mapping) => {
    for (const servers of [RFC5780, PLAIN, TWO_PLAIN]) {
      expect(verdict({ nat: nat(mapping, 'address-and-port-dependent'), servers, seed: 9 }).unstable).toBe(false);
    }
  });
});

test('no server answers: nothing is claimed, and it ends', () => {
  const found = verdict({
    nat: nat('endpoint-independent', 'address-dependent'),
    servers: PLAIN,
    lossPercent: 100,
    seed: 8,
  });
  expect(found).toMatchObject({ mapping: 'not-determined', filtering: 'not-determined', mappedAddress: null });
  expect(found.tookMs).toBeLessThan(5000);
});

describe('a server whose port is closed', () => {
  const gone = at('198.18.0.9', 3478);

  test('is given up after three requests, and holds up nobody', () => {
    const { tests, tookMs } = discover({
      servers: [],
      closed: [gone],
      refusals: [{ server: gone, after: 15 }],
      seed: 1,
    });
    expect(tests).toMatchObject([
      { test: 'mapping', destination: '198.18.0.9:3478', tries: 3, outcome: 'not-determined' },
    ]);
    expect(tookMs).toBeLessThan(400);
    const silent = discover({ servers: [], closed: [gone], seed: 1 });
    expect(silent.tests).toMatchObject([{ tries: 10 }]);
    expect(silent.tookMs).toBeGreaterThan(1500);
  });

  test('near miss: one of several hosts behind the address refuses, another answers', () => {
    const refusals = PLAIN.map(({ address }) => ({ server: address, after: 1 }));
    expect(
      verdict({ nat: nat('endpoint-independent', 'address-dependent'), servers: PLAIN, refusals, seed: 1 }),
    ).toMatchObject({
      mappedAddress: '203.0.113.9',
    });
  });
});
