import { describe, expect, test } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import { doubtOf, type FilteringSample, filteringVerdict } from '../../../src/core/nat/filtering.ts';
import { idleTimes, lifetimeVerdict } from '../../../src/core/nat/lifetime.ts';
import { mappingVerdict } from '../../../src/core/nat/mapping.ts';
import { changedAnswers, mappingDestinations } from '../../../src/core/nat/plan.ts';
import { meaningOf, predict } from '../../../src/core/nat/prediction.ts';

const at = (text: string): SocketAddress => {
  const [address = '', port = ''] = text.split(':');
  return { family: 4, address, port: Number(port) };
};
const LOCAL = at('192.168.1.2:5000');

describe('mapping', () => {
  test.each([
    ['our own address everywhere', ['1.1.1.1:1>192.168.1.2:5000', '2.2.2.2:1>192.168.1.2:5000'], 'none', 1],
    ['same for two addresses', ['1.1.1.1:1>9.9.9.9:7', '2.2.2.2:1>9.9.9.9:7'], 'endpoint-independent', 1],
    ['other for another port', ['1.1.1.1:1>9.9.9.9:7', '1.1.1.1:2>9.9.9.9:8'], 'address-and-port-dependent', 1],
    [
      'other for another address, same for another port',
      ['1.1.1.1:1>9.9.9.9:7', '1.1.1.1:2>9.9.9.9:7', '2.2.2.2:1>9.9.9.9:8'],
      'address-dependent',
      1,
    ],
    ['other for another address, no second port', ['1.1.1.1:1>9.9.9.9:7', '2.2.2.2:1>9.9.9.9:8'], 'not-determined', 2],
    ['same for two ports, no second address', ['1.1.1.1:1>9.9.9.9:7', '1.1.1.1:2>9.9.9.9:7'], 'not-determined', 2],
    ['one destination', ['1.1.1.1:1>9.9.9.9:7'], 'not-determined', 3],
    ['none', [], 'not-determined', 4],
  ])('%s', (_, samples, verdict, remaining) => {
    const found = mappingVerdict(
      LOCAL,
      samples.map((sample) => {
        const [destination = '', mapped = ''] = sample.split('>');
        return { destination: at(destination), mapped: at(mapped) };
      }),
    );
    expect(found.verdict).toBe(verdict);
    expect(found.remaining).toHaveLength(remaining);
    expect(found.settledBy === undefined).toBe(remaining === 1);
  });
});

describe('filtering', () => {
  const sample = (sender: FilteringSample['sender'], outcome: FilteringSample['outcome']) => ({ sender, outcome });
  test.each<[FilteringSample[], string, number]>([
    [[sample('other-address', 'arrived')], 'endpoint-independent', 1],
    [[sample('other-address', 'filtered'), sample('same-address-other-port', 'arrived')], 'address-dependent', 1],
    [[sample('same-address-other-port', 'filtered')], 'address-and-port-dependent', 1],
    [[sample('other-address', 'filtered')], 'not-determined', 2],
    [[sample('same-address-other-port', 'arrived')], 'not-determined', 2],
    [[sample('other-address', 'undetermined'), sample('same-address-other-port', 'undetermined')], 'not-determined', 3],
    [[], 'not-determined', 3],
  ])('%j', (samples, verdict, remaining) => {
    const found = filteringVerdict(samples);
    expect(found.verdict).toBe(verdict);
    expect(found.remaining).toHaveLength(remaining);
  });

  test('the doubt falls with what was asked and rises with what was lost', () => {
    expect(doubtOf(4, 4, 4)).toBeLessThan(0.001);
    expect(doubtOf(3, 3, 3)).toBeGreaterThan(0.001);
    expect(doubtOf(4, 10, 6)).toBeGreaterThan(0.001);
    expect(doubtOf(10, 10, 0)).toBeGreaterThan(0.4);
  });
});

describe('plan', () => {
  const server = at('198.18.0.1:3478');
  test.each([
    [
      '198.18.0.2:3479',
      ['198.18.0.2:3478', '198.18.0.1:3479', '198.18.0.2:3479'],
      ['other-address', 'same-address-other-port'],
    ],
    ['198.18.0.2:3478', ['198.18.0.2:3478'], ['other-address']],
    ['198.18.0.1:3479', ['198.18.0.1:3479'], ['same-address-other-port']],
    ['198.18.0.1:3478', [], []],
  ])('other address %s', (other, destinations, senders) => {
    const text = (address: SocketAddress) => `${address.address}:${address.port}`;
    expect([...new Set(mappingDestinations(server, at(other)).map(text))]).toEqual(destinations);
    expect(changedAnswers(server, at(other)).map(({ sender }) => sender)).toEqual(senders);
  });
});

describe('lifetime', () => {
  test('lies between the last living and the first dead', () => {
    const alive = (idleSeconds: number) => ({ idleSeconds, alive: true });
    const dead = (idleSeconds: number) => ({ idleSeconds, alive: false });
    expect(lifetimeVerdict([alive(27), alive(29), dead(32), dead(35)])).toMatchObject({
      seconds: 30.5,
      aliveAt: 29,
      deadAt: 32,
    });
    expect(lifetimeVerdict([alive(10), dead(12), alive(14), dead(16)])).toMatchObject({ aliveAt: 14, deadAt: 16 });
    expect(lifetimeVerdict([alive(10), alive(120)])).toMatchObject({ seconds: null, aliveAt: 120, deadAt: null });
    expect(lifetimeVerdict([dead(2)])).toMatchObject({ seconds: null, aliveAt: null });
  });

  test('the grid keeps its ratio and holds its end', () => {
    const times = idleTimes(2, 130, 1.2);
    expect(times[0]).toBe(2);
    expect(times.at(-1)).toBe(130);
    for (const [i, time] of times.entries()) if (i > 0) expect(time / (times[i - 1] ?? 0)).toBeLessThanOrEqual(1.21);
  });
});

describe('prediction', () => {
  const EIM_APDF = { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' } as const;
  const EIM_ADF = { mapping: 'endpoint-independent', filtering: 'address-dependent' } as const;
  const EIM_EIF = { mapping: 'endpoint-independent', filtering: 'endpoint-independent' } as const;
  const APDM = { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' } as const;
  const UNKNOWN = { mapping: 'not-determined', filtering: 'not-determined' } as const;
  test.each([
    [EIM_APDF, EIM_APDF, 'yes'],
    [EIM_APDF, APDM, 'no'],
    [EIM_ADF, APDM, 'yes'],
    [EIM_EIF, APDM, 'yes'],
    [APDM, APDM, 'no'],
    [UNKNOWN, EIM_EIF, 'yes'],
    [UNKNOWN, EIM_APDF, 'not-determined'],
  ])('%j with %j: %s', (a, b, direct) => {
    expect(predict(a, b).direct).toBe(direct);
    expect(predict(b, a).direct).toBe(direct);
  });

  test('two behind one address need its hairpin, or a common network', () => {
    const behind = { ...EIM_APDF, mappedAddress: '203.0.113.9' };
    expect(predict({ ...behind, hairpinning: true }, { ...behind, hairpinning: true }).direct).toBe('yes');
    expect(predict(behind, behind).direct).toBe('not-determined');
  });

  test('says in words who can be reached', () => {
    expect(meaningOf(APDM).relay).toHaveLength(3);
    expect(meaningOf(EIM_EIF).relay).toEqual([]);
  });
});
