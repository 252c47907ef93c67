import type { Call, CallTiming, PairEnd } from '../record/report.ts';

export type CallStep = 'offer' | 'candidate' | 'answer' | 'ice' | 'dtls' | 'channel';

const STEPS: readonly CallStep[] = ['offer', 'candidate', 'answer', 'ice', 'dtls', 'channel'];

/** What came, in the order in which it came; milliseconds since the connection began. */
export function stepsOf(timing: CallTiming): { readonly step: CallStep; readonly ms: number }[] {
  return STEPS.flatMap((step) => {
    const ms = timing[`${step}Ms`];
    return ms === null ? [] : [{ step, ms }];
  }).toSorted((a, b) => a.ms - b.ms);
}

/** What was measured, for a row of the matrix: milliseconds, per cent, Mbit/s out and in. */
export function dataWords(data: Call['data']): {
  readonly times: string;
  readonly loss: string;
  readonly rates: string;
} {
  const { rttMs = null, lossPercent = null, throughput } = data ?? {};
  return {
    times: rttMs === null ? '' : [rttMs.p50, rttMs.p95, rttMs.p99].map(short).join(' / '),
    loss: lossPercent === null ? '' : `${short(lossPercent)} %`,
    rates: [throughput?.toAnswerer, throughput?.toOfferer].map(megabits).join(' / '),
  };
}

/** The kinds of the pair that carries the data. */
export function pairOf({ selected, peers }: Call): string {
  if (selected === null) return '';
  // How the other end reaches its relay, only the other end knows.
  const other = peers.at(1)?.pairs.find((pair) => pair.selected)?.local;
  const isSame = other?.candidateType === selected.remote.candidateType;
  return `${kindOf(selected.local)} - ${kindOf(isSame ? other : selected.remote)}`;
}

/** `relay 192.0.2.1:5000`. */
export function endOf(end: PairEnd): string {
  const { candidateType, address, port } = end;
  const place = address === null ? 'hidden' : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${candidateType} ${place}`;
}

function kindOf({ candidateType, relayProtocol, protocol }: PairEnd): string {
  if (candidateType === 'relay' && relayProtocol !== null) return `relay/${relayProtocol}`;
  return protocol === 'tcp' ? `${candidateType}/tcp` : candidateType;
}

/** Two digits that matter. */
function short(value: number): string {
  return value === 0 || value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function megabits(bitsPerSecond: number | null | undefined): string {
  return bitsPerSecond === null || bitsPerSecond === undefined ? '--' : short(bitsPerSecond / 1e6);
}
