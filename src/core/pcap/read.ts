import { fail, ok, type Result } from '../result.ts';

/** A packet as it stands in a capture file, with its link-layer header. */
export interface CapturedFrame {
  /** From 1, as Wireshark numbers them. */
  readonly number: number;
  /** Seconds since 1970; undefined where the file has none (simple packet blocks). */
  readonly time: number | undefined;
  /** LINKTYPE_ of the interface it was seen on. */
  readonly linkType: number;
  /** As much as was captured, which may be less than there was. */
  readonly bytes: Uint8Array;
  /** How many bytes there were. */
  readonly originalLength: number;
}

/** Why a file could not be read to its end, and where. What came before is still good. */
export interface CaptureError {
  readonly offset: number;
  readonly message: string;
}

export interface Capture {
  readonly format: 'pcap' | 'pcapng';
  readonly frames: readonly CapturedFrame[];
  /** Set where the file ends within a packet, as it does when a capture is still running. */
  readonly truncated?: CaptureError;
}

/** Whether the bytes begin as a capture file of a kind that {@link readCapture} knows. */
export function looksLikeCapture(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && (pcapMagic(bytes) !== undefined || readUint(bytes, 0, false) === SECTION_HEADER);
}

/** Reads pcap (of either byte order, micro- or nanoseconds) and pcapng. Never throws. */
export function readCapture(bytes: Uint8Array): Result<Capture, CaptureError> {
  if (bytes.length < 4) return fail({ offset: 0, message: 'too short for a capture file' });
  const magic = pcapMagic(bytes);
  if (magic !== undefined) return readPcap(bytes, magic.littleEndian, magic.unit);
  if (readUint(bytes, 0, false) === SECTION_HEADER) return readPcapng(bytes);
  return fail({ offset: 0, message: 'neither pcap nor pcapng' });
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

interface PcapMagic {
  readonly littleEndian: boolean;
  /** Length of the fraction's unit in seconds. */
  readonly unit: number;
}

function pcapMagic(bytes: Uint8Array): PcapMagic | undefined {
  for (const littleEndian of [false, true]) {
    const magic = readUint(bytes, 0, littleEndian);
    if (magic === 0xa1b2c3d4) return { littleEndian, unit: 1e-6 };
    if (magic === 0xa1b23c4d) return { littleEndian, unit: 1e-9 };
  }
  return undefined;
}

function readPcap(bytes: Uint8Array, littleEndian: boolean, unit: number): Result<Capture, CaptureError> {
  if (bytes.length < 24) return fail({ offset: bytes.length, message: 'the header of the pcap file is cut off' });
  const linkType = readUint(bytes, 20, littleEndian) & 0x0fff_ffff;
  const frames: CapturedFrame[] = [];
  for (let at = 24; at < bytes.length; ) {
    if (at + 16 > bytes.length) return ok({ format: 'pcap', frames, truncated: cutOff(at) });
    const length = readUint(bytes, at + 8, littleEndian);
    const end = at + 16 + length;
    if (end > bytes.length) return ok({ format: 'pcap', frames, truncated: cutOff(at) });
    frames.push({
      number: frames.length + 1,
      time: readUint(bytes, at, littleEndian) + readUint(bytes, at + 4, littleEndian) * unit,
      linkType,
      bytes: bytes.subarray(at + 16, end),
      originalLength: readUint(bytes, at + 12, littleEndian),
    });
    at = end;
  }
  return ok({ format: 'pcap', frames });
}

interface Interface {
  readonly linkType: number;
  /** Ticks per second. */
  readonly resolution: number;
}

/** draft-ietf-opsawg-pcapng: blocks that each carry their length before and after; unknown ones are skipped. */
function readPcapng(bytes: Uint8Array): Result<Capture, CaptureError> {
  const frames: CapturedFrame[] = [];
  let interfaces: Interface[] = [];
  let littleEndian = false;
  for (let at = 0; at < bytes.length; ) {
    if (at + 12 > bytes.length) return ok({ format: 'pcapng', frames, truncated: cutOff(at) });
    if (readUint(bytes, at, false) === SECTION_HEADER) {
      littleEndian = readUint(bytes, at + 8, true) === BYTE_ORDER_MAGIC;
      if (!littleEndian && readUint(bytes, at + 8, false) !== BYTE_ORDER_MAGIC) {
        return fail({ offset: at + 8, message: 'the byte-order magic of the section is wrong' });
      }
      interfaces = [];
    }
    const type = readUint(bytes, at, littleEndian);
    const length = readUint(bytes, at + 4, littleEndian);
    if (length < 12 || length % 4 !== 0) return fail({ offset: at + 4, message: `a block of ${length} bytes` });
    if (at + length > bytes.length) return ok({ format: 'pcapng', frames, truncated: cutOff(at) });
    const block = { bytes: bytes.subarray(at + 8, at + length - 4), littleEndian };
    if (type === INTERFACE_DESCRIPTION) interfaces.push(readInterface(block));
    const frame = readPacketBlock(type, block, interfaces, frames.length + 1);
    if (frame !== undefined) frames.push(frame);
    at += length;
  }
  return ok({ format: 'pcapng', frames });
}

interface Block {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
}

function readInterface({ bytes, littleEndian }: Block): Interface {
  const linkType = readUint16(bytes, 0, littleEndian);
  for (let at = 8; at + 4 <= bytes.length; ) {
    const code = readUint16(bytes, at, littleEndian);
    const length = readUint16(bytes, at + 2, littleEndian);
    if (code === 0) break;
    if (code === 9 && length === 1) {
      // if_tsresol: a power of ten, or of two with the highest bit set.
      const value = bytes[at + 4] ?? 6;
      return { linkType, resolution: value < 128 ? 10 ** value : 2 ** (value & 0x7f) };
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType, resolution: 1e6 };
}

function readPacketBlock(
  type: number,
  { bytes, littleEndian }: Block,
  interfaces: readonly Interface[],
  number: number,
): CapturedFrame | undefined {
  if (type === SIMPLE_PACKET) {
    const originalLength = readUint(bytes, 0, littleEndian);
    const linkType = interfaces[0]?.linkType ?? 1;
    return { number, time: undefined, linkType, bytes: bytes.subarray(4, 4 + originalLength), originalLength };
  }
  if (type !== ENHANCED_PACKET && type !== PACKET) return undefined;
  const id = type === PACKET ? readUint16(bytes, 0, littleEndian) : readUint(bytes, 0, littleEndian);
  const { linkType, resolution } = interfaces[id] ?? { linkType: 1, resolution: 1e6 };
  const ticks = readUint(bytes, 4, littleEndian) * 2 ** 32 + readUint(bytes, 8, littleEndian);
  const length = readUint(bytes, 12, littleEndian);
  const originalLength = readUint(bytes, 16, littleEndian);
  return { number, time: ticks / resolution, linkType, bytes: bytes.subarray(20, 20 + length), originalLength };
}

function cutOff(offset: number): CaptureError {
  return { offset, message: 'the file ends within a packet' };
}

function readUint(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const high = readUint16(bytes, littleEndian ? at + 2 : at, littleEndian);
  return high * 0x10000 + readUint16(bytes, littleEndian ? at : at + 2, littleEndian);
}

function readUint16(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const [a = 0, b = 0] = [bytes[at], bytes[at + 1]];
  return littleEndian ? b * 256 + a : a * 256 + b;
}
