import type { SocketAddress } from '../../core/address.ts';
import { dissect, type Segment } from '../../core/pcap/dissect.ts';
import { type Capture, type CaptureError, readCapture } from '../../core/pcap/read.ts';
import { TcpStream } from '../../core/pcap/tcp-stream.ts';
import { ok, type Result } from '../../core/result.ts';
import { StreamFramer } from '../../core/stun/framing.ts';
import { looksLikeStun } from '../../core/stun/message.ts';
import { looksLikeChannelData } from '../../core/turn/channel-data.ts';

/** What may be a STUN message or ChannelData, and where it was seen. */
export interface FoundPacket {
  readonly bytes: Uint8Array;
  /** Undefined for bytes that were given by themselves. */
  readonly seen?: {
    /** The frame's number in the capture. */
    readonly frame: number;
    /** Seconds since 1970. */
    readonly time: number | undefined;
    readonly protocol: 'udp' | 'tcp';
    readonly from: SocketAddress;
    readonly to: SocketAddress;
  };
}

export interface FoundInCapture {
  readonly packets: readonly FoundPacket[];
  readonly capture: Capture;
  /** Frames without any STUN or TURN in them. */
  readonly others: number;
}

/** The STUN messages in a capture, and the ChannelData of conversations that had a message before. */
export function packetsInCapture(bytes: Uint8Array): Result<FoundInCapture, CaptureError> {
  const capture = readCapture(bytes);
  if (!capture.ok) return capture;
  const finder = new PacketFinder();
  for (const frame of capture.value.frames) {
    const segment = dissect(frame);
    if (segment?.protocol === 'udp') finder.addDatagram(segment);
    else if (segment?.protocol === 'tcp') finder.addSegment(segment);
  }
  const packets = finder.finish();
  const frames = new Set(packets.map((packet) => packet.seen?.frame));
  return ok({ packets, capture: capture.value, others: capture.value.frames.length - frames.size });
}

/** A packet given by itself: a message, or a frame of Ethernet or IP around one, as tcpdump -x prints it. */
export function unwrap(bytes: Uint8Array): FoundPacket | undefined {
  if (looksLikeStun(bytes)) return { bytes };
  for (const linkType of [101, 1]) {
    const segment = dissect({ number: 1, time: undefined, linkType, bytes, originalLength: bytes.length });
    if (segment !== undefined && looksLikeStun(segment.payload)) return found(segment, segment.payload);
  }
  return undefined;
}

interface Direction {
  readonly stream: TcpStream;
  framer: StreamFramer;
  /** The framer has given up: the stream is something else, TLS for one. */
  lost: boolean;
}

class PacketFinder {
  readonly #packets: FoundPacket[] = [];
  /** 5-tuples, as text in both directions, that carried STUN: ChannelData alone could be anything. */
  readonly #conversations = new Set<string>();
  readonly #directions = new Map<string, Direction>();

  addDatagram(segment: Segment): void {
    const { payload } = segment;
    const key = keyOf(segment);
    if (looksLikeStun(payload)) {
      this.#conversations.add(key).add(reverseKeyOf(segment));
      this.#packets.push(found(segment, payload));
    } else if (looksLikeChannelData(payload) && this.#conversations.has(key)) {
      this.#packets.push(found(segment, payload));
    }
  }

  addSegment(segment: Segment): void {
    const key = keyOf(segment);
    let direction = this.#directions.get(key);
    if (direction === undefined) {
      direction = { stream: new TcpStream(), framer: new StreamFramer(), lost: false };
      this.#directions.set(key, direction);
    }
    this.#take(direction, direction.stream.push(segment), segment.syn);
  }

  finish(): FoundPacket[] {
    for (const direction of this.#directions.values()) {
      for (let chunks = direction.stream.skipGap(); chunks.length > 0; chunks = direction.stream.skipGap()) {
        this.#take(direction, chunks, false);
      }
    }
    return this.#packets.toSorted((a, b) => (a.seen?.frame ?? 0) - (b.seen?.frame ?? 0));
  }

  #take(direction: Direction, chunks: ReturnType<TcpStream['push']>, isNew: boolean): void {
    if (isNew) Object.assign(direction, { framer: new StreamFramer(), lost: false });
    for (const { segment, bytes, afterGap } of chunks) {
      if (afterGap) Object.assign(direction, { framer: new StreamFramer(), lost: false });
      if (direction.lost) continue;
      for (const frame of direction.framer.push(bytes)) {
        if (frame.kind === 'error') direction.lost = true;
        else this.#packets.push(found(segment, frame.bytes.slice()));
      }
    }
  }
}

function found(segment: Segment, bytes: Uint8Array): FoundPacket {
  const { frame, time, protocol, from, to } = segment;
  return { bytes, seen: { frame, time, protocol, from, to } };
}

function keyOf({ protocol, from, to }: Segment): string {
  return `${protocol} ${from.address} ${from.port} ${to.address} ${to.port}`;
}

function reverseKeyOf(segment: Segment): string {
  return keyOf({ ...segment, from: segment.to, to: segment.from });
}
