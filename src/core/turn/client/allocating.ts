import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import { AlternateDomain, AlternateServer, Nonce, Realm } from '../../stun/attributes.ts';
import { answerData, failureData } from '../../stun/binding.ts';
import { describeFailure, endedStage, failedStage } from '../../stun/describe.ts';
import type { Exchange, Refused } from '../../stun/exchange.ts';
import type { StunMessage } from '../../stun/message.ts';
import { ErrorCode, Method } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import { addAllocateAttributes, type Grant, readGrant } from './grant.ts';
import type { AuthenticatedRequests, AuthenticatedResult } from './requests.ts';
import type { AllocateOptions, Allocation, TurnResult } from './types.ts';

/** How the Allocate of one transport ended. */
export type AllocateOutcome =
  | { readonly kind: 'granted'; readonly allocation: Allocation }
  | { readonly kind: 'redirected'; readonly server: SocketAddress; readonly domain: string | null }
  | { readonly kind: 'mismatch' }
  /** `mayExist`: the server may have made an allocation all the same. */
  | { readonly kind: 'failed'; readonly data: StageData; readonly mayExist: boolean };

export interface AllocateRun {
  readonly requests: AuthenticatedRequests;
  readonly timing: Timing;
  readonly options: AllocateOptions;
  /** Servers that were asked before this one: to be sent back to one of them is a loop. */
  readonly visited: readonly SocketAddress[];
  /** Whether a 437 was met before: only the first is answered by another port. */
  readonly mismatched: boolean;
  result(result: TurnResult, now: Instant): void;
  ended(outcome: AllocateOutcome, now: Instant): void;
  /** A success after the request was abandoned. */
  grantedLate(now: Instant): void;
}

/** RFC 8489 10 leaves the bound to the client. */
const MAX_REDIRECTS = 5;

/**
 * Asks for an allocation (RFC 8656 7), first without credentials: the 401 that says with which realm and nonce to come
 * back is the stage `challenge`, what follows is `allocate`.
 */
export function runAllocate(run: AllocateRun, now: Instant): Exchange {
  let startedAt = now;
  let challenged = false;
  return run.requests.run(
    {
      method: Method.Allocate,
      timing: run.timing,
      add: (builder) => addAllocateAttributes(builder, run.options),
      challenged: (answer, _session, at) => {
        if (challenged) return;
        challenged = true;
        const detail = `asks for credentials of realm "${answer.message.get(Realm) ?? ''}"`;
        const stage = endedStage('challenge', 'pass', startedAt, at, detail, challengeData(answer));
        run.result({ type: 'stage', id: null, stage }, at);
        startedAt = at;
      },
      ended: (result, at) => end(run, result, challenged, startedAt, at),
      answeredLate: (message, at) => {
        if (message.class === 'success') run.grantedLate(at);
      },
    },
    now,
  );
}

function end(
  run: AllocateRun,
  result: AuthenticatedResult,
  challenged: boolean,
  startedAt: Instant,
  now: Instant,
): void {
  const { authenticated } = result;
  if (result.outcome === 'success') {
    const grant = readGrant(result.message);
    if (grant.ok) {
      granted(run, grant.value, result, startedAt, now);
      return;
    }
    const data: StageData = { ...answerData(result, result.message), ...grant.error, authenticated };
    fail(run, 'allocate', data, true, startedAt, now);
    return;
  }
  const data: StageData = {
    ...failureData(result),
    authenticated,
    ...(result.staleNonces > 0 ? { staleNonces: result.staleNonces } : {}),
    ...(result.refusal === undefined ? {} : { problem: result.refusal.message, refusal: result.refusal.code }),
  };
  if (result.outcome === 'failed') {
    // Until the challenge came nothing was answered at all; from then on it is the Allocate that was not.
    fail(run, challenged ? 'allocate' : 'challenge', data, authenticated, startedAt, now);
    return;
  }
  const code = result.error.code;
  if (code === ErrorCode.TryAlternate) redirected(run, result.message, data, startedAt, now);
  else if (code === ErrorCode.AllocationMismatch && !run.mismatched) {
    const stage = endedStage(
      'allocate',
      'skip',
      startedAt,
      now,
      `${describeFailure(data)}: once more from a new port`,
      {
        ...data,
      },
    );
    run.result({ type: 'stage', id: null, stage }, now);
    run.ended({ kind: 'mismatch' }, now);
  } else {
    // Without credentials there is no second request: the 401 is challenge and refusal in one.
    const asked = code === ErrorCode.Unauthenticated && !authenticated ? { ...realmData(result.message) } : {};
    fail(run, 'allocate', { ...data, ...asked }, false, startedAt, now);
  }
}

function granted(
  run: AllocateRun,
  grant: Grant,
  result: Extract<AuthenticatedResult, { outcome: 'success' }>,
  startedAt: Instant,
  now: Instant,
): void {
  const { problem, ...rest } = grant;
  const allocation: Allocation = {
    ...rest,
    authenticated: result.authenticated,
    rttMs: result.rttMs,
    requestsSent: result.requestsSent,
  };
  const data: StageData = {
    ...answerData(result, result.message),
    relayedAddress: formatSocketAddress(grant.relayed),
    ...(grant.additional === null ? {} : { additionalRelayedAddress: formatSocketAddress(grant.additional) }),
    ...(grant.mapped === null ? {} : { mappedAddress: formatSocketAddress(grant.mapped) }),
    ...(grant.addressErrors.length === 0 ? {} : { addressErrors: grant.addressErrors }),
    ...(result.staleNonces > 0 ? { staleNonces: result.staleNonces } : {}),
    ...(problem === undefined ? {} : { problem }),
    lifetime: grant.lifetime,
    authenticated: result.authenticated,
  };
  const detail = `relayed address ${formatSocketAddress(grant.relayed)} for ${grant.lifetime} s`;
  const stage = endedStage(
    'allocate',
    problem === undefined ? 'pass' : 'warn',
    startedAt,
    now,
    problem === undefined ? detail : `${detail}; ${problem}`,
    data,
  );
  run.result({ type: 'stage', id: null, stage }, now);
  run.ended({ kind: 'granted', allocation }, now);
}

/** RFC 8489 10 and RFC 8656 7.4: another server is to be asked, over the same protocol, in the same address family. */
function redirected(run: AllocateRun, message: StunMessage, data: StageData, startedAt: Instant, now: Instant): void {
  const read = message.read(AlternateServer);
  const asked = run.requests.server;
  const server = read?.ok === true ? read.value : undefined;
  if (server === undefined || server.family !== asked.family) {
    const problem =
      read === undefined
        ? 'ALTERNATE-SERVER is missing'
        : read.ok
          ? `ALTERNATE-SERVER ${formatSocketAddress(read.value)} is of another address family`
          : `ALTERNATE-SERVER: ${read.error}`;
    fail(run, 'allocate', { ...data, problem }, false, startedAt, now);
    return;
  }
  const alternate = { ...data, alternateServer: formatSocketAddress(server) };
  const path = [...run.visited, asked];
  if (path.some((each) => sameSocketAddress(each, server)) || path.length > MAX_REDIRECTS) {
    const route = [...path, server].map(formatSocketAddress).join(', ');
    const problem = `the server sends on and on: ${route}`;
    fail(run, 'allocate', { ...alternate, cause: 'redirect-loop', problem }, false, startedAt, now);
    return;
  }
  const detail = `sent on to ${formatSocketAddress(server)}`;
  const stage = endedStage('allocate', 'skip', startedAt, now, detail, alternate);
  run.result({ type: 'stage', id: null, stage }, now);
  run.ended({ kind: 'redirected', server, domain: message.get(AlternateDomain) ?? null }, now);
}

function fail(
  run: AllocateRun,
  name: 'challenge' | 'allocate',
  data: StageData,
  mayExist: boolean,
  startedAt: Instant,
  now: Instant,
): void {
  run.result({ type: 'stage', id: null, stage: failedStage(name, startedAt, now, data) }, now);
  run.ended({ kind: 'failed', data, mayExist }, now);
}

function challengeData(answer: Refused): StageData {
  return {
    ...answerData(answer, answer.message),
    errorCode: answer.error.code,
    reason: answer.error.reason,
    ...realmData(answer.message),
    authenticated: false,
  };
}

/** The nonce is told because some servers put their clock into it. */
function realmData(message: StunMessage): StageData {
  const realm = message.get(Realm);
  const nonce = message.get(Nonce);
  return { ...(realm === undefined ? {} : { realm }), ...(nonce === undefined ? {} : { nonce }) };
}
