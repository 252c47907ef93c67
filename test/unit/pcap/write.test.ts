import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { dissect, type Segment } from '../../../src/core/pcap/dissect.ts';
import { readCapture } from '../../../src/core/pcap/read.ts';
import { TcpStream } from '../../../src/core/pcap/tcp-stream.ts';
import { type PacketToWrite, PcapngWriter } from '../../../src/core/pcap/write.ts';

const ends = {
  4: {
    from: { family: 4, address: '192.0.2.1', port: 50_000 },
    to: { family: 4, address: '198.51.100.7', port: 3478 },
  },
  6: {
    from: { family: 6, address: '2001:db8::1', port: 50_000 },
    to: { family: 6, address: '2001:db8::7', port: 3478 },
  },
} as const satisfies Record<number, { from: SocketAddress; to: SocketAddress }>;

function segmentsOf(packets: readonly PacketToWrite[]): Segment[] {
  const writer = new PcapngWriter();
  const file = concatBytes(writer.header('iceprobe test'), ...packets.map((packet) => writer.packet(packet)));
  const capture = readCapture(file);
  if (!capture.ok) throw new Error(capture.error.message);
  expect(capture.value.truncated).toBeUndefined();
  return capture.value.frames.map(dissect).filter((segment) => segment !== undefined);
}

describe('a capture file made from payloads', () => {
  it.each([4, 6] as const)('holds datagrams over IPv%i with their times and addresses', (family) => {
    const { from, to } = ends[family];
    const unixMs = 1_795_362_292_911.25;
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    const [sent, received] = segmentsOf([
      { unixMs, protocol: 'udp', from, to, bytes, comment: 'a comment' },
      { unixMs: unixMs + 1, protocol: 'udp', from: to, to: from, bytes: bytes.subarray(1) },
    ]);
    expect(sent).toMatchObject({ frame: 1, protocol: 'udp', from, to });
    expect(sent?.time).toBeCloseTo(unixMs / 1000, 6);
    expect([...(sent?.payload ?? [])]).toEqual([1, 2, 3, 4, 5]);
    expect(received).toMatchObject({ frame: 2, from: to, to: from });
    expect([...(received?.payload ?? [])]).toEqual([2, 3, 4, 5]);
  });

  it('holds both directions of a TCP stream, after a handshake', () => {
    const { from, to } = ends[4];
    const chunk = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
    const segments = segmentsOf([
      { unixMs: 1, protocol: 'tcp', from, to, bytes: chunk(10, 1) },
      { unixMs: 2, protocol: 'tcp', from: to, to: from, bytes: chunk(20, 2) },
      { unixMs: 3, protocol: 'tcp', from, to, bytes: chunk(100_000, 3) },
    ]);
    expect(segments.map(({ syn, payload }) => `${syn ? 'syn ' : ''}${payload.length}`)).toEqual([
      'syn 0',
      'syn 0',
      '0',
      '10',
      '20',
      '65475',
      '34525',
    ]);
    const stream = new TcpStream();
    const there = segments
      .filter((segment) => segment.from.port === from.port)
      .flatMap((segment) => stream.push(segment));
    expect(there.some(({ afterGap }) => afterGap)).toBe(false);
    expect([...concatBytes(...there.map(({ bytes }) => bytes))]).toEqual([...chunk(10, 1), ...chunk(100_000, 3)]);
  });
});

describe('a TCP stream', () => {
  const segment = (sequence: number, bytes: readonly number[], syn = false): Segment => ({
    frame: 1,
    time: 0,
    protocol: 'tcp',
    ...ends[4],
    payload: Uint8Array.from(bytes),
    sequence: sequence >>> 0,
    syn,
  });
  const read = (...segments: Segment[]): number[] => {
    const stream = new TcpStream();
    return segments.flatMap((each) => stream.push(each).flatMap(({ bytes }) => [...bytes]));
  };

  it.each([
    ['in order', [segment(0, [], true), segment(1, [1, 2]), segment(3, [3])], [1, 2, 3]],
    ['out of order', [segment(0, [], true), segment(3, [3]), segment(1, [1, 2])], [1, 2, 3]],
    ['retransmitted', [segment(1, [1, 2]), segment(1, [1, 2]), segment(3, [3])], [1, 2, 3]],
    ['overlapping', [segment(1, [1, 2]), segment(2, [2, 3])], [1, 2, 3]],
    ['begun in the middle', [segment(1000, [1]), segment(1001, [2])], [1, 2]],
    ['across the end of the numbers', [segment(-2, [1, 2, 3]), segment(1, [4])], [1, 2, 3, 4]],
    ['a new connection on the same ports', [segment(1, [1]), segment(500, [], true), segment(501, [2])], [1, 2]],
  ])('%s', (_name, segments, expected) => {
    expect(read(...segments)).toEqual(expected);
  });

  it('goes on behind a gap when asked, and marks it', () => {
    const stream = new TcpStream();
    stream.push(segment(1, [1]));
    expect(stream.push(segment(5, [5]))).toEqual([]);
    expect(stream.skipGap()).toMatchObject([{ afterGap: true, bytes: Uint8Array.of(5) }]);
    expect(stream.skipGap()).toEqual([]);
  });

  it('waits for a lost segment only so long', () => {
    const stream = new TcpStream();
    stream.push(segment(1, [1]));
    const late = Array.from({ length: 65 }, (_, i) => stream.push(segment(10 + i, [i])));
    expect(late.flat().map(({ afterGap }) => afterGap)).toEqual([true, ...new Array(64).fill(false)]);
  });
});
