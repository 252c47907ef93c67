import { showDuration } from '../../diagnosis/render.ts';
import type { Call, PairEnd, Report } from '../../record/report.ts';
import { flow, labelled, WIDTH } from '../layout.ts';
import type { Style } from '../style.ts';

// The matrix of a call, a row for each path:
//
//       path       connected  rtt p50 / p95 / p99      loss    there / back          pair
// ok    any            37 ms  0.2 / 0.6 / 1.1 ms        0 %   412 / 398 Mbit/s      host - host
// FAIL  relay/tls         --  ice: no candidate pair answered

const LABEL = 6;

/** The connections of a call: the matrix, then how the first one came about. */
export function callLines(report: Report, style: Style): string[] {
  const { calls } = report;
  const [first] = calls ?? [];
  if (calls === undefined || first === undefined) return [];
  const header = `      ${'path'.padEnd(10)} ${'open'.padStart(8)}  ${'rtt p50/p95/p99 ms'.padEnd(20)} ${'loss'.padStart(6)}  ${'Mbit/s out/in'.padEnd(15)} pair`;
  const told = calls.find(({ outcome }) => outcome === 'connected') ?? first;
  return [
    style.dim(header),
    ...calls.flatMap((call) => rowOf(call, style)),
    ...stepsOf(told, calls.length > 1, style),
    ...endsOf(told, style),
  ];
}

function rowOf(call: Call, style: Style): string[] {
  const { path, outcome, timing, data } = call;
  const [label, colour] =
    outcome === 'connected'
      ? (['ok', style.good] as const)
      : outcome === 'no-candidates' || outcome === 'not-determined'
        ? (['--', style.dim] as const)
        : (['FAIL', style.error] as const);
  const head = `${path.padEnd(10)} ${(timing.channelMs === null ? '--' : showDuration(timing.channelMs)).padStart(8)}  `;
  if (outcome !== 'connected') {
    const words = `${outcome === 'failed' ? '' : `${wordsOf(outcome)}: `}${call.reason ?? ''}`;
    const lines = labelled('', words, 0, LABEL + head.length).map((line) => line.trimStart());
    return lines.map((line, index) =>
      index === 0
        ? `${colour(label.padEnd(LABEL))}${style.bold(head)}${line}`
        : `${' '.repeat(LABEL + head.length)}${line}`,
    );
  }
  const rtt = data?.rttMs;
  const times = rtt === null || rtt === undefined ? '' : [rtt.p50, rtt.p95, rtt.p99].map(short).join(' / ');
  const loss = data?.lossPercent === null || data?.lossPercent === undefined ? '' : `${short(data.lossPercent)} %`;
  const rates = [data?.throughput.toAnswerer, data?.throughput.toOfferer].map(megabits).join(' / ');
  return [
    `${colour(label.padEnd(LABEL))}${style.bold(head)}${times.padEnd(20)} ${loss.padStart(6)}  ${rates.padEnd(15)} ${pairOf(call)}`,
  ];
}

/** How it came about: `offer 1 ms > first candidate 4 ms > answer 9 ms > ICE 31 ms > DTLS 36 ms > data channel 38 ms`. */
function stepsOf({ path, timing }: Call, several: boolean, style: Style): string[] {
  const steps = [
    ['offer', timing.offerMs],
    ['first candidate', timing.candidateMs],
    ['answer', timing.answerMs],
    ['ICE', timing.iceMs],
    ['DTLS', timing.dtlsMs],
    ['data channel', timing.channelMs],
  ] as const;
  const told = steps
    .flatMap(([name, ms]) => (ms === null ? [] : [{ name, ms }]))
    .toSorted((a, b) => a.ms - b.ms)
    .map(({ name, ms }) => `${name} ${showDuration(ms)}`);
  if (told.length === 0) return [];
  const label = several ? `${path}: ` : '';
  const parts = told.map((each, index) => (index === told.length - 1 ? each : `${each} >`));
  const lines = flow([`${label}${parts[0] ?? ''}`, ...parts.slice(1)], WIDTH - LABEL, ' ');
  return ['', ...lines.map((line) => style.dim(' '.repeat(LABEL) + line))];
}

/** Where the data went, and who did it. */
function endsOf({ selected, peers }: Call, style: Style): string[] {
  const restarts = Math.max(0, ...peers.map((peer) => peer.restarts));
  const stacks = [...new Set(peers.map(({ stack }) => stack))].join(', ');
  const parts = [
    ...(selected === null ? [] : [`${endOf(selected.local)} <-> ${endOf(selected.remote)}`]),
    ...(restarts === 0 ? [] : [`ICE was begun anew ${restarts === 1 ? 'once' : `${restarts} times`}`]),
    ...(stacks === '' ? [] : [stacks]),
  ];
  return flow(parts, WIDTH - LABEL, ', ').map((line) => style.dim(' '.repeat(LABEL) + line));
}

function endOf(end: PairEnd): string {
  const { candidateType, address, port } = end;
  const place = address === null ? 'hidden' : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${candidateType} ${place}`;
}

function pairOf({ selected, peers }: Call): string {
  if (selected === null) return '';
  // How the other end reaches its relay, only the other end knows.
  const other = peers.at(1)?.pairs.find((pair) => pair.selected)?.local;
  const isSame = other?.candidateType === selected.remote.candidateType;
  return `${kindOf(selected.local)} - ${kindOf(isSame ? other : selected.remote)}`;
}

function kindOf({ candidateType, relayProtocol, protocol }: PairEnd): string {
  if (candidateType === 'relay' && relayProtocol !== null) return `relay/${relayProtocol}`;
  return protocol === 'tcp' ? `${candidateType}/tcp` : candidateType;
}

function wordsOf(outcome: Call['outcome']): string {
  return outcome === 'no-candidates' ? 'nothing to try' : outcome === 'not-determined' ? 'not determined' : outcome;
}

/** Two digits that matter. */
function short(value: number): string {
  return value === 0 || value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function megabits(bitsPerSecond: number | null | undefined): string {
  return bitsPerSecond === null || bitsPerSecond === undefined ? '--' : short(bitsPerSecond / 1e6);
}
