import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex } from '../../../src/core/bytes.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { Data, Software } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { type Frame, StreamFramer } from '../../../src/core/stun/framing.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../../src/core/turn/channel-data.ts';
import { encodeUtf8 } from '../../../src/core/utf8.ts';

const id = new Uint8Array(12).fill(7);
const binding = new MessageBuilder('request', Method.Binding, id).build();
const long = new MessageBuilder('indication', Method.Data, id)
  .add(Data, new Uint8Array(3001))
  .add(Software, 'x')
  .build();
const channel = (length: number) => encodeChannelData(0x4002, new Uint8Array(length).fill(length), { padded: true });

/** Pushes the bytes cut at the places given. */
function frame(bytes: Uint8Array, cuts: readonly number[] = []): Frame[] {
  const framer = new StreamFramer();
  const edges = [0, ...cuts, bytes.length];
  const frames = edges.slice(1).flatMap((end, i) => framer.push(bytes.slice(edges[i], end)));
  const error = framer.end();
  return error === undefined ? frames : [...frames, error];
}

const summary = (frames: readonly Frame[]) =>
  frames.map((f) => (f.kind === 'error' ? `${f.code}@${f.offset}` : `${f.kind} ${toHex(f.bytes)}`));

describe('StreamFramer', () => {
  const pieces = [binding, channel(0), channel(1), channel(2), long, channel(3), channel(4), binding, channel(1200)];
  const stream = concatBytes(...pieces);
  const expected = pieces.map((bytes) => `${(bytes[0] ?? 0) < 4 ? 'stun' : 'channel-data'} ${toHex(bytes)}`);

  it('cuts a stream in one piece', () => {
    expect(summary(frame(stream))).toEqual(expected);
  });

  it('gives the same frames for every place of one cut', () => {
    const short = concatBytes(binding, channel(0), channel(3), binding);
    for (let cut = 0; cut <= short.length; cut++) {
      expect(summary(frame(short, [cut]))).toEqual(summary(frame(short)));
    }
  });

  it('gives the same frames byte by byte, and however it is chunked', () => {
    expect(summary(frame(stream, [...stream.keys()]))).toEqual(expected);
    const random = seededRandom(3);
    for (let run = 0; run < 200; run++) {
      const cuts = Array.from({ length: 12 }, () => randomInteger(random, stream.length)).sort((a, b) => a - b);
      expect(summary(frame(stream, cuts))).toEqual(expected);
    }
  });

  it('delivers a frame with its last byte, not one later', () => {
    const framer = new StreamFramer();
    framer.push(binding);
    expect(framer.push(channel(0))).toHaveLength(1);
    const bytes = channel(5);
    expect(framer.push(bytes.subarray(0, bytes.length - 1))).toEqual([]);
    expect(framer.push(bytes.subarray(bytes.length - 1))).toHaveLength(1);
    expect(framer.bufferedBytes).toBe(0);
  });

  it('holds no more than one frame, however much comes', () => {
    const framer = new StreamFramer();
    const largest = concatBytes(
      binding.slice(0, 2),
      Uint8Array.of(0xff, 0xfc),
      binding.slice(4),
      new Uint8Array(65_532),
    );
    const twice = concatBytes(largest, largest);
    for (let at = 0; at < twice.length; at += 1000) {
      framer.push(twice.subarray(at, at + 1000));
      expect(framer.bufferedBytes).toBeLessThan(65_552);
    }
    expect(framer.bufferedBytes).toBe(0);
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n', 'http', 'HTTP/1.1 400 Bad Request'],
    ['GET / HTTP/1.1\r\n', 'http', 'GET / HTTP/1.1'],
    ['SSH-2.0-OpenSSH_9.2p1\r\n', 'ssh', 'SSH-2.0-OpenSSH_9.2p1'],
    ['220 mail.example ESMTP\r\n', 'mail-or-ftp', '220 mail.example ESMTP'],
    ['\x15\x03\x01\x00\x02\x02\x46', 'tls', 'the TLS alert protocol_version'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01', 'tls', 'a TLS handshake'],
    ['\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00', 'http2', 'an HTTP/2 SETTINGS frame'],
    ['SSH-\x1b[31m\x07', 'ssh', 'SSH-.[31m.'],
  ])('names what is no STUN: %j', (text, name, says) => {
    const bytes = encodeUtf8(text);
    for (const before of [new Uint8Array(), binding, concatBytes(binding, channel(9))]) {
      const frames = frame(concatBytes(before, bytes));
      const error = frames.at(-1);
      expect(error).toMatchObject({ kind: 'error', code: 'not-stun', offset: before.length, protocol: { name, says } });
      expect(error?.kind === 'error' ? toHex(error.firstBytes) : '').toBe(toHex(bytes.subarray(0, 32)));
      // Byte by byte the first line is not there yet, but the protocol is known all the same, after eight bytes at the most.
      const slow = frame(
        concatBytes(before, bytes),
        [...bytes.keys()].map((n) => before.length + n),
      ).at(-1);
      expect(slow).toMatchObject({ kind: 'error', code: 'not-stun', offset: before.length, protocol: { name } });
    }
  });

  it.each([
    ['0001 0000 00000000 00', 'bad-cookie@0'],
    ['0001 0003 2112a442 00', 'unaligned-length@0'],
    ['4001 0001 aa000000', 'early-channel-data@0'],
    ['6383 0001 aa000000', 'early-channel-data@0'],
    ['1400 0000 00000000', 'not-stun@0'],
    ['80 00 00 00', 'not-stun@0'],
    ['0001 0008 2112a442 00', 'truncated@0'],
    ['00', 'truncated@0'],
  ])('%s: %s', (bytes, code) => {
    expect(summary(frame(fromHex(bytes.replaceAll(' ', '')) ?? id))).toEqual([code]);
  });

  it('stays silent after an error, whatever follows', () => {
    const framer = new StreamFramer();
    expect(framer.push(Uint8Array.of(255, 255, 255, 255))).toHaveLength(1);
    expect(framer.push(binding)).toEqual([]);
    expect(framer.end()).toBeUndefined();
    expect(framer.error?.code).toBe('not-stun');
  });

  it('never throws on random bytes, and ends in the same way however they are chunked', () => {
    const random = seededRandom(11);
    for (let run = 0; run < 3000; run++) {
      const noise = random.bytes(1 + randomInteger(random, 60));
      if (run % 2 === 0) noise[0] = (noise[0] ?? 0) & 0x43;
      const bytes = concatBytes(binding, noise);
      const cuts = Array.from({ length: 5 }, () => randomInteger(random, bytes.length)).sort((a, b) => a - b);
      expect(summary(frame(bytes, cuts))).toEqual(summary(frame(bytes)));
    }
  });
});
