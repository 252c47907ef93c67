import type { NatTest } from '../../../../src/core/nat/events.ts';
import type { Run } from '../../../support/events.ts';
import { type Scenario, STUN, stunRun, TURN, turnRun } from './scenario.ts';

function mapped(mappedAddress: string, more: { plain?: string; localAddress?: string } = {}): Run {
  const run = stunRun();
  run
    .attempt(STUN, {
      address: '198.51.100.9',
      ...(more.localAddress === undefined ? {} : { localAddress: more.localAddress }),
    })
    .pass('binding', { mappedAddress, ...(more.plain === undefined ? {} : { plainMappedAddress: more.plain }) });
  return run;
}

const TEST: Omit<NatTest, 'test' | 'outcome'> = {
  type: 'nat-test',
  interface: 'eth0',
  family: 4,
  local: '192.168.1.23:50000',
  destination: '198.51.100.9:3478',
  answerFrom: '198.51.100.9:3478',
  mappedAddress: '203.0.113.7:50000',
  tries: 1,
  via: 'stun',
};

/** A NAT that maps by destination, or not; with more tests beside it. */
function nat(ports: readonly [number, number, number], ...more: Partial<NatTest>[]): Run {
  const run = stunRun();
  const destinations = ['198.51.100.9:3478', '198.51.100.10:3478', '198.51.100.10:3479'];
  destinations.forEach((destination, index) => {
    run.record({
      ...TEST,
      test: 'mapping',
      outcome: 'yes',
      destination,
      answerFrom: destination,
      mappedAddress: `203.0.113.7:${ports[index]}`,
    });
  });
  for (const test of more) run.record({ ...TEST, test: 'mapping', outcome: 'yes', ...test });
  return run;
}

const INDEPENDENT = [50_000, 50_000, 50_000] as const;
const DEPENDENT = [50_000, 50_100, 50_200] as const;

export const stunNatScenarios: readonly Scenario[] = [
  {
    id: 'stun.private-mapped',
    raise: () => mapped('172.18.0.1:41022'),
    near: [
      { name: 'a public one', run: () => mapped('203.0.113.7:41022') },
      {
        name: 'our own address: no NAT between',
        run: () => mapped('192.168.1.23:41022', { localAddress: '192.168.1.23' }),
      },
    ],
  },
  {
    id: 'stun.alg-rewrites',
    raise: () => mapped('203.0.113.7:41022', { plain: '192.168.1.23:41022' }),
    near: [{ name: 'both the same', run: () => mapped('203.0.113.7:41022', { plain: '203.0.113.7:41022' }) }],
  },
  {
    id: 'stun.malformed',
    raise: () => {
      const run = stunRun();
      run.attempt(STUN).fail('binding', 'malformed', { problem: 'byte 24: the attribute ends beyond the message' });
      return run;
    },
    finding: { severity: 'error' },
    near: [{ name: 'a good answer', run: () => mapped('203.0.113.7:41022') }],
  },
  {
    id: 'nat.none',
    raise: () => {
      const run = stunRun();
      for (const destination of ['198.51.100.9:3478', '198.51.100.10:3478']) {
        run.record({ ...TEST, test: 'mapping', outcome: 'yes', destination, mappedAddress: TEST.local });
      }
      return run;
    },
    finding: { severity: 'ok' },
    near: [{ name: 'a NAT', run: () => nat(INDEPENDENT) }],
  },
  {
    id: 'nat.address-dependent-mapping',
    raise: () => nat(DEPENDENT),
    finding: { severity: 'warning' },
    near: [{ name: 'one mapping for all', run: () => nat(INDEPENDENT) }],
  },
  {
    id: 'nat.address-dependent-mapping',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).allocated();
      for (const event of nat(DEPENDENT).events) if (event.type === 'nat-test') run.record(bodyOf(event));
      return run;
    },
    finding: { severity: 'info' },
    near: [],
  },
  {
    id: 'nat.unstable-address',
    raise: () => nat(INDEPENDENT, { test: 'stability', mappedAddress: '203.0.113.8:50000' }),
    near: [
      { name: 'the same again', run: () => nat(INDEPENDENT, { test: 'stability' }) },
      {
        name: 'through a NAT64: an address of each family, to servers of each',
        run: () => nat(INDEPENDENT, { destination: '[2001:db8:9::9]:3478', mappedAddress: '[2001:db8:1::23]:50000' }),
      },
    ],
  },
  {
    id: 'nat.no-hairpin',
    raise: () => nat(INDEPENDENT, { test: 'hairpin', outcome: 'no' }),
    near: [
      { name: 'it hairpins', run: () => nat(INDEPENDENT, { test: 'hairpin', outcome: 'yes' }) },
      { name: 'not determined', run: () => nat(INDEPENDENT, { test: 'hairpin', outcome: 'not-determined' }) },
    ],
  },
  {
    id: 'nat.short-binding',
    raise: () =>
      nat(
        INDEPENDENT,
        { test: 'lifetime', outcome: 'yes', idleSeconds: 10 },
        { test: 'lifetime', outcome: 'no', idleSeconds: 12 },
      ),
    near: [
      {
        name: 'long enough',
        run: () =>
          nat(
            INDEPENDENT,
            { test: 'lifetime', outcome: 'yes', idleSeconds: 60 },
            { test: 'lifetime', outcome: 'no', idleSeconds: 66 },
          ),
      },
      { name: 'not measured', run: () => nat(INDEPENDENT) },
    ],
  },
];

function bodyOf(event: NatTest & { seq: number; ms: number }): NatTest {
  const { seq: _seq, ms: _ms, ...body } = event;
  return body;
}
