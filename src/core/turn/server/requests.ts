import type { Family, Protocol, SocketAddress, TransportKind } from '../../address.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { AttributeCodec } from '../../stun/attribute.ts';
import {
  AdditionalAddressFamily,
  ChannelNumber,
  ConnectionId,
  DontFragment,
  DraftAdditionalAddressFamily,
  EvenPort,
  Lifetime,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  XorPeerAddress,
} from '../../stun/attributes.ts';
import type { StunMessage } from '../../stun/message.ts';
import { AttributeType, attributeName, isComprehensionRequired } from '../../stun/registry.ts';
import { MAX_LEGACY_CHANNEL, MIN_CHANNEL } from '../channel-data.ts';
import { badRequest, type Refusal, refusal } from './refusal.ts';

// Each request as a value, or the error that the RFC gives it for what the message alone tells.

export interface AllocateRequest {
  readonly protocol: Protocol;
  /** One family, or both: then IPv4 is the first (RFC 8656 7.2). */
  readonly families: readonly Family[];
  readonly evenPort: 'any' | 'even' | 'even-and-reserve';
  readonly reservationToken: Uint8Array | undefined;
  /** Seconds; absent: the server's default. */
  readonly lifetime: number | undefined;
}

export interface RefreshRequest {
  readonly lifetime: number | undefined;
  /** Of a dual allocation, which one is meant; absent: both. */
  readonly family: Family | undefined;
}

export interface ChannelBindRequest {
  readonly channel: number;
  readonly peer: SocketAddress;
}

/** RFC 8656 7.2, steps 3 to 9. */
export function parseAllocate(
  message: StunMessage,
  client: TransportKind,
  tcpRelaying: boolean,
): Result<AllocateRequest, Refusal> {
  const transport = required(message, RequestedTransport);
  if (!transport.ok) return transport;
  const protocol = PROTOCOLS.get(transport.value);
  if (protocol === undefined || (protocol === 'tcp' && !tcpRelaying)) {
    return fail(refusal(442, `REQUESTED-TRANSPORT ${transport.value} is not relayed here`));
  }
  // No socket option of ours sets DF, so the attribute is unknown to this server (RFC 8656 7.2, step 4).
  if (message.has(DontFragment)) return fail(unknownAttributes([AttributeType.DontFragment]));
  const token = optional(message, ReservationToken);
  if (!token.ok) return token;
  const evenPort = optional(message, EvenPort);
  if (!evenPort.ok) return evenPort;
  const requested = optionalFamily(message, RequestedAddressFamily);
  if (!requested.ok) return requested;
  const isDraft = !message.has(AdditionalAddressFamily);
  const additional = optionalFamily(message, isDraft ? DraftAdditionalAddressFamily : AdditionalAddressFamily);
  if (!additional.ok) return additional;
  const lifetime = optional(message, Lifetime);
  if (!lifetime.ok) return lifetime;

  const conflict =
    tcpConflict(protocol, client, token.value, evenPort.value) ??
    familyConflict(token.value, evenPort.value, requested.value, additional.value);
  if (conflict !== undefined) return fail(badRequest(conflict));
  return ok({
    protocol,
    families: additional.value === undefined ? [requested.value ?? 4] : [4, additional.value],
    evenPort: evenPort.value === undefined ? 'any' : evenPort.value ? 'even-and-reserve' : 'even',
    reservationToken: token.value,
    lifetime: lifetime.value,
  });
}

/** RFC 8656 8.2. */
export function parseRefresh(message: StunMessage): Result<RefreshRequest, Refusal> {
  const lifetime = optional(message, Lifetime);
  if (!lifetime.ok) return lifetime;
  const family = optionalFamily(message, RequestedAddressFamily);
  if (!family.ok) return family;
  return ok({ lifetime: lifetime.value, family: family.value });
}

/** RFC 8656 10.2: one or more peers; one that is malformed spoils the request. */
export function parseCreatePermission(message: StunMessage): Result<readonly SocketAddress[], Refusal> {
  const peers = message.all(XorPeerAddress);
  const present = message.attributes.filter((attribute) => attribute.type === XorPeerAddress.type).length;
  if (present === 0) return fail(badRequest('XOR-PEER-ADDRESS is missing'));
  return peers.length < present ? fail(badRequest('an XOR-PEER-ADDRESS is malformed')) : ok(peers);
}

/**
 * RFC 8656 12.2. The RFC keeps channels to 0x4000-0x4FFF, so that a client can share its port with DTLS and RTP. Clients of
 * RFC 5766 bind numbers up to 0x7FFF, and nothing else arrives at a server's port: it takes them.
 */
export function parseChannelBind(message: StunMessage): Result<ChannelBindRequest, Refusal> {
  const channel = required(message, ChannelNumber);
  if (!channel.ok) return channel;
  const peer = required(message, XorPeerAddress);
  if (!peer.ok) return peer;
  if (channel.value < MIN_CHANNEL || channel.value > MAX_LEGACY_CHANNEL) {
    return fail(badRequest(`channel number 0x${channel.value.toString(16)} is not in 0x4000-0x7fff`));
  }
  return ok({ channel: channel.value, peer: peer.value });
}

/** RFC 6062 5.2. */
export function parseConnect(message: StunMessage): Result<SocketAddress, Refusal> {
  return required(message, XorPeerAddress);
}

/** RFC 6062 5.4. */
export function parseConnectionBind(message: StunMessage): Result<number, Refusal> {
  return required(message, ConnectionId);
}

/** RFC 8489 6.3.1: attributes below 0x8000 that mean nothing here. */
export function unknownTo(message: StunMessage, understood: ReadonlySet<number>): Refusal | undefined {
  const unknown: number[] = [];
  for (const { type } of message.attributes) {
    if (isComprehensionRequired(type) && !understood.has(type) && !unknown.includes(type)) unknown.push(type);
  }
  return unknown.length === 0 ? undefined : unknownAttributes(unknown);
}

/** What this server makes sense of in a request, whether or not it then likes it. */
export const UNDERSTOOD: ReadonlySet<number> = new Set<number>([
  AttributeType.Username,
  AttributeType.MessageIntegrity,
  AttributeType.Realm,
  AttributeType.Nonce,
  AttributeType.MessageIntegritySha256,
  AttributeType.PasswordAlgorithm,
  AttributeType.Userhash,
  AttributeType.ChannelNumber,
  AttributeType.Lifetime,
  AttributeType.XorPeerAddress,
  AttributeType.Data,
  AttributeType.RequestedAddressFamily,
  AttributeType.EvenPort,
  AttributeType.RequestedTransport,
  AttributeType.DontFragment,
  AttributeType.ReservationToken,
  AttributeType.ConnectionId,
]);

const PROTOCOLS: ReadonlyMap<number, Protocol> = new Map([
  [17, 'udp'],
  [6, 'tcp'],
]);

function unknownAttributes(types: readonly number[]): Refusal {
  return refusal(420, `not understood: ${types.map(attributeName).join(', ')}`, { unknown: types });
}

/** RFC 6062 5.1: what a TCP allocation may not be combined with. */
function tcpConflict(
  protocol: Protocol,
  client: TransportKind,
  token: Uint8Array | undefined,
  evenPort: boolean | undefined,
): string | undefined {
  if (protocol !== 'tcp') return undefined;
  if (client === 'udp') return 'a TCP allocation needs a TCP or TLS connection to the server';
  if (token !== undefined || evenPort !== undefined)
    return 'a TCP allocation has no EVEN-PORT and no RESERVATION-TOKEN';
  return undefined;
}

/** RFC 8656 7.2, steps 5 to 8. */
function familyConflict(
  token: Uint8Array | undefined,
  evenPort: boolean | undefined,
  requested: Family | undefined,
  additional: Family | undefined,
): string | undefined {
  if (token !== undefined && (evenPort !== undefined || requested !== undefined || additional !== undefined)) {
    return 'RESERVATION-TOKEN goes with none of EVEN-PORT, REQUESTED- and ADDITIONAL-ADDRESS-FAMILY';
  }
  if (additional === undefined) return undefined;
  if (requested !== undefined) return 'REQUESTED- and ADDITIONAL-ADDRESS-FAMILY exclude each other';
  if (additional === 4) return 'ADDITIONAL-ADDRESS-FAMILY asks for IPv4, which is the first already';
  if (evenPort === true) return 'ADDITIONAL-ADDRESS-FAMILY goes not with an EVEN-PORT that reserves';
  return undefined;
}

function required<T>(message: StunMessage, codec: AttributeCodec<T>): Result<T, Refusal> {
  const result = message.read(codec);
  if (result === undefined) return fail(badRequest(`${codec.name} is missing`));
  return result.ok ? result : fail(badRequest(`${codec.name}: ${result.error}`));
}

function optional<T>(message: StunMessage, codec: AttributeCodec<T>): Result<T | undefined, Refusal> {
  return message.has(codec) ? required(message, codec) : ok(undefined);
}

/** A family that is neither IPv4 nor IPv6 is not a malformed request but one that cannot be served (RFC 8656 7.2). */
function optionalFamily(message: StunMessage, codec: AttributeCodec<Family>): Result<Family | undefined, Refusal> {
  const result = message.read(codec);
  if (result === undefined || result.ok) return result ?? ok(undefined);
  return fail(refusal(440, `${codec.name}: ${result.error}`));
}
