import { describe, expect, it } from 'vitest';
import { Foundations } from '../../../src/core/ice/foundation.ts';
import {
  candidatePriority,
  interleaveFamilies,
  Priorities,
  priorityParts,
  TYPE_PREFERENCE,
} from '../../../src/core/ice/priority.ts';
import { formatCandidate, parseCandidate } from '../../../src/core/ice/sdp.ts';

describe('a candidate-attribute', () => {
  // RFC 8839 5.1 and RFC 6544 4.5's examples, and what browsers write.
  it.each([
    'candidate:1 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998',
    'candidate:1 2 udp 2130706178 fe80::6676:baff:fe9c:ee4a 8998 typ host',
    'candidate:842163049 1 udp 1677729535 203.0.113.7 51472 typ srflx raddr 0.0.0.0 rport 0',
    'candidate:1 1 tcp 2128609279 10.0.1.1 9 typ host tcptype active',
    'candidate:0 1 udp 2122187007 5f3b0ad8-46ea-4a6d-b9b9-4d6c5ad1c0b5.local 50371 typ host',
  ])('is written as it was read: %s', (text) => {
    const parsed = parseCandidate(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(formatCandidate(parsed.value)).toBe(text);
  });

  it('may begin with a=, end in a line break, and carry extensions', () => {
    const parsed = parseCandidate(
      'a=candidate:4 1 UDP 41886207 203.0.113.9 50000 typ relay raddr 192.0.2.1 rport 4 generation 0 ufrag x\r\n',
    );
    expect(parsed).toEqual({
      ok: true,
      value: {
        foundation: '4',
        component: 1,
        protocol: 'udp',
        priority: 41886207,
        address: '203.0.113.9',
        port: 50000,
        type: 'relay',
        relatedAddress: '192.0.2.1',
        relatedPort: 4,
        tcpType: null,
        extensions: [
          ['generation', '0'],
          ['ufrag', 'x'],
        ],
      },
    });
  });

  it.each([
    ['', 1, 'a candidate begins with "candidate:"'],
    ['candidat:1 1 udp 1 192.0.2.1 1 typ host', 1, 'a candidate begins with "candidate:"'],
    ['candidate: 1 udp 1 192.0.2.1 1 typ host', 11, 'the foundation has 1 to 32 letters, digits, "+" or "/"'],
    ['candidate:a,b 1 udp 1 192.0.2.1 1 typ host', 11, 'the foundation has 1 to 32 letters, digits, "+" or "/"'],
    ['candidate:1 0 udp 1 192.0.2.1 1 typ host', 13, 'expected a component from 1 to 256'],
    ['candidate:1 1', 14, 'expected a transport such as udp'],
    ['candidate:1 1 udp 2147483648 192.0.2.1 1 typ host', 19, 'expected a priority from 1 to 2147483647'],
    ['candidate:1 1 udp 1 192.0.2.1 65536 typ host', 31, 'expected a port from 0 to 65535'],
    ['candidate:1 1 udp 1 192.0.2.1 1 type host', 33, 'expected "typ"'],
    ['candidate:1 1 udp 1 192.0.2.1 1 typ local', 37, 'expected host, srflx, prflx or relay'],
    ['candidate:1 1 udp 1 192.0.2.1 1 typ host rport x', 48, 'expected a port from 0 to 65535'],
    ['candidate:1 1 tcp 1 192.0.2.1 1 typ host tcptype slow', 50, 'expected active, passive or so'],
    ['candidate:1 1 udp 1 192.0.2.1 1 typ host raddr', 47, '"raddr" has no value'],
  ])('that is wrong says where: %j', (text, column, message) => {
    expect(parseCandidate(text)).toEqual({ ok: false, error: { column, message } });
  });
});

describe('priorities', () => {
  it('are those of RFC 8445 5.1.2.1, and come apart again', () => {
    expect(candidatePriority(126, 65_535, 1)).toBe(2_130_706_431);
    expect(candidatePriority(TYPE_PREFERENCE.srflx, 65_535, 1)).toBe(1_694_498_815);
    expect(priorityParts(1_694_498_815)).toEqual({ typePreference: 100, localPreference: 65_535, component: 1 });
    expect(priorityParts(candidatePriority(110, 1234, 256))).toEqual({
      typePreference: 110,
      localPreference: 1234,
      component: 256,
    });
  });

  it('differ for all candidates of a type, and fall with the rank of the base and the way to the relay', () => {
    const priorities = new Priorities();
    const relay = { type: 'relay', protocol: 'udp' } as const;
    const all = [
      priorities.assign({ ...relay, relayProtocol: 'udp', rank: 0 }),
      priorities.assign({ ...relay, relayProtocol: 'udp', rank: 0 }),
      priorities.assign({ ...relay, relayProtocol: 'tcp', rank: 0 }),
      priorities.assign({ ...relay, relayProtocol: 'tls', rank: 0 }),
      priorities.assign({ ...relay, relayProtocol: 'udp', rank: 1 }),
    ];
    expect(all).toEqual([...all].sort((a, b) => b - a));
    expect(new Set(all).size).toBe(5);
  });

  it('stay apart for thousands of candidates, and in the range of RFC 8445', () => {
    const priorities = new Priorities();
    const seen = new Set<number>();
    for (let i = 0; i < 2000; i++) {
      seen.add(priorities.assign({ type: 'srflx', protocol: 'udp', relayProtocol: null, rank: i % 300 }));
    }
    expect(seen.size).toBe(2000);
    for (const priority of seen) expect(priority > 0 && priority < 2 ** 31).toBe(true);
  });

  it('rank the families in turns, IPv6 first (RFC 8421)', () => {
    const bases = ([4, 4, 4, 6, 6] as const).map((family, i) => ({ family, name: `${family}-${i}` }));
    expect(interleaveFamilies(bases).map(({ name }) => name)).toEqual(['6-3', '4-0', '6-4', '4-1', '4-2']);
  });
});

describe('foundations', () => {
  const host = {
    type: 'host',
    protocol: 'udp',
    baseAddress: '192.0.2.1',
    serverAddress: null,
    relayProtocol: null,
  } as const;

  it('are the same for what RFC 8445 5.1.1.3 calls the same, and say nothing of the address', () => {
    const foundations = new Foundations();
    expect(foundations.of(host)).toBe('1');
    expect(foundations.of({ ...host, type: 'srflx', serverAddress: '198.51.100.1' })).toBe('2');
    expect(foundations.of({ ...host, baseAddress: '192.0.2.2' })).toBe('3');
    expect(foundations.of({ ...host, protocol: 'tcp' })).toBe('4');
    expect(foundations.of({ ...host, type: 'srflx', serverAddress: '198.51.100.2' })).toBe('5');
    expect(foundations.of({ ...host })).toBe('1');
    const relay = { ...host, type: 'relay', serverAddress: '198.51.100.1' } as const;
    expect(foundations.of({ ...relay, relayProtocol: 'tcp' })).not.toBe(
      foundations.of({ ...relay, relayProtocol: 'tls' }),
    );
    expect(foundations.of({ ...host, type: 'srflx', serverAddress: '198.51.100.1' })).toBe('2');
  });
});
