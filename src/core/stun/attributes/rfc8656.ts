import type { Family } from '../../address.ts';
import { fail, ok } from '../../result.ts';
import { encodeUtf8, showUtf8 } from '../../utf8.ts';
import type { AttributeCodec } from '../attribute.ts';
import { AttributeType } from '../registry.ts';
import { flag, opaque, readErrorCode, text, uint8, uint16, uint32, wrongLength, xorAddress } from './kinds.ts';

/** RFC 8656 18: the attributes of TURN. */
export const ChannelNumber = uint16(AttributeType.ChannelNumber, 'CHANNEL-NUMBER');
/** Seconds. */
export const Lifetime = uint32(AttributeType.Lifetime, 'LIFETIME');
export const XorPeerAddress = xorAddress(AttributeType.XorPeerAddress, 'XOR-PEER-ADDRESS');
export const XorRelayedAddress = xorAddress(AttributeType.XorRelayedAddress, 'XOR-RELAYED-ADDRESS');
export const Data = opaque(AttributeType.Data, 'DATA');
/** An IP protocol number: 17 UDP, 6 TCP. */
export const RequestedTransport = uint8(AttributeType.RequestedTransport, 'REQUESTED-TRANSPORT');
export const DontFragment = flag(AttributeType.DontFragment, 'DONT-FRAGMENT');
export const ReservationToken = opaque(AttributeType.ReservationToken, 'RESERVATION-TOKEN', 8);
export const RequestedAddressFamily = family(AttributeType.RequestedAddressFamily, 'REQUESTED-ADDRESS-FAMILY');
export const AdditionalAddressFamily = family(AttributeType.AdditionalAddressFamily, 'ADDITIONAL-ADDRESS-FAMILY');

/** RFC 8656 18.6: `true` asks to reserve the next higher port too. */
export const EvenPort: AttributeCodec<boolean> = {
  type: AttributeType.EvenPort,
  name: 'EVEN-PORT',
  length: () => 1,
  write(value, target, offset) {
    target[offset] = value ? 0x80 : 0;
  },
  read: (bytes) => (bytes.length === 1 ? ok(((bytes[0] ?? 0) & 0x80) !== 0) : wrongLength(bytes, '1')),
};

export interface AddressError {
  readonly family: Family;
  readonly code: number;
  readonly reason: string;
}

/** RFC 8656 18.12: why the second family of a dual allocation was not given. */
export const AddressErrorCode: AttributeCodec<AddressError> = {
  type: AttributeType.AddressErrorCode,
  name: 'ADDRESS-ERROR-CODE',
  length: (value) => 4 + encodeUtf8(value.reason).length,
  write(value, target, offset) {
    target[offset] = value.family === 4 ? 1 : 2;
    target[offset + 2] = Math.trunc(value.code / 100);
    target[offset + 3] = value.code % 100;
    target.set(encodeUtf8(value.reason), offset + 4);
  },
  read(bytes) {
    if (bytes.length < 4) return wrongLength(bytes, 'at least 4');
    const familyNumber = bytes[0];
    if (familyNumber !== 1 && familyNumber !== 2) return fail(`address family ${familyNumber} is neither 1 nor 2`);
    const code = readErrorCode(bytes);
    if (!code.ok) return code;
    return ok({ family: familyNumber === 1 ? 4 : 6, code: code.value, reason: showUtf8(bytes.subarray(4)) });
  },
};

export interface IcmpValue {
  readonly type: number;
  readonly code: number;
  /** The MTU of the next hop where the ICMP message carries one, else 0. */
  readonly data: number;
}

/** RFC 8656 18.13: an ICMP message that came back to the relayed address. */
export const Icmp: AttributeCodec<IcmpValue> = {
  type: AttributeType.Icmp,
  name: 'ICMP',
  length: () => 8,
  write(value, target, offset) {
    target[offset + 2] = value.type;
    target[offset + 3] = value.code;
    for (let i = 0; i < 4; i++) target[offset + 4 + i] = (value.data >>> (24 - 8 * i)) & 0xff;
  },
  read(bytes) {
    if (bytes.length !== 8) return wrongLength(bytes, '8');
    const [, , type = 0, code = 0, a = 0, b = 0, c = 0, d = 0] = bytes;
    return ok({ type, code, data: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 });
  },
};

/** RFC 6062 6.2.1: names a data connection. */
export const ConnectionId = uint32(AttributeType.ConnectionId, 'CONNECTION-ID');
/** RFC 8016: an empty one asks for mobility, the server's answers with a ticket. */
export const MobilityTicket = opaque(AttributeType.MobilityTicket, 'MOBILITY-TICKET');
/** RFC 7635. */
export const AccessToken = opaque(AttributeType.AccessToken, 'ACCESS-TOKEN');
export const ThirdPartyAuthorization = text(AttributeType.ThirdPartyAuthorization, 'THIRD-PARTY-AUTHORIZATION', 763);

/** RFC 8656 18.7 and 18.11: 1 is IPv4, 2 is IPv6, in the first byte. */
function family(type: number, name: string): AttributeCodec<Family> {
  return {
    type,
    name,
    length: () => 4,
    write(value, target, offset) {
      target[offset] = value === 4 ? 1 : 2;
    },
    read(bytes) {
      if (bytes.length !== 4) return wrongLength(bytes, '4');
      if (bytes[0] === 1) return ok(4);
      return bytes[0] === 2 ? ok(6) : fail(`address family ${bytes[0]} is neither 1 (IPv4) nor 2 (IPv6)`);
    },
  };
}
