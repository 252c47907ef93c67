import type { Family } from '../../address.ts';
import { readUint32, writeUint32 } from '../../bytes.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { AttributeCodec } from '../attribute.ts';
import { AttributeType } from '../registry.ts';
import {
  errorLength,
  flag,
  opaque,
  readError,
  text,
  uint8,
  uint16,
  uint32,
  writeError,
  wrongLength,
  xorAddress,
} from './kinds.ts';

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
/**
 * Its number before RFC 8656 registered another (draft-martinsen-tram-turnbis-01): coturn and its tools up to 4.6 know only
 * this one. Nothing else has it.
 */
export const DraftAdditionalAddressFamily: AttributeCodec<Family> = { ...AdditionalAddressFamily, type: 0x8032 };

/** RFC 8656 18.6: `true` asks to reserve the next higher port too. */
export const EvenPort: AttributeCodec<boolean> = {
  type: AttributeType.EvenPort,
  name: 'EVEN-PORT',
  length: () => 1,
  write(value, message, offset) {
    message[offset] = value ? 0x80 : 0;
  },
  read: (message, offset, length) =>
    length === 1 ? ok(((message[offset] ?? 0) & 0x80) !== 0) : wrongLength(length, '1'),
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
  length: (value) => errorLength(value.reason),
  write(value, message, offset) {
    message[offset] = value.family === 4 ? 1 : 2;
    writeError(value.code, value.reason, message, offset);
  },
  read(message, offset, length) {
    const family = readFamily(message, offset);
    const error = readError(message, offset, length);
    if (!error.ok) return error;
    return family.ok ? ok({ family: family.value, ...error.value }) : family;
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
  write(value, message, offset) {
    message[offset + 2] = value.type;
    message[offset + 3] = value.code;
    writeUint32(value.data, message, offset + 4);
  },
  read(message, offset, length) {
    if (length !== 8) return wrongLength(length, '8');
    const { [offset + 2]: type = 0, [offset + 3]: code = 0 } = message;
    return ok({ type, code, data: readUint32(message, offset + 4) });
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
    write(value, message, offset) {
      message[offset] = value === 4 ? 1 : 2;
    },
    read: (message, offset, length) => (length === 4 ? readFamily(message, offset) : wrongLength(length, '4')),
  };
}

function readFamily(message: Uint8Array, offset: number): Result<Family, string> {
  const number = message[offset];
  if (number === 1) return ok(4);
  return number === 2 ? ok(6) : fail(`address family ${number} is neither 1 (IPv4) nor 2 (IPv6)`);
}
