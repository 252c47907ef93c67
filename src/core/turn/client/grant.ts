import { fail, ok, type Result } from '../../result.ts';
import {
  AdditionalAddressFamily,
  AddressErrorCode,
  DontFragment,
  DraftAdditionalAddressFamily,
  EvenPort,
  Lifetime,
  MobilityTicket,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  XorMappedAddress,
  XorRelayedAddress,
} from '../../stun/attributes.ts';
import type { MessageBuilder } from '../../stun/encode.ts';
import type { Clue } from '../../stun/exchange.ts';
import type { StunMessage } from '../../stun/message.ts';
import type { AllocateOptions, Allocation } from './types.ts';

/** RFC 8656 3.2 and 7.2: the lifetime of an allocation where nothing else is said, in seconds. */
export const DEFAULT_LIFETIME = 600;

const PROTOCOL_NUMBER = { udp: 17, tcp: 6 } as const;

/** The attributes of an Allocate request (RFC 8656 7.1). */
export function addAllocateAttributes(builder: MessageBuilder, options: AllocateOptions): MessageBuilder {
  builder
    .add(RequestedTransport, PROTOCOL_NUMBER[options.transport ?? 'udp'])
    .addOptional(Lifetime, options.lifetime)
    .addOptional(RequestedAddressFamily, options.family)
    .addOptional(AdditionalAddressFamily, options.additionalIPv6 === true ? 6 : undefined)
    // Servers ignore the one of the two that they do not know: both are comprehension-optional.
    .addOptional(DraftAdditionalAddressFamily, options.additionalIPv6 === true ? 6 : undefined)
    .addOptional(MobilityTicket, options.mobility === true ? new Uint8Array() : undefined)
    .addOptional(DontFragment, options.dontFragment === true ? true : undefined)
    .addOptional(ReservationToken, options.reservationToken);
  if (options.evenPort !== undefined) builder.add(EvenPort, options.evenPort === 'reserve-next');
  return builder;
}

/** What an Allocate success grants, without the figures of its exchange. */
export type Grant = Omit<Allocation, 'authenticated' | 'rttMs' | 'requestsSent'> & {
  /** What the server must say (RFC 8656 7.3) and does not, where that does no harm. */
  readonly problem?: string;
};

export function readGrant(message: StunMessage): Result<Grant, Clue> {
  const [relayed, additional = null] = message.all(XorRelayedAddress);
  if (relayed === undefined) {
    const read = message.read(XorRelayedAddress);
    const problem = read === undefined || read.ok ? 'is missing' : `is malformed: ${read.error}`;
    return fail({ cause: 'malformed', problem: `XOR-RELAYED-ADDRESS ${problem}` });
  }
  const mapped = message.get(XorMappedAddress) ?? null;
  const lifetime = message.get(Lifetime);
  const missing = [mapped === null ? 'XOR-MAPPED-ADDRESS' : '', lifetime === undefined ? 'LIFETIME' : ''].filter(
    (name) => name !== '',
  );
  return ok({
    relayed,
    additional,
    mapped,
    lifetime: lifetime ?? DEFAULT_LIFETIME,
    addressErrors: message.all(AddressErrorCode),
    reservationToken: message.get(ReservationToken) ?? null,
    isMobile: (message.get(MobilityTicket)?.length ?? 0) > 0,
    ...(missing.length === 0 ? {} : { problem: `the answer lacks ${missing.join(' and ')}` }),
  });
}
