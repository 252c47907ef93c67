import { showDuration } from '../../diagnosis/render.ts';
import type { Call, Report } from '../../record/report.ts';
import { type CallStep, dataWords, endOf, pairOf, stepsOf } from '../call-words.ts';
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
    ...stepLines(told, calls.length > 1, style),
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
  const { times, loss, rates } = dataWords(data);
  return [
    `${colour(label.padEnd(LABEL))}${style.bold(head)}${times.padEnd(20)} ${loss.padStart(6)}  ${rates.padEnd(15)} ${pairOf(call)}`,
  ];
}

const STEPS: Readonly<Record<CallStep, string>> = {
  offer: 'offer',
  candidate: 'first candidate',
  answer: 'answer',
  ice: 'ICE',
  dtls: 'DTLS',
  channel: 'data channel',
};

/** How it came about: `offer 1 ms > first candidate 4 ms > answer 9 ms > ICE 31 ms > DTLS 36 ms > data channel 38 ms`. */
function stepLines({ path, timing }: Call, several: boolean, style: Style): string[] {
  const told = stepsOf(timing).map(({ step, ms }) => `${STEPS[step]} ${showDuration(ms)}`);
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

function wordsOf(outcome: Call['outcome']): string {
  return outcome === 'no-candidates' ? 'nothing to try' : outcome === 'not-determined' ? 'not determined' : outcome;
}
