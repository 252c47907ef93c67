import { parseSocketAddress } from '../../core/address.ts';
import type { RelayData } from '../events.ts';
import type { RelayMeasurement } from '../report.ts';

/** Sums up the bursts of one attempt. Those with a `purpose` of their own (sizes, rates) do not count towards loss and jitter. */
export function measureRelay(relayedAddress: string, bursts: readonly RelayData[]): RelayMeasurement {
  const relayed = parseSocketAddress(relayedAddress);
  const plain = bursts.filter((burst) => burst.purpose === undefined);
  const directions = (['peer-first', 'relay-to-peer', 'peer-after-relay'] as const)
    .map((direction) => {
      const own = plain.filter((burst) => burst.direction === direction);
      return { direction, tried: own.length > 0, ...sum(own) };
    })
    .filter((entry) => entry.tried)
    .map(({ direction, sent, received }) => ({ direction, sent, received }));
  // A stateful firewall stops what comes unasked: that is a finding of its own, and no loss.
  const { sent, received } = sum(plain.filter((burst) => burst.direction !== 'peer-first'));
  return {
    address: relayed?.address ?? relayedAddress,
    port: relayed?.port ?? 0,
    directions,
    rttMs: percentiles(plain.flatMap((burst) => burst.roundTripsMs)),
    jitterMs: jitter(plain.map((burst) => burst.roundTripsMs)),
    lossPercent: sent === 0 ? null : round((100 * (sent - received)) / sent),
  };
}

function sum(bursts: readonly RelayData[]): { readonly sent: number; readonly received: number } {
  return bursts.reduce(
    (total, burst) => ({ sent: total.sent + burst.sent, received: total.received + burst.received }),
    {
      sent: 0,
      received: 0,
    },
  );
}

function percentiles(values: readonly number[]): RelayMeasurement['rttMs'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  // Nearest rank: always a value that was measured.
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { min: at(0), p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** The mean difference between one round trip and the next in the same burst. */
function jitter(bursts: readonly (readonly number[])[]): number | null {
  const steps = bursts.flatMap((burst) =>
    burst.slice(1).map((value, index) => Math.abs(value - (burst[index] ?? value))),
  );
  return steps.length === 0 ? null : round(steps.reduce((total, step) => total + step, 0) / steps.length);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
