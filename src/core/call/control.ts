import type { DataMeasurement, DataSample } from './events.ts';

/** Messages of the control channel: short JSON; everything else on it is bulk. */
export type Control =
  | { readonly ask: 'counts' }
  | { readonly counts: number }
  | { readonly ask: 'bulk'; readonly ms: number }
  | { readonly ask: 'bulk-begins' }
  | { readonly ask: 'bulk-ended' }
  | { readonly bulk: { readonly bytes: number; readonly ms: number } }
  | { readonly bulkDone: true }
  /** What the offering end sees just now, for whoever watches the other one. */
  | { readonly sample: DataSample }
  /** What the offering end measured, so that the answering one can tell it, too. */
  | { readonly result: DataMeasurement };

/** From the other end of the connection, which may be anybody's: undefined for all that is none of these. */
export function readControl(data: unknown): Control | undefined {
  if (typeof data !== 'string' || data.length > 1000) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { ask, ms, counts, bulk, bulkDone, sample, result } = value as Readonly<Record<string, unknown>>;
  if (ask === 'counts' || ask === 'bulk-begins' || ask === 'bulk-ended') return { ask };
  if (ask === 'bulk' && isCount(ms)) return { ask, ms };
  if (isCount(counts)) return { counts };
  if (bulkDone === true) return { bulkDone };
  if (typeof sample === 'object' && sample !== null) return { sample: readSample(sample) };
  const measurement = readMeasurement(result);
  if (measurement !== undefined) return { result: measurement };
  if (typeof bulk !== 'object' || bulk === null) return undefined;
  const { bytes, ms: tookMs } = bulk as Readonly<Record<string, unknown>>;
  return isCount(bytes) && isCount(tookMs) ? { bulk: { bytes, ms: tookMs } } : undefined;
}

function readSample(value: object): DataSample {
  const { rttMs, toAnswerer, toOfferer } = value as Readonly<Record<string, unknown>>;
  return { rttMs: countOrNull(rttMs), toAnswerer: countOrNull(toAnswerer), toOfferer: countOrNull(toOfferer) };
}

function readMeasurement(value: unknown): DataMeasurement | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sent, arrived, returned, rttMs, lossPercent, throughput, durationMs } = value as Readonly<
    Record<string, unknown>
  >;
  if (!isCount(sent) || !isCount(returned) || !isCount(durationMs)) return undefined;
  const { min, p50, p95, p99, max } = (rttMs ?? {}) as Readonly<Record<string, unknown>>;
  const { toAnswerer, toOfferer } = (throughput ?? {}) as Readonly<Record<string, unknown>>;
  const hasTimes = isCount(min) && isCount(p50) && isCount(p95) && isCount(p99) && isCount(max);
  return {
    sent,
    arrived: countOrNull(arrived),
    returned,
    rttMs: hasTimes ? { min, p50, p95, p99, max } : null,
    lossPercent: countOrNull(lossPercent),
    throughput: { toAnswerer: countOrNull(toAnswerer), toOfferer: countOrNull(toOfferer) },
    durationMs,
  };
}

function countOrNull(value: unknown): number | null {
  return isCount(value) ? value : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
