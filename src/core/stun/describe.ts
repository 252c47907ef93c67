import type { Stage, StageData, StageName, StageStatus } from '../attempt.ts';
import type { Instant } from '../time.ts';
import { ERROR_REASONS } from './registry.ts';

/** A stage that began at `startedAt` and is over now. */
export function endedStage(
  stage: StageName,
  status: StageStatus,
  startedAt: Instant,
  now: Instant,
  detail: string,
  data: StageData,
): Stage {
  return { stage, status, ms: now - startedAt, detail, data };
}

/** One that failed as its data says. */
export function failedStage(stage: StageName, startedAt: Instant, now: Instant, data: StageData): Stage {
  return endedStage(stage, 'fail', startedAt, now, describeFailure(data), data);
}

/** A failure in a few words for a person. */
export function describeFailure(data: StageData): string {
  const extra = data.problem === undefined ? '' : `: ${data.problem}`;
  switch (data.cause) {
    case 'stun-error':
      return `${describeError(data.errorCode ?? 0, data.reason ?? '')}${extra}`;
    case 'timeout':
      return `no answer${data.requestsSent === undefined ? '' : ` to ${count(data.requestsSent, 'request')}`}${extra}`;
    case 'refused':
      return `refused: nothing listens on that port${extra}`;
    case 'unreachable':
      return `unreachable: no way to that address${extra}`;
    case 'reset':
      return `the connection was reset${extra}`;
    case 'closed':
      return `the server closed the connection${extra}`;
    case 'bad-integrity':
      return data.problem ?? 'the integrity of the answer is wrong';
    case 'not-stun':
      return `the answer is no STUN${extra}`;
    case 'malformed':
      return `the answer is malformed${extra}`;
    case 'wrong-source':
      return `the answer comes from ${data.answerFrom ?? 'another address'}${extra}`;
    case 'redirect-loop':
      return data.problem ?? 'the server sends in circles';
    case 'unsupported':
      return data.problem ?? 'not supported';
    case 'tls':
      return `TLS${extra}`;
    case 'dns-not-found':
      return `the name does not exist${extra}`;
    case 'dns-failed':
      return `the name could not be resolved${extra}`;
    case 'dns-timeout':
      return `no answer from the resolver${extra}`;
    case 'local':
      return `not possible here${extra}`;
    case 'not-run':
      return data.problem ?? 'not done';
    default:
      return data.problem ?? '';
  }
}

/** `401 Unauthenticated`. */
export function describeError(code: number, reason: string): string {
  // coturn pads some of its phrases with zeros.
  return `${code} ${reasonOf(code, reason)}`.replaceAll('\0', '').trimEnd();
}

/** The reason phrase, or that of the registry where the server gave none. */
export function reasonOf(code: number, reason: string | undefined): string {
  return reason === undefined || reason === '' ? (ERROR_REASONS[code] ?? '') : reason;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
