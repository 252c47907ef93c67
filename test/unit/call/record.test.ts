import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/core/call/events.ts';
import { readStats } from '../../../src/core/call/stats.ts';
import type { EventBody } from '../../../src/record/events.ts';
import { observe } from '../../../src/record/observation.ts';
import { undeterminedParts, verdictOf } from '../../../src/record/verdict.ts';
import { expectEvent } from '../../support/schema.ts';

/** Events of a run, each a millisecond after the one before. */
function recorded(bodies: readonly CallEvent[]) {
  return bodies.map((body, index) => ({
    seq: index + 1,
    ms: index,
    vantage: 'terminal' as const,
    ...(body as EventBody),
  }));
}

const at = { call: 'any', peer: 'offerer' } as const;
const state = (machine: 'ice' | 'connection' | 'dtls' | 'call' | 'gathering', name: string, reason?: string) =>
  ({ type: 'peer-state', ...at, machine, state: name, ...(reason === undefined ? {} : { reason }) }) as const;

const END = { candidateType: 'host', address: '192.0.2.1', port: 5, protocol: 'udp', relayProtocol: null } as const;
const pair = (id: string, selected: boolean) =>
  ({
    type: 'candidate-pair',
    ...at,
    pair: {
      id,
      local: END,
      remote: END,
      state: 'succeeded',
      nominated: selected,
      selected,
      requestsSent: 3,
      responsesReceived: 3,
      requestsReceived: 2,
      responsesSent: 2,
      bytesSent: 10,
      bytesReceived: 11,
      rttMs: 1,
    },
  }) as const;

describe('the calls of a report', () => {
  it('are the fold of their events: outcome, steps from the beginning on, the pair that carries the data', () => {
    const events = recorded([
      { ...state('call', 'started'), stack: 'fake' },
      { type: 'signaling', ...at, direction: 'sent', message: 'offer', candidate: null, error: null },
      { type: 'signaling', ...at, direction: 'sent', message: 'candidate', candidate: 'candidate:1', error: null },
      { type: 'signaling', ...at, direction: 'received', message: 'answer', candidate: null, error: null },
      state('ice', 'connected'),
      state('connection', 'connected'),
      state('dtls', 'connected'),
      { type: 'data-channel', ...at, state: 'open' },
      pair('A', false),
      pair('B', true),
      state('call', 'measured'),
    ]);
    events.forEach(expectEvent);
    const { calls } = observe(events);
    expect(calls).toHaveLength(1);
    expect(calls?.[0]).toMatchObject({
      path: 'any',
      outcome: 'connected',
      reason: null,
      timing: { offerMs: 1, candidateMs: 2, answerMs: 3, iceMs: 4, connectedMs: 5, dtlsMs: 6, channelMs: 7 },
      selected: { id: 'B' },
      peers: [{ peer: 'offerer', stack: 'fake', candidates: [{ candidate: 'candidate:1' }] }],
    });
  });

  it.each([
    ['failed', [state('call', 'timeout', 'ice: no candidate pair answered')], 'error'],
    ['crashed', [state('call', 'crashed', 'SIGSEGV')], 'error'],
    ['lost', [{ type: 'data-channel', ...at, state: 'open' }, state('call', 'lost', 'gone')], 'error'],
    ['no-candidates', [state('gathering', 'complete'), state('call', 'failed', 'nothing')], 'undetermined'],
    [
      'failed',
      [state('gathering', 'error', 'turn:x: 401'), state('gathering', 'complete'), state('call', 'failed')],
      'error',
    ],
    ['not-determined', [state('call', 'started')], 'undetermined'],
    ['not-determined', [state('call', 'ended', 'interrupted')], 'undetermined'],
  ] as const)('%s', (outcome, bodies, verdict) => {
    const observation = observe(recorded(bodies));
    expect(observation.calls?.[0]?.outcome).toBe(outcome);
    expect(verdictOf(observation, [])).toBe(verdict);
    expect(undeterminedParts(observation)).toHaveLength(verdict === 'undetermined' ? 1 : 0);
  });

  it('of no candidates beside one that connects leave nothing open', () => {
    const other = { ...state('call', 'failed'), call: 'srflx' } as const;
    const gathered = { ...state('gathering', 'complete'), call: 'srflx' } as const;
    const observation = observe(recorded([{ type: 'data-channel', ...at, state: 'open' }, gathered, other]));
    expect(observation.calls?.map(({ outcome }) => outcome)).toEqual(['connected', 'no-candidates']);
    expect(verdictOf(observation, [])).toBe('ok');
  });

  it('hold so many candidates and no more', () => {
    const flood = Array.from({ length: 5000 }, (_, index) => ({
      type: 'signaling' as const,
      ...at,
      direction: 'received' as const,
      message: 'candidate' as const,
      candidate: `candidate:${index}`,
      error: null,
    }));
    expect(observe(recorded(flood)).calls?.[0]?.peers[0]?.candidates).toHaveLength(500);
  });
});

describe('statistics', () => {
  it('of a bridge are those of the server behind it', () => {
    const stats = [
      { id: 'T', type: 'transport', dtlsState: 'connected', selectedCandidatePairId: 'P' },
      { id: 'L', type: 'local-candidate', candidateType: 'relay', relayProtocol: 'tcp', url: 'turn:127.0.0.1:9' },
      { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'gone', state: 'succeeded' },
    ];
    expect(readStats(stats, { 'turns:example.org': 'turn:127.0.0.1:9' })).toMatchObject({
      dtlsState: 'connected',
      pairs: [{ selected: true, local: { relayProtocol: 'tls' }, remote: { candidateType: 'unknown' } }],
    });
    expect(readStats(stats).pairs[0]?.local.relayProtocol).toBe('tcp');
  });

  it.each([
    ['in-progress', 0, 'in-progress'],
    ['in-progress', 3, 'succeeded'],
    ['failed', 3, 'failed'],
  ])('of a pair that is %s, with %i answers: it has %s', (state, responsesReceived, told) => {
    const stats = [{ id: 'P', type: 'candidate-pair', state, responsesReceived }];
    expect(readStats(stats).pairs[0]?.state).toBe(told);
  });

  it('of any form are borne', () => {
    expect(readStats([null, 7, {}, { type: 'candidate-pair', requestsSent: 'x', nominated: 1 }])).toMatchObject({
      dtlsState: null,
      pairs: [{ id: '', requestsSent: 0, nominated: false, selected: false, rttMs: null }],
    });
  });
});
