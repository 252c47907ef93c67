import { fromHex, toHex } from '../../../src/core/bytes.ts';
import { type Random, randomInteger } from '../../../src/core/random.ts';
import { type Frame, MAX_FRAME_LENGTH, StreamFramer } from '../../../src/core/stun/framing.ts';
import { decodeChannelData, encodeChannelData } from '../../../src/core/turn/channel-data.ts';
import { authenticProofs, examine, stunCorpus } from '../../support/examine-stun.ts';
import { readHexLines } from '../../support/fixtures.ts';
import { demand, type FuzzTarget, utf8 } from '../target.ts';

const originals = stunCorpus(1);
const authentic = authenticProofs(originals);
const keys = [...new Map(originals.slice(0, 8).map(({ key }) => [toHex(key), key])).values()];

export const stun: FuzzTarget = {
  name: 'stun',
  reads: 'STUN messages: attributes, integrity, FINGERPRINT, and what is said of them',
  seeds: () => [...originals.map(({ bytes }) => bytes), ...readHexLines('stun/regressions.hex')],
  run(input, random) {
    const key = keys[randomInteger(random, keys.length)] ?? new Uint8Array();
    return examine(input, key, authentic) === 'refused' ? 'refused' : 'read';
  },
};

export const channelData: FuzzTarget = {
  name: 'channel-data',
  reads: 'ChannelData, as a datagram',
  seeds: () => [0, 1, 3, 4, 172].map((length) => encodeChannelData(0x4001, new Uint8Array(length), { padded: true })),
  run(input) {
    const decoded = decodeChannelData(input);
    if (!decoded.ok) {
      demand(decoded.error.offset <= input.length, 'the error is placed beyond the end');
      return 'refused';
    }
    const { channel, data } = decoded.value;
    const again = encodeChannelData(channel, data, { padded: false });
    demand(toHex(again) === toHex(input.subarray(0, again.length)), 'encoded again it is something else');
    return 'read';
  },
};

export const framing: FuzzTarget = {
  name: 'framing',
  reads: 'TCP and TLS streams, however they are cut',
  seeds: () => [
    Buffer.concat(originals.slice(0, 6).map(({ bytes }) => bytes)),
    Buffer.concat([
      originals[0]?.bytes ?? new Uint8Array(),
      encodeChannelData(0x4001, new Uint8Array(37), { padded: true }),
    ]),
    utf8('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
    utf8('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'),
    utf8('PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n'),
    fromHex('16030100050100000100') ?? new Uint8Array(),
  ],
  run(input, random) {
    const whole = framesOf([input]);
    const pieces = framesOf(cut(input, random));
    demand(whole === pieces, 'how a stream is cut changes what is read');
    return whole.includes('stun') || whole.includes('channel-data') ? 'read' : 'refused';
  },
};

function framesOf(chunks: readonly Uint8Array[]): string {
  const framer = new StreamFramer();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    frames.push(...framer.push(chunk));
    demand(framer.bufferedBytes <= MAX_FRAME_LENGTH, 'more than a frame is held');
  }
  const last = framer.end();
  if (last !== undefined) frames.push(last);
  return frames
    .map((frame) =>
      frame.kind === 'error' ? `error ${frame.code} ${frame.offset}` : `${frame.kind} ${toHex(frame.bytes)}`,
    )
    .join('\n');
}

function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const most = 1 + randomInteger(random, 60);
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + randomInteger(random, most);
    // Sockets reuse nothing, and neither is anything shared here: frames may point into their chunk.
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}
