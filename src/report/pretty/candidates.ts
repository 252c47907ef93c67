import type { Candidate, CandidateError, Gathering } from '../../record/report.ts';
import { flow, WIDTH } from '../layout.ts';
import type { Style } from '../style.ts';

// The table of a gathering, a line or two for each thing that came, in the order in which it came:
//
//    ms  type   proto  address                priority       from
//     0  gathering
//     1  host   udp    192.168.1.23:51022     126|65535|255  eth0
//    12  srflx  udp    203.0.113.7:41022      100|65535|255  stun:stun.example.org
//                      base 192.168.1.23:51022, answer after 11.9 ms

const ADDRESS = 21;
const MARGIN = ' '.repeat(21);

export function candidateHeader(style: Style): string {
  return style.dim(`   ms  type   proto  ${'address'.padEnd(ADDRESS)}  ${'priority'.padEnd(13)}  from`);
}

export function stateLine(state: string, ms: number, style: Style): string {
  return `${instant(ms)}  ${style.accent(state)}`;
}

export function candidateLines(candidate: Omit<Candidate, 'ms'>, ms: number, style: Style): string[] {
  const { type, protocol, address, port } = candidate;
  const endpoint = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const priority = takenApart(candidate.priority);
  const origin = candidate.url ?? candidate.interface ?? '';
  const head = `${instant(ms)}  ${type.padEnd(5)}  ${protocol.padEnd(5)}  ${endpoint.padEnd(ADDRESS)}`;
  const fits = head.length + 2 + 13 + 2 + origin.length <= WIDTH;
  const more = [...(fits ? [] : [`priority ${priority}`, origin]), ...remarks(candidate)].filter((part) => part !== '');
  const first = fits ? `${head}  ${style.dim(priority.padStart(13))}  ${origin}`.trimEnd() : head.trimEnd();
  return [first, ...flow(more, WIDTH - MARGIN.length, ', ').map((line) => style.dim(`${MARGIN}${line}`))];
}

export function errorLines(error: Omit<CandidateError, 'ms'>, ms: number, style: Style): string[] {
  const local = error.address === null ? '' : `from ${error.address}${error.port ? `:${error.port}` : ''}`;
  const lines = flow([error.url, error.errorText || '(no text)', local].filter(Boolean), WIDTH - 14);
  return lines.map((line, index) =>
    index === 0
      ? `${instant(ms)}  ${style.error(String(error.errorCode).padEnd(5))}  ${line}`
      : `${' '.repeat(14)}${line}`,
  );
}

/** The whole table of a gathering that is over. */
export function gatheringTable(gathering: Gathering, style: Style): string[] {
  const rows = [
    ...gathering.states.map(({ state, ms }) => ({
      ms,
      order: state === 'complete' ? 2 : 0,
      lines: [stateLine(state, ms, style)],
    })),
    ...gathering.candidates.map((each) => ({ ms: each.ms, order: 1, lines: candidateLines(each, each.ms, style) })),
    ...gathering.errors.map((each) => ({ ms: each.ms, order: 1, lines: errorLines(each, each.ms, style) })),
  ];
  const sorted = rows.toSorted((a, b) => a.ms - b.ms || a.order - b.order);
  return [candidateHeader(style), ...sorted.flatMap((row) => row.lines)];
}

/** The three parts of RFC 8445 5.1.2.1: type preference, local preference, 256 minus the component. */
export function takenApart(priority: number): string {
  return `${Math.floor(priority / 2 ** 24)}|${Math.floor(priority / 2 ** 8) % 2 ** 16}|${priority % 2 ** 8}`;
}

function remarks(candidate: Omit<Candidate, 'ms'>): string[] {
  const { type, relatedAddress, relatedPort, relayProtocol, rttMs, tcpType, requestsSent } = candidate;
  const related =
    relatedAddress === null
      ? ''
      : `${relatedAddress.includes(':') ? `[${relatedAddress}]` : relatedAddress}:${relatedPort ?? 0}`;
  return [
    ...(type === 'relay' && relayProtocol !== null ? [`over ${relayProtocol.toUpperCase()}`] : []),
    ...(related === '' ? [] : [`${type === 'relay' ? 'related' : 'base'} ${related}`]),
    ...(tcpType === null ? [] : [`TCP ${tcpType}`]),
    ...(rttMs === null ? [] : [`answer after ${Number(rttMs.toFixed(1))} ms`]),
    ...(requestsSent !== null && requestsSent > 2 ? [`${requestsSent} requests`] : []),
  ];
}

function instant(ms: number): string {
  return String(Math.round(ms)).padStart(5);
}
