import { describe, expect, it } from 'vitest';
import type { CandidatePair } from '../../../src/core/call/events.ts';
import type { WitnessNat } from '../../../src/core/signaling/witness-message.ts';
import type { PeerMet } from '../../../src/record/peer.ts';
import { pretty } from '../../../src/report/pretty.ts';
import { Run } from '../../support/events.ts';
import { expectReport } from '../../support/schema.ts';

const HOME = { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' } as const;
const OFFICE = { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' } as const;
const ALL = { sent: 10, received: 10 };
const NONE = { sent: 10, received: 0 };

/** We are behind a NAT that keeps one mapping; the other end as given. */
function met(nat: Partial<WitnessNat> | null, more: Partial<PeerMet> = {}): Run {
  const run = new Run({ command: 'doctor' });
  const test = { type: 'nat-test', interface: 'eth0', family: 4, local: '192.168.1.23:5000', tries: 1 } as const;
  for (const server of ['198.51.100.7', '198.51.100.8']) {
    const seen = { destination: `${server}:3478`, answerFrom: null, mappedAddress: '203.0.113.7:5000' };
    run.record({ ...test, ...seen, test: 'mapping', outcome: 'yes', via: 'stun' });
  }
  run.record({
    ...test,
    test: 'filtering',
    destination: '198.51.100.7:3479',
    answerFrom: null,
    mappedAddress: null,
    outcome: 'no',
    via: 'rfc5780',
    sender: 'same-address-other-port',
  });
  const other = nat === null ? null : { ...HOME, hairpinning: null, mappedAddress: '192.0.2.77', ...nat };
  run.record({ type: 'peer', nat: other, there: ALL, back: ALL, crossed: true, problem: null, ...more });
  return run;
}

function called(run: Run, state: string, remote: CandidatePair['remote']['candidateType'] = 'srflx'): Run {
  const stamp = { call: 'any', peer: 'offerer' } as const;
  run.record({ type: 'peer-state', ...stamp, machine: 'call', state: 'started' });
  const end = { address: '192.0.2.77', port: 5000, protocol: 'udp', relayProtocol: null } as const;
  const counts = { requestsSent: 4, responsesReceived: 4, requestsReceived: 4, responsesSent: 4 };
  const pair = { ...counts, id: 'p', state: 'succeeded', nominated: true, bytesSent: 9, bytesReceived: 9, rttMs: 1 };
  if (state === 'open') {
    const ends = { local: { ...end, candidateType: 'host' }, remote: { ...end, candidateType: remote } } as const;
    run.record({ type: 'candidate-pair', ...stamp, pair: { ...pair, ...ends, selected: true } });
    run.record({ type: 'data-channel', ...stamp, state: 'open' });
  } else run.record({ type: 'peer-state', ...stamp, machine: 'call', state, reason: 'ice: no pair answered' });
  return run;
}

describe('what two witnesses come to', () => {
  it.each([
    [
      'packets that crossed',
      met({}),
      { prediction: { direct: 'yes' }, outcome: 'direct', by: 'packets', agrees: true },
    ],
    [
      'packets that did not',
      met({}, { back: NONE, crossed: false }),
      { outcome: 'none', by: 'packets', agrees: false },
    ],
    ['a direct call', called(met({}), 'open'), { outcome: 'direct', by: 'call', agrees: true }],
    ['a relayed call', called(met(OFFICE), 'open', 'relay'), { outcome: 'relayed', by: 'call', agrees: true }],
    ['a relayed call, unexpectedly', called(met({}), 'open', 'relay'), { outcome: 'relayed', agrees: false }],
    ['a direct call, unexpectedly', called(met(OFFICE), 'open'), { outcome: 'direct', agrees: false }],
    ['no call', called(met(OFFICE), 'failed'), { outcome: 'none', agrees: true }],
    ['nothing known of the other end', met(null), { prediction: { direct: 'not-determined' }, agrees: null }],
    ['nobody who could try', met({}, { crossed: null }), { outcome: 'not-determined', agrees: null }],
    ['one NAT before both', met({ mappedAddress: '203.0.113.7' }), { prediction: { direct: 'not-determined' } }],
  ] as const)('%s', (_name, run, expected) => {
    const report = run.report();
    expectReport(report);
    expect(report.peer).toMatchObject(expected);
  });

  it('stands in the report for a person', () => {
    const text = pretty(called(met(OFFICE), 'open').report());
    expect(text).toContain('PEER  seen as 192.0.2.77   mapping address-and-port-dependent');
    expect(text).toContain('UDP there 10/10, back 10/10, without a relay');
    expect(text).toContain('predicted: you two need a relay (');
    expect(text).toContain('came: the call connected without a relay, against the prediction');
  });

  it('is not determined where the other end left', () => {
    const report = met(null, { problem: 'the other end left the room', crossed: null }).report();
    expect(report).toMatchObject({ verdict: 'undetermined', exitCode: 3 });
    expect(pretty(report)).toContain('not determined: the other end: the other end left the room');
  });
});
