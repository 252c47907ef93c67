import { fail, ok, type Result } from '../result.ts';

/** RFC 8656 12: the channel numbers that may be bound. */
export const MIN_CHANNEL = 0x4000;
export const MAX_CHANNEL = 0x4fff;
/** RFC 5766 11 allowed more, until RFC 7983 took them away; coturn's load generator still uses them. */
export const MAX_LEGACY_CHANNEL = 0x7fff;

export const CHANNEL_DATA_HEADER_LENGTH = 4;

export interface ChannelData {
  readonly channel: number;
  /** A view into the bytes that were decoded. */
  readonly data: Uint8Array;
}

export interface ChannelDataError {
  readonly code: 'too-short' | 'not-channel-data' | 'length-mismatch';
  readonly offset: number;
  readonly message: string;
}

/** Whether RFC 8656 lets this channel be bound. */
export function isChannelNumber(channel: number): boolean {
  return channel >= MIN_CHANNEL && channel <= MAX_CHANNEL;
}

/** RFC 7983: on one port, a first byte of 64 to 79 is ChannelData; up to 127 it was so in RFC 5766. */
export function looksLikeChannelData(bytes: Uint8Array): boolean {
  return bytes.length >= CHANNEL_DATA_HEADER_LENGTH && ((bytes[0] ?? 0) & 0xc0) === 0x40;
}

/**
 * RFC 8656 12.4 and 12.5. `padded` is for TCP and TLS, where the message MUST fill up to a multiple of four bytes (the
 * length does not count the padding); over UDP it need not.
 */
export function encodeChannelData(
  channel: number,
  data: Uint8Array,
  options: { readonly padded: boolean },
): Uint8Array {
  const bytes = new Uint8Array(channelDataLength(data.length, options.padded));
  writeChannelDataHeader(bytes, 0, channel, data.length);
  bytes.set(data, CHANNEL_DATA_HEADER_LENGTH);
  return bytes;
}

/** How many bytes a message with that much data takes. */
export function channelDataLength(dataLength: number, padded: boolean): number {
  return CHANNEL_DATA_HEADER_LENGTH + (padded ? (dataLength + 3) & ~3 : dataLength);
}

/** Writes the four bytes before the data, for relays that put the data in place themselves. */
export function writeChannelDataHeader(target: Uint8Array, offset: number, channel: number, dataLength: number): void {
  if (dataLength > 0xffff) throw new RangeError(`ChannelData carries at most 65535 bytes, not ${dataLength}`);
  target[offset] = channel >> 8;
  target[offset + 1] = channel & 0xff;
  target[offset + 2] = dataLength >> 8;
  target[offset + 3] = dataLength & 0xff;
}

/**
 * One datagram, or one frame of a stream. Up to three bytes of padding may follow the data (RFC 8656 12.5: over UDP
 * padding is not required, but may be there); their value does not matter. Takes RFC 5766's channel numbers too: whether a
 * channel may be bound is for {@link isChannelNumber} to say.
 */
export function decodeChannelData(bytes: Uint8Array): Result<ChannelData, ChannelDataError> {
  if (bytes.length < CHANNEL_DATA_HEADER_LENGTH) {
    return failure('too-short', bytes.length, `a ChannelData header has 4 bytes, here are ${bytes.length}`);
  }
  const channel = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  if (channel < MIN_CHANNEL || channel > MAX_LEGACY_CHANNEL) {
    return failure('not-channel-data', 0, `0x${channel.toString(16).padStart(4, '0')} is no channel number`);
  }
  const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  const follow = bytes.length - CHANNEL_DATA_HEADER_LENGTH;
  if (length > follow || follow > ((length + 3) & ~3)) {
    return failure('length-mismatch', 2, `the header says ${length} bytes follow it, ${follow} do`);
  }
  return ok({ channel, data: bytes.subarray(CHANNEL_DATA_HEADER_LENGTH, CHANNEL_DATA_HEADER_LENGTH + length) });
}

function failure(code: ChannelDataError['code'], offset: number, message: string) {
  return fail<ChannelDataError>({ code, offset, message });
}
