import { describe, expect, it } from 'vitest';
import type { TransportKind } from '../../../src/core/address.ts';
import type { StageData, StageEnded } from '../../../src/core/attempt.ts';
import { controlsFor, type Endpoint, noteStage } from '../../../src/probe/control-plan.ts';

function endpoint(
  transport: TransportKind,
  reached: Endpoint['reached'],
  failure?: StageData,
  port = 5349,
  host = 'turn.example',
): Endpoint {
  return { host, address: { family: 4, address: '192.0.2.1', port }, transport, reached, failure };
}

const urls = (given: Endpoint): string[] => controlsFor(given).map(({ url }) => url);

const TCP_SAME = 'turn:turn.example:5349?transport=tcp';
const UDP_SAME = 'stun:turn.example:5349';
const TLS_SAME = 'turns:turn.example:5349';
const STUN_SAME = 'stun:turn.example:5349?transport=tcp';
const UDP_3478 = 'stun:turn.example:3478';
const TCP_3478 = 'turn:turn.example:3478?transport=tcp';
const TCP_443 = 'turn:turn.example:443?transport=tcp';
const WEB = 'https://turn.example:5349';

describe('controlsFor', () => {
  it.each<[string, Endpoint, string[]]>([
    ['UDP that is silent', endpoint('udp', 'nothing'), [TCP_SAME, UDP_3478]],
    ['UDP that was silent to the end', endpoint('udp', 'nothing', { cause: 'timeout' }), [TCP_SAME, UDP_3478]],
    ['UDP that is refused', endpoint('udp', 'nothing', { cause: 'refused' }), []],
    ['UDP that answered with an error', endpoint('udp', 'answered', { cause: 'stun-error' }), []],
    ['TCP that does not connect', endpoint('tcp', 'nothing'), [TCP_3478, TCP_443, UDP_SAME]],
    ['TCP that is refused', endpoint('tcp', 'nothing', { cause: 'refused' }), []],
    ['TCP that says nothing', endpoint('tcp', 'connected'), [TLS_SAME, STUN_SAME]],
    ['TCP that hangs up', endpoint('tcp', 'connected', { cause: 'closed' }), [TLS_SAME, STUN_SAME]],
    ['TCP that is reset', endpoint('tcp', 'connected', { cause: 'reset' }), [TLS_SAME, STUN_SAME]],
    [
      'TCP that sends a TLS alert',
      endpoint('tcp', 'connected', { cause: 'not-stun', firstBytes: '15030100020250' }),
      [TLS_SAME],
    ],
    ['TCP that speaks HTTP', endpoint('tcp', 'connected', { cause: 'not-stun', firstBytes: '485454502f312e31' }), []],
    ['TLS that does not connect', endpoint('tls', 'nothing'), [TCP_3478, TCP_443, UDP_SAME]],
    ['TLS that is refused', endpoint('tls', 'nothing', { cause: 'refused' }), [UDP_3478, TCP_3478]],
    ['a handshake without an answer', endpoint('tls', 'connected'), [TCP_SAME]],
    [
      'a handshake that is reset',
      endpoint('tls', 'connected', { cause: 'tls', problem: 'handshake-failed: ECONNRESET: x' }),
      [TCP_SAME, WEB],
    ],
    [
      'a handshake with something else',
      endpoint('tls', 'connected', { cause: 'tls', problem: 'handshake-failed: ERR_SSL_X' }),
      [TCP_SAME],
    ],
    ['a certificate that is bad', endpoint('tls', 'connected', { cause: 'tls', problem: 'expired: CN=a' }), []],
    ['TLS that shook hands and is silent', endpoint('tls', 'shaken', { cause: 'timeout' }), []],
  ])('beside %s', (_, given, expected) => {
    expect(urls(given)).toEqual(expected);
  });

  it('does not ask the very port again that is silent', () => {
    expect(urls(endpoint('udp', 'nothing', undefined, 3478))).toEqual(['turn:turn.example:3478?transport=tcp']);
    expect(urls(endpoint('tcp', 'nothing', undefined, 443))).toEqual([TCP_3478, 'stun:turn.example:443']);
  });

  it('writes IPv6 hosts in brackets, and asks other ports only whether they connect', () => {
    const controls = controlsFor(endpoint('tcp', 'nothing', undefined, 80, '2001:db8::1'));
    expect(controls.map(({ url, until }) => [url, until])).toEqual([
      ['turn:[2001:db8::1]:3478?transport=tcp', 'connect'],
      ['turn:[2001:db8::1]:443?transport=tcp', 'connect'],
      ['stun:[2001:db8::1]:80', 'answer'],
    ]);
  });
});

describe('noteStage', () => {
  const stage = (name: StageEnded['stage'], status: StageEnded['status'], data: StageData = {}): StageEnded => ({
    type: 'stage',
    url: 'turn:turn.example',
    attempt: null,
    transport: null,
    stage: name,
    status,
    durationMs: 1,
    detail: '',
    data,
  });

  it('keeps what came furthest of several attempts, and the last failure', () => {
    const given = endpoint('tls', 'nothing');
    noteStage(given, stage('connect', 'pass'));
    noteStage(given, stage('tls', 'warn'));
    noteStage(given, stage('connect', 'pass'));
    expect(given.reached).toBe('shaken');
    noteStage(given, stage('connect', 'fail', { cause: 'timeout' }));
    expect(given).toMatchObject({ reached: 'shaken', failure: { cause: 'timeout' } });
    noteStage(given, stage('challenge', 'fail', { cause: 'stun-error' }));
    expect(given.reached).toBe('answered');
  });

  it('takes silence for no answer', () => {
    const given = endpoint('udp', 'nothing');
    noteStage(given, stage('binding', 'fail', { cause: 'timeout' }));
    noteStage(given, stage('binding', 'skip'));
    expect(given.reached).toBe('nothing');
  });
});
