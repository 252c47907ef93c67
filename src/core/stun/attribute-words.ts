import { formatSocketAddress, type SocketAddress } from '../address.ts';
import { toHex } from '../bytes.ts';
import { printable } from '../printable.ts';
import { fail, ok, type Result } from '../result.ts';
import type { AttributeCodec } from './attribute.ts';
import * as Attributes from './attributes.ts';
import { describeError } from './describe.ts';
import type { RawAttribute, StunMessage } from './message.ts';
import { readNonceCookie } from './nonce-cookie.ts';
import { AttributeType, attributeName } from './registry.ts';

/** An attribute's value for scripts and for people. */
export interface DescribedValue {
  /** As an event carries it. */
  readonly data: string | number | boolean;
  /** In words. */
  readonly words: string;
}

/**
 * The value of an attribute, or what is wrong with it; undefined for a type that has no codec here. Nothing from which a
 * password could be guessed or taken is told: of MESSAGE-INTEGRITY, tokens and tickets only that they are there.
 */
export function describeValue(
  message: StunMessage,
  attribute: RawAttribute,
): Result<DescribedValue, string> | undefined {
  return DESCRIBERS.get(attribute.type)?.(message.bytes, attribute.offset + 4, attribute.length);
}

/** The first bytes of something unknown. */
export function hexOf(value: Uint8Array): string {
  return value.length <= MAX_HEX ? toHex(value) : `${toHex(value.subarray(0, MAX_HEX))}... (${value.length} bytes)`;
}

const MAX_HEX = 32;

type Describer = (message: Uint8Array, offset: number, length: number) => Result<DescribedValue, string>;

function describer<T>(codec: AttributeCodec<T>, describe: (value: T) => DescribedValue): readonly [number, Describer] {
  return [
    codec.type,
    (message, offset, length) => {
      const read = codec.read(message, offset, length);
      return read.ok ? ok(describe(read.value)) : fail(read.error);
    },
  ];
}

const plain = (data: string | number | boolean, words = `${data}`): DescribedValue => ({ data, words });

const address = (codec: AttributeCodec<SocketAddress>) =>
  describer(codec, (value) => plain(formatSocketAddress(value)));

const text = (codec: AttributeCodec<string>) =>
  describer(codec, (value) => plain(printable(value), `"${printable(value)}"`));

const hex = (codec: AttributeCodec<Uint8Array>) => describer(codec, (value) => plain(hexOf(value)));

const number = (codec: AttributeCodec<number>, words: (value: number) => string = String) =>
  describer(codec, (value) => plain(value, words(value)));

const flag = (codec: AttributeCodec<true>) => describer(codec, () => plain(true, 'set'));

const family = (codec: AttributeCodec<4 | 6>) => describer(codec, (value) => plain(`IPv${value}`));

/** What would help to guess a password, or to take over an allocation: its length is all there is to see. */
const hidden = (codec: AttributeCodec<Uint8Array>) =>
  describer(codec, (value) => plain(`[${value.length} bytes]`, `${value.length} bytes, not shown`));

const seconds = (value: number): string => (value === 1 ? '1 second' : `${value} seconds`);

const hexNumber = (digits: number) => (value: number) => `0x${value.toString(16).padStart(digits, '0')}`;

const errorCode = (code: number, reason: string): string => describeError(code, printable(reason));

function nonceWords(nonce: string): string {
  const features = readNonceCookie(nonce);
  if (features === undefined) return `"${printable(nonce)}"`;
  const names = [
    features.passwordAlgorithms ? 'password algorithms' : '',
    features.usernameAnonymity ? 'user name anonymity' : '',
  ].filter((name) => name !== '');
  return `"${printable(nonce)}" (RFC 8489, security features: ${names.join(', ') || 'none'})`;
}

function algorithmName({ algorithm }: Attributes.PasswordAlgorithmValue): string {
  if (algorithm === Attributes.PasswordAlgorithmNumber.MD5) return 'MD5';
  return algorithm === Attributes.PasswordAlgorithmNumber.SHA256 ? 'SHA-256' : `algorithm ${algorithm}`;
}

/** RFC 792 and RFC 4443: what a relay hears of a peer. */
function icmpWords({ type, code, data }: Attributes.IcmpValue): string {
  const mtu = data > 0 ? `, MTU ${data}` : '';
  return `type ${type}, code ${code}${mtu}`;
}

/** RFC 7983: what the first byte of a datagram tells of it. */
export function payloadKind(bytes: Uint8Array): string {
  const first = bytes[0];
  if (first === undefined) return 'nothing';
  if (first < 4) return 'STUN';
  if (first >= 20 && first < 64) return 'DTLS';
  if (first >= 64 && first < 80) return 'ChannelData';
  return first >= 128 && first < 192 ? 'RTP or RTCP' : 'unknown data';
}

const DESCRIBERS = new Map<number, Describer>([
  address(Attributes.MappedAddress),
  address(Attributes.XorMappedAddress),
  address(Attributes.XorPeerAddress),
  address(Attributes.XorRelayedAddress),
  address(Attributes.AlternateServer),
  address(Attributes.ResponseOrigin),
  address(Attributes.OtherAddress),
  address(Attributes.ResponseAddress),
  address(Attributes.SourceAddress),
  address(Attributes.ChangedAddress),
  address(Attributes.ReflectedFrom),
  text(Attributes.Username),
  text(Attributes.Realm),
  text(Attributes.Software),
  text(Attributes.AlternateDomain),
  text(Attributes.ThirdPartyAuthorization),
  describer(Attributes.Nonce, (value) => plain(printable(value), nonceWords(value))),
  hex(Attributes.Userhash),
  hex(Attributes.IceControlled),
  hex(Attributes.IceControlling),
  hidden(Attributes.MessageIntegrity),
  hidden(Attributes.MessageIntegritySha256),
  hidden(Attributes.AccessToken),
  hidden(Attributes.MobilityTicket),
  hidden(Attributes.ReservationToken),
  number(Attributes.Fingerprint, hexNumber(8)),
  number(Attributes.Lifetime, seconds),
  number(Attributes.CacheTimeout, seconds),
  number(Attributes.ChannelNumber, hexNumber(4)),
  number(Attributes.ResponsePort),
  number(Attributes.Priority),
  number(Attributes.ConnectionId, hexNumber(8)),
  number(Attributes.RequestedTransport, (value) =>
    value === 17 ? 'UDP' : value === 6 ? 'TCP' : `IP protocol ${value}`,
  ),
  flag(Attributes.DontFragment),
  flag(Attributes.UseCandidate),
  family(Attributes.RequestedAddressFamily),
  family(Attributes.AdditionalAddressFamily),
  describer(Attributes.EvenPort, (reserve) => plain(reserve, reserve ? 'even, and reserve the next' : 'even')),
  describer(Attributes.ErrorCodeAttribute, ({ code, reason }) => plain(errorCode(code, reason))),
  describer(Attributes.AddressErrorCode, ({ family, code, reason }) =>
    plain(`IPv${family}: ${errorCode(code, reason)}`),
  ),
  describer(Attributes.UnknownAttributes, (types) =>
    plain(types.map(attributeName).join(', '), types.map(attributeName).join(', ') || 'none'),
  ),
  describer(Attributes.PasswordAlgorithm, (value) => plain(algorithmName(value))),
  describer(Attributes.PasswordAlgorithms, (values) => plain(values.map(algorithmName).join(', '))),
  describer(Attributes.ChangeRequest, ({ changeIp, changePort }) =>
    plain(
      [changeIp ? 'address' : '', changePort ? 'port' : ''].filter((part) => part !== '').join(' and ') || 'nothing',
    ),
  ),
  describer(Attributes.Icmp, (value) => plain(icmpWords(value))),
  describer(Attributes.Data, (value) => plain(value.length, `${value.length} bytes (${payloadKind(value)})`)),
  describer(Attributes.Padding, (value) => plain(value.length, `${value.length} bytes`)),
  // RFC 3489 11.2.7 gave a password away in the clear.
  [AttributeType.Password, (_, __, length) => ok(plain(`[${length} bytes]`, `${length} bytes, not shown`))],
]);
