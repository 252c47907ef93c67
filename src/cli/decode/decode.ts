import { formatSocketAddress } from '../../core/address.ts';
import { toHex } from '../../core/bytes.ts';
import { type ExplainedMessage, explainMessage } from '../../core/stun/explain.ts';
import { recognise } from '../../core/stun/foreign.ts';
import { decodeMessage } from '../../core/stun/message.ts';
import { decodeChannelData, looksLikeChannelData } from '../../core/turn/channel-data.ts';
import type { IntegrityChecker, IntegrityResult } from './integrity.ts';
import type { FoundPacket } from './packets.ts';

/** A packet in words; one of `message`, `channelData` and `error` is there. */
export interface DecodedPacket {
  readonly frame?: number;
  /** ISO 8601. */
  readonly time?: string;
  readonly protocol?: 'udp' | 'tcp';
  readonly from?: string;
  readonly to?: string;
  readonly message?: ExplainedMessage & { readonly integrity?: IntegrityResult };
  readonly channelData?: { readonly channel: number; readonly length: number; readonly firstBytes: string };
  readonly error?: { readonly offset: number; readonly message: string };
}

export function decodePacket({ bytes, seen }: FoundPacket, integrity: IntegrityChecker): DecodedPacket {
  const place =
    seen === undefined
      ? {}
      : {
          frame: seen.frame,
          ...timeOf(seen.time),
          protocol: seen.protocol,
          from: formatSocketAddress(seen.from),
          to: formatSocketAddress(seen.to),
        };
  const message = decodeMessage(bytes);
  if (message.ok) {
    const checked = integrity.check(message.value);
    const explained = explainMessage(message.value);
    return { ...place, message: { ...explained, ...(checked === undefined ? {} : { integrity: checked }) } };
  }
  const channelData = looksLikeChannelData(bytes) ? decodeChannelData(bytes) : undefined;
  if (channelData?.ok === true) {
    const { channel, data } = channelData.value;
    return { ...place, channelData: { channel, length: data.length, firstBytes: toHex(data.subarray(0, 32)) } };
  }
  const { offset, message: what } = message.error;
  const foreign = recognise(bytes);
  const spoken = foreign === undefined ? '' : `; this is ${foreign.name}: ${foreign.says}`;
  return { ...place, error: { offset, message: what + spoken } };
}

/** Whether something is wrong with the packet itself. */
/** A capture can say a time that no date has (ECMAScript 21.4.1.1): then none is shown. */
function timeOf(seconds: number | undefined): { readonly time?: string } {
  const date = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? {} : { time: date.toISOString() };
}

export function isBad({ message, error }: DecodedPacket): boolean {
  return error !== undefined || message?.integrity?.verdict === 'invalid' || problemsOf(message).length > 0;
}

function problemsOf(message: ExplainedMessage | undefined): string[] {
  return (message?.attributes ?? []).flatMap((attribute) =>
    attribute.problems
      // A sender may append what it likes: readers skip these by the RFC's own rule.
      .filter(({ code }) => code !== 'duplicate' && code !== 'after-integrity')
      .map(({ code }) => code),
  );
}
