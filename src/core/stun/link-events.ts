import { formatSocketAddress, type SocketAddress } from '../address.ts';
import { toHex } from '../bytes.ts';
import type { TransportId } from '../machine.ts';
import type { Instant } from '../time.ts';
import type { Ignored, IgnoredReason, TransactionEnded } from './events.ts';
import type { ExchangeTimes, RequestSpec } from './exchange.ts';
import { methodName } from './registry.ts';
import type { Transaction } from './transaction.ts';

const SHOWN = 32;

/** The first bytes of a packet, as events show them. */
export function hexOf(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, SHOWN));
}

/** RFC 7983: on one port with STUN, a first byte of 64 to 79. What it carries is for `core/turn` to read. */
export function looksLikeChannelData(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === 0x40;
}

export function timesOf(clock: Transaction, now: Instant): ExchangeTimes {
  const { startedAt, sends } = clock;
  return { startedAt, requestsSent: sends, rttMs: sends === 1 ? now - startedAt : null };
}

export function ignoredEvent(
  transport: TransportId,
  reason: IgnoredReason,
  from: SocketAddress,
  bytes: Uint8Array,
  detail: string | null,
): Ignored {
  return { type: 'ignored', transport, reason, from: formatSocketAddress(from), detail, firstBytes: hexOf(bytes) };
}

export function transactionEvent(
  transport: TransportId,
  spec: RequestSpec,
  transactionId: string,
  attempts: number,
  outcome: TransactionEnded['outcome'],
  errorCode: number | null,
  reason: string | null,
  rttMs: number | null,
): TransactionEnded {
  return {
    type: 'transaction',
    transport,
    method: methodName(spec.method),
    transactionId,
    server: formatSocketAddress(spec.to),
    outcome,
    errorCode,
    reason,
    rttMs,
    attempts,
    timing: spec.timing,
  };
}
