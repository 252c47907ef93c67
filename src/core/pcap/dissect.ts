import { bytesToAddress, type SocketAddress } from '../address.ts';
import type { CapturedFrame } from './read.ts';

/** What a frame carries for a port, link and network headers taken off. */
export interface Segment {
  readonly frame: number;
  readonly time: number | undefined;
  readonly protocol: 'udp' | 'tcp';
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly payload: Uint8Array;
  /** TCP's sequence number of the first byte; 0 for UDP. */
  readonly sequence: number;
  readonly syn: boolean;
}

/** Undefined for what carries neither UDP nor TCP, for later fragments, and for what is cut too short to tell. */
export function dissect(frame: CapturedFrame): Segment | undefined {
  const packet = networkPacket(frame.linkType, frame.bytes);
  if (packet === undefined) return undefined;
  const version = (packet[0] ?? 0) >> 4;
  const ip = version === 4 ? readIPv4(packet) : version === 6 ? readIPv6(packet) : undefined;
  if (ip === undefined) return undefined;
  const segment = ip.protocol === 17 ? readUdp(ip) : ip.protocol === 6 ? readTcp(ip) : undefined;
  return segment === undefined ? undefined : { frame: frame.number, time: frame.time, ...segment };
}

// https://www.tcpdump.org/linktypes.html
function networkPacket(linkType: number, bytes: Uint8Array): Uint8Array | undefined {
  switch (linkType) {
    case 0: // NULL, BSD loopback: the family in the byte order of the host
    case 108:
      return bytes.subarray(4);
    case 1:
      return ethernetPayload(bytes, 12);
    case 12: // RAW, as some systems number it
    case 14:
    case 101:
    case 228:
    case 229:
      return bytes;
    case 113: // LINUX_SLL
      return ethernetPayload(bytes, 14);
    case 276: // LINUX_SLL2
      return isIp(uint16(bytes, 0)) ? bytes.subarray(20) : undefined;
    default:
      return undefined;
  }
}

function ethernetPayload(bytes: Uint8Array, typeAt: number): Uint8Array | undefined {
  let at = typeAt;
  // VLAN tags, several of them where a provider adds its own.
  while (uint16(bytes, at) === 0x8100 || uint16(bytes, at) === 0x88a8) at += 4;
  return isIp(uint16(bytes, at)) ? bytes.subarray(at + 2) : undefined;
}

function isIp(etherType: number): boolean {
  return etherType === 0x0800 || etherType === 0x86dd;
}

interface IpPacket {
  readonly protocol: number;
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
}

function readIPv4(bytes: Uint8Array): IpPacket | undefined {
  const header = ((bytes[0] ?? 0) & 0x0f) * 4;
  const total = uint16(bytes, 2);
  if (header < 20 || bytes.length < header) return undefined;
  // A later fragment has no ports.
  if ((uint16(bytes, 6) & 0x1fff) !== 0) return undefined;
  return {
    protocol: bytes[9] ?? 0,
    family: 4,
    source: bytesToAddress(bytes.subarray(12, 16)),
    destination: bytesToAddress(bytes.subarray(16, 20)),
    // Ethernet pads short packets; segmentation offload leaves a length of 0.
    payload: bytes.subarray(header, total === 0 ? bytes.length : Math.max(header, Math.min(total, bytes.length))),
  };
}

/** Hop-by-hop, routing, destination options: a length in units of 8 bytes. */
const IPV6_OPTIONS = [0, 43, 60];
const IPV6_FRAGMENT = 44;

function readIPv6(bytes: Uint8Array): IpPacket | undefined {
  if (bytes.length < 40) return undefined;
  const length = uint16(bytes, 4);
  const end = length === 0 ? bytes.length : Math.min(40 + length, bytes.length);
  let protocol = bytes[6] ?? 0;
  let at = 40;
  while ((IPV6_OPTIONS.includes(protocol) || protocol === IPV6_FRAGMENT) && at + 8 <= end) {
    if (protocol === IPV6_FRAGMENT && (uint16(bytes, at + 2) & 0xfff8) !== 0) return undefined;
    const size = protocol === IPV6_FRAGMENT ? 8 : 8 * ((bytes[at + 1] ?? 0) + 1);
    protocol = bytes[at] ?? 0;
    at += size;
  }
  if (at > end) return undefined;
  const source = bytesToAddress(bytes.subarray(8, 24));
  const destination = bytesToAddress(bytes.subarray(24, 40));
  return { protocol, family: 6, source, destination, payload: bytes.subarray(at, end) };
}

type TransportPart = Omit<Segment, 'frame' | 'time'>;

function readUdp(ip: IpPacket): TransportPart | undefined {
  const bytes = ip.payload;
  if (bytes.length < 8) return undefined;
  const length = uint16(bytes, 4);
  const end = length === 0 ? bytes.length : Math.max(8, Math.min(length, bytes.length));
  return { protocol: 'udp', ...ends(ip), payload: bytes.subarray(8, end), sequence: 0, syn: false };
}

function readTcp(ip: IpPacket): TransportPart | undefined {
  const bytes = ip.payload;
  const header = ((bytes[12] ?? 0) >> 4) * 4;
  if (bytes.length < 20 || header < 20 || header > bytes.length) return undefined;
  const sequence = uint16(bytes, 4) * 0x10000 + uint16(bytes, 6);
  const syn = ((bytes[13] ?? 0) & 2) !== 0;
  return { protocol: 'tcp', ...ends(ip), payload: bytes.subarray(header), sequence, syn };
}

function ends({ family, source, destination, payload }: IpPacket): Pick<Segment, 'from' | 'to'> {
  return {
    from: { family, address: source, port: uint16(payload, 0) },
    to: { family, address: destination, port: uint16(payload, 2) },
  };
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
