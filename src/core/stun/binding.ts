import { formatSocketAddress, type SocketAddress } from '../address.ts';
import type { StageData } from '../attempt.ts';
import type { Instant } from '../time.ts';
import { MappedAddress, Software, XorMappedAddress } from './attributes.ts';
import { MessageBuilder } from './encode.ts';
import type { Clue, Exchange, ExchangeResult, ExchangeTimes } from './exchange.ts';
import type { StunLink } from './link.ts';
import type { StunMessage } from './message.ts';
import { Method } from './registry.ts';
import type { Timing } from './transaction.ts';

/** How a Binding request (RFC 8489 2) ended. */
export type BindingResult =
  | (ExchangeTimes & { readonly outcome: 'success'; readonly mapped: SocketAddress; readonly data: StageData })
  | (ExchangeTimes & { readonly outcome: 'failed'; readonly data: StageData });

/**
 * Asks a server for our transport address as it sees it. `data` of the result is made for a stage: what came back, or how
 * it failed.
 */
export function requestBinding(
  link: StunLink,
  server: SocketAddress,
  timing: Timing,
  ended: (result: BindingResult, now: Instant) => void,
  now: Instant,
): Exchange {
  return link.request(
    {
      method: Method.Binding,
      to: server,
      timing,
      build: (transactionId) => new MessageBuilder('request', Method.Binding, transactionId).build(),
      ended: (result, at) => ended(bindingResult(result), at),
    },
    now,
  );
}

function bindingResult(result: ExchangeResult): BindingResult {
  if (result.outcome !== 'success') return { ...timesOf(result), outcome: 'failed', data: failureData(result) };
  const mapped = mappedAddressOf(result.message);
  if ('cause' in mapped) {
    return { ...timesOf(result), outcome: 'failed', data: { ...answerData(result, result.message), ...mapped } };
  }
  const plain = result.message.get(MappedAddress);
  return {
    ...timesOf(result),
    outcome: 'success',
    mapped,
    data: {
      ...answerData(result, result.message),
      mappedAddress: formatSocketAddress(mapped),
      // Both are sent by servers for old clients; where they differ, something on the path rewrites addresses (RFC 8489 14.2).
      ...(plain === undefined ? {} : { plainMappedAddress: formatSocketAddress(plain) }),
    },
  };
}

/**
 * XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS where a server of RFC 3489 sends no other (RFC 8489 14.1); what is wrong where
 * there is neither.
 */
export function mappedAddressOf(message: StunMessage): SocketAddress | Clue {
  const xored = message.read(XorMappedAddress);
  if (xored?.ok === true) return xored.value;
  if (xored !== undefined) return { cause: 'malformed', problem: `XOR-MAPPED-ADDRESS: ${xored.error}` };
  const plain = message.read(MappedAddress);
  if (plain?.ok === true) return plain.value;
  if (plain !== undefined) return { cause: 'malformed', problem: `MAPPED-ADDRESS: ${plain.error}` };
  return { cause: 'malformed', problem: 'the answer has neither XOR-MAPPED-ADDRESS nor MAPPED-ADDRESS' };
}

/** What every answer tells for a stage. */
export function answerData(times: ExchangeTimes, message: StunMessage): StageData {
  const software = message.get(Software);
  return {
    requestsSent: times.requestsSent,
    ...(times.rttMs === null ? {} : { rttMs: times.rttMs }),
    ...(software === undefined ? {} : { software }),
  };
}

/** What a stage says of a request that was refused or never answered. */
export function failureData(result: Exclude<ExchangeResult, { outcome: 'success' }>): StageData {
  if (result.outcome === 'failed') {
    return { cause: result.cause, requestsSent: result.requestsSent, ...result.evidence };
  }
  return {
    ...answerData(result, result.message),
    cause: 'stun-error',
    errorCode: result.error.code,
    reason: result.error.reason,
  };
}

function timesOf({ startedAt, requestsSent, rttMs }: ExchangeTimes): ExchangeTimes {
  return { startedAt, requestsSent, rttMs };
}
