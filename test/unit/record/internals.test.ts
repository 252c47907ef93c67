import { describe, expect, it } from 'vitest';
import { makeReport } from '../../../src/diagnosis/make-report.ts';
import type { RunEvent } from '../../../src/record/events.ts';
import { type InternalsDump, isInternalsDump, readInternalsDump } from '../../../src/record/internals.ts';
import { expectEvent, expectReport } from '../../support/schema.ts';

const T0 = Date.parse('2026-03-01T12:00:00.000Z');
const TURN = 'turn:turn.example.org:3478?transport=udp';

/** As Chromium 156 writes it. */
const recent = {
  UserAgent: 'Chrome/156',
  PeerConnections: {
    '8-2': {
      rtcConfiguration: '{"iceServers":[]}',
      updateLog: [{ type: 'onsignalingstatechange', value: '"stable"', timestamp: T0 }],
    },
    '8-1': {
      url: 'https://app.example.org/',
      rtcConfiguration: JSON.stringify({
        iceServers: [{ urls: ['stun:stun.example.org:3478', TURN] }],
        iceTransportPolicy: 'all',
      }),
      updateLog: [
        { type: 'onicegatheringstatechange', value: '"gathering"', timestamp: T0 },
        {
          type: 'onicecandidate',
          value: JSON.stringify({
            sdpMid: '0',
            candidate: 'candidate:1 1 udp 2113937151 192.168.1.5 39988 typ host generation 0 ufrag x',
          }),
          timestamp: T0 + 10,
        },
        {
          type: 'onicecandidateerror',
          value: JSON.stringify({
            url: TURN,
            errorCode: 401,
            errorText: 'Unauthorized.',
            address: '192.168.1.x',
            port: 1,
          }),
          timestamp: T0 + 60.5,
        },
        { type: 'onicegatheringstatechange', value: '"complete"', timestamp: T0 + 80 },
        { type: 'oniceconnectionstatechange', value: '"failed"', timestamp: T0 + 15_000 },
      ],
      stats: { 'CP1_2-state': { statsType: 'candidate-pair', values: '["in-progress","failed"]' } },
    },
  },
};

/** As older versions wrote it. */
const older = {
  PeerConnections: {
    '1-1': {
      rtcConfiguration: `{ iceServers: [stun:stun.example.org, ${TURN}], iceTransportPolicy: relay, bundlePolicy: balanced }`,
      updateLog: [
        { time: '3/1/2026, 12:00:00 PM', type: 'icegatheringstatechange', value: 'ICEGatheringStateGathering' },
        {
          time: '3/1/2026, 12:00:01 PM',
          type: 'icecandidate',
          value: `sdpMid: 0, sdpMLineIndex: 0, candidate: candidate:7 1 udp 41885439 203.0.113.9 50000 typ relay raddr 198.51.100.1 rport 4000 generation 0 ufrag x, url: ${TURN}, relayProtocol: udp`,
        },
        {
          time: '3/1/2026, 12:00:01 PM',
          type: 'icecandidateerror',
          value:
            'url: stun:stun.example.org:3478\naddress: 192.168.1.x\nport: 5000\nhost_candidate: 192.168.1.x:5000\nerror_text: STUN host lookup received error.\nerror_code: 701',
        },
      ],
    },
  },
};

function eventsOf(dump: InternalsDump): readonly RunEvent[] {
  const events = readInternalsDump(dump);
  if (!events.ok) throw new Error(events.error);
  return events.value;
}

describe('a webrtc-internals dump', () => {
  it('of a failed call goes through the same diagnosis', () => {
    expect(isInternalsDump(recent)).toBe(true);
    const events = eventsOf(recent);
    for (const event of events) expectEvent(event);
    const report = makeReport(events);
    expectReport(report);
    expect(report).toMatchObject({
      command: 'webrtc-internals',
      startedAt: '2026-03-01T12:00:00.000Z',
      verdict: 'error',
    });
    expect(report.findings[0]).toMatchObject({ id: 'auth.bad-credentials', subject: TURN });
    expect(report.findings.map(({ id }) => id)).not.toContain('config.missing-credential');
    expect(report.gatherings).toMatchObject([
      {
        vantage: 'browser',
        userAgent: 'Chrome/156',
        states: [
          { state: 'new', ms: 0 },
          { state: 'gathering', ms: 0 },
          { state: 'complete', ms: 80 },
        ],
        candidates: [{ type: 'host', address: '192.168.1.5', ms: 10 }],
        errors: [{ url: TURN, errorCode: 401, errorText: 'Unauthorized.', ms: 60.5 }],
      },
    ]);
    expect(report.notes).toContain('ICE connection: failed');
    expect(events.find(({ type }) => type === 'candidate-pair')).toMatchObject({
      pair: { id: 'CP1_2', state: 'failed' },
    });
  });

  it('of an older version is read too', () => {
    const report = makeReport(eventsOf(older));
    expect(report.configuration).toMatchObject({
      iceTransportPolicy: 'relay',
      iceServers: [{ urls: ['stun:stun.example.org'] }, { urls: [TURN] }],
    });
    const [gathering] = report.gatherings ?? [];
    expect(gathering?.candidates).toMatchObject([
      { type: 'relay', address: '203.0.113.9', url: TURN, relayProtocol: 'udp', ms: 1000 },
    ]);
    expect(gathering?.errors).toMatchObject([{ errorCode: 701, errorText: 'STUN host lookup received error.' }]);
  });

  it('without a connection says so, and nothing in it can make the reader throw otherwise', () => {
    expect(readInternalsDump({ PeerConnections: {} })).toMatchObject({
      ok: false,
      error: expect.stringContaining('no peer connection'),
    });
    const odd = {
      updateLog: [{}, { type: 'onicecandidate', value: '{' }, { type: 'icecandidateerror', value: 'error_code: x' }],
      stats: { x: {} },
    };
    expect(eventsOf({ PeerConnections: { a: odd } }).length).toBeGreaterThan(0);
    expect(isInternalsDump({ schema: 'iceprobe.report/1' })).toBe(false);
  });
});
