import { addressToBytes, type SocketAddress } from '../address.ts';
import { concatBytes } from '../bytes.ts';
import { encodeUtf8 } from '../utf8.ts';

/** A packet as it passed between two sockets. On a stream: the bytes in order, TLS taken off. */
export interface PacketToWrite {
  /** Milliseconds since 1970; fractions count. */
  readonly unixMs: number;
  readonly protocol: 'udp' | 'tcp';
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
  readonly comment?: string;
}

/**
 * Writes a capture file (draft-ietf-opsawg-pcapng) of what was sent and received, without ever having seen the network:
 * IP, UDP and TCP headers are made up around the payload, addresses and ports are true. A TCP connection begins with a
 * handshake, so that readers know where its stream starts.
 */
export class PcapngWriter {
  readonly #sequences = new Map<string, number>();

  /** The file's beginning. `application` is named in it. */
  header(application: string): Uint8Array {
    const section = concatBytes(
      uint32(BYTE_ORDER),
      uint16(1),
      uint16(0),
      uint32(NONE),
      uint32(NONE),
      option(4, application),
    );
    const description = concatBytes(uint16(LINKTYPE_RAW), uint16(0), uint32(0));
    return concatBytes(block(SECTION_HEADER, section), block(INTERFACE_DESCRIPTION, description));
  }

  /** The blocks of one packet: several where TCP needs it. */
  packet(packet: PacketToWrite): Uint8Array {
    if (packet.protocol === 'udp') return enhancedPacket(packet, ipPacket(packet, 17, udp(packet)));
    return concatBytes(...this.#handshake(packet), ...this.#segments(packet));
  }

  /** The made up SYN, SYN-ACK and ACK of a connection that is new. */
  #handshake(packet: PacketToWrite): Uint8Array[] {
    const { there, back } = keysOf(packet);
    if (this.#sequences.has(there)) return [];
    this.#sequences.set(there, 1).set(back, 1);
    const { from, to, unixMs } = packet;
    const step = (forth: boolean, flags: number, sequence: number, acknowledged: number): Uint8Array => {
      const ends = forth ? { from, to } : { from: to, to: from };
      const empty = { ...ends, unixMs, protocol: 'tcp', bytes: new Uint8Array() } as const;
      return enhancedPacket(empty, ipPacket(empty, 6, tcp(empty, sequence, acknowledged, flags)));
    };
    return [step(true, SYN, 0, 0), step(false, SYN | ACK, 0, 1), step(true, ACK, 1, 1)];
  }

  #segments(packet: PacketToWrite): Uint8Array[] {
    const { there, back } = keysOf(packet);
    const segments: Uint8Array[] = [];
    for (let at = 0; at < packet.bytes.length; at += MAX_SEGMENT) {
      const part = { ...packet, bytes: packet.bytes.subarray(at, at + MAX_SEGMENT) };
      const sequence = this.#sequences.get(there) ?? 1;
      const header = tcp(part, sequence, this.#sequences.get(back) ?? 1, ACK | PSH);
      segments.push(enhancedPacket(part, ipPacket(part, 6, header)));
      this.#sequences.set(there, (sequence + part.bytes.length) >>> 0);
    }
    return segments;
  }
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const LINKTYPE_RAW = 101;
const NONE = 0xffff_ffff;
/** With its headers it fills the 16 bits of an IP packet's length. */
const MAX_SEGMENT = 65_535 - 60;
const SYN = 0x02;
const PSH = 0x08;
const ACK = 0x10;

function keysOf({ from, to }: PacketToWrite): { readonly there: string; readonly back: string } {
  const [a, b] = [`${from.address} ${from.port}`, `${to.address} ${to.port}`];
  return { there: `${a} ${b}`, back: `${b} ${a}` };
}

function block(type: number, body: Uint8Array): Uint8Array {
  const length = uint32(12 + padded(body.length));
  return concatBytes(uint32(type), length, body, new Uint8Array(padded(body.length) - body.length), length);
}

function enhancedPacket({ unixMs, comment }: PacketToWrite, bytes: Uint8Array): Uint8Array {
  const microseconds = Math.round(unixMs * 1000);
  const body = concatBytes(
    uint32(0),
    uint32(Math.floor(microseconds / 2 ** 32)),
    uint32(microseconds % 2 ** 32),
    uint32(bytes.length),
    uint32(bytes.length),
    bytes,
    new Uint8Array(padded(bytes.length) - bytes.length),
    comment === undefined ? new Uint8Array() : option(1, comment),
  );
  return block(ENHANCED_PACKET, body);
}

/** One option and the end of options. */
function option(code: number, text: string): Uint8Array {
  const value = encodeUtf8(text);
  const padding = new Uint8Array(padded(value.length) - value.length);
  return concatBytes(uint16(code), uint16(value.length), value, padding, uint32(0));
}

function ipPacket({ from, to }: PacketToWrite, protocol: number, payload: Uint8Array): Uint8Array {
  const [source, destination] = [bytesOf(from), bytesOf(to)];
  if (source.length === 16) {
    const head = Uint8Array.of(0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, protocol, 64);
    return concatBytes(head, source, destination, payload);
  }
  const total = 20 + payload.length;
  const head = Uint8Array.of(0x45, 0, total >> 8, total & 0xff, 0, 0, 0x40, 0, 64, protocol, 0, 0);
  const header = concatBytes(head, source, destination);
  putUint16(header, 10, checksum(header));
  return concatBytes(header, payload);
}

function udp(packet: PacketToWrite): Uint8Array {
  const length = 8 + packet.bytes.length;
  const datagram = concatBytes(
    bigUint16(packet.from.port),
    bigUint16(packet.to.port),
    bigUint16(length),
    bigUint16(0),
    packet.bytes,
  );
  // RFC 768: a sum of zero is sent as all ones, since zero means that there is none.
  putUint16(datagram, 6, checksum(pseudoHeader(packet, 17, datagram)) || 0xffff);
  return datagram;
}

function tcp(packet: PacketToWrite, sequence: number, acknowledged: number, flags: number): Uint8Array {
  const ports = concatBytes(bigUint16(packet.from.port), bigUint16(packet.to.port));
  const rest = Uint8Array.of(0x50, flags, 0xff, 0xff, 0, 0, 0, 0);
  const segment = concatBytes(ports, bigUint32(sequence), bigUint32(acknowledged), rest, packet.bytes);
  putUint16(segment, 16, checksum(pseudoHeader(packet, 6, segment)));
  return segment;
}

/** RFC 9293 3.1, RFC 8200 8.1: what the sum of a transport covers of the network's header. */
function pseudoHeader({ from, to }: PacketToWrite, protocol: number, payload: Uint8Array): Uint8Array {
  return concatBytes(bytesOf(from), bytesOf(to), bigUint32(payload.length), bigUint32(protocol), payload);
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function bytesOf({ address }: SocketAddress): Uint8Array {
  return addressToBytes(address) ?? new Uint8Array(4);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** The file is little-endian, as its byte-order magic says. */
function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

/** Networks are big-endian. */
function bigUint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

function bigUint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function putUint16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value & 0xff;
}
