import { formatSocketAddress } from '../../address.ts';
import type { Stage } from '../../attempt.ts';
import type { Deadline } from '../../machine.ts';
import { Lifetime } from '../../stun/attributes.ts';
import { answerData, failureData } from '../../stun/binding.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import type { Exchange } from '../../stun/exchange.ts';
import { ErrorCode, Method } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { AllocationChanged } from '../events.ts';
import type { Allocated } from './allocated.ts';
import { DEFAULT_LIFETIME } from './grant.ts';
import type { AuthenticatedRequests, AuthenticatedResult } from './requests.ts';
import type { ReleaseOutcome } from './types.ts';

export interface ReleaseRun {
  readonly transport: string;
  readonly requests: AuthenticatedRequests;
  readonly timing: Timing;
  /** Undefined: it is not known whether there is anything to release. */
  readonly allocated: Allocated | undefined;
  /** An Allocate is still under way: it may arrive after the Refresh that is to end it. */
  readonly overtaking: boolean;
  event(event: AllocationChanged): void;
  stage(stage: Stage, now: Instant): void;
  ended(outcome: ReleaseOutcome, now: Instant): void;
}

/** How much later than a datagram that was sent after it an Allocate may arrive and still be found. */
const OVERTAKING_MS = 500;

/** Gives an allocation back by a Refresh with lifetime 0 (RFC 8656 8.1), and says what became of it. */
export class Releasing {
  readonly #run: ReleaseRun;
  #exchange: Exchange | undefined;
  #overtaking: boolean;
  #againAt: Instant | undefined;
  #over = false;

  constructor(run: ReleaseRun, now: Instant) {
    this.#run = run;
    this.#overtaking = run.overtaking;
    this.#ask(now);
  }

  get deadline(): Deadline | undefined {
    if (this.#againAt === undefined) return undefined;
    return { at: this.#againAt, why: 'a second release, should the first have come too early' };
  }

  handleTimeout(now: Instant): void {
    if (this.#againAt === undefined || now < this.#againAt) return;
    this.#againAt = undefined;
    this.#ask(now);
  }

  /** The Allocate that was under way has been granted. Where the Refresh came too early, it is sent again at once. */
  granted(now: Instant): void {
    if (this.#againAt === undefined) return;
    this.#againAt = undefined;
    this.#ask(now);
  }

  /** No time is left to wait. */
  abandon(now: Instant): void {
    if (this.#over) return;
    this.#exchange?.abandon();
    this.#lose(now);
  }

  #ask(now: Instant): void {
    const { requests, timing, allocated } = this.#run;
    this.#exchange = sendRelease(
      requests,
      timing,
      allocated === undefined,
      (result, at) => this.#said(result, now, at),
      now,
    );
  }

  #said(result: AuthenticatedResult, startedAt: Instant, now: Instant): void {
    if (this.#over) return;
    const known = this.#run.allocated !== undefined;
    if (result.outcome === 'success') {
      const data = answerData(result, result.message);
      this.#run.stage(endedStage('release', 'pass', startedAt, now, 'the server confirmed it', data), now);
      this.#tell('released', 0);
      this.#end('released', now);
      return;
    }
    const data = failureData(result);
    if (result.outcome !== 'error' || result.error.code !== ErrorCode.AllocationMismatch) {
      this.#run.stage(failedStage('release', startedAt, now, data), now);
      this.#lose(now);
    } else if (this.#overtaking) {
      this.#overtaking = false;
      this.#againAt = now + OVERTAKING_MS;
    } else {
      const detail = known ? 'the server knew it no longer' : 'there was nothing to release';
      this.#run.stage(endedStage('release', known ? 'warn' : 'pass', startedAt, now, detail, data), now);
      if (known) this.#tell('lost', 0);
      this.#end('none', now);
    }
  }

  #lose(now: Instant): void {
    this.#tell('lost', this.#run.allocated?.remainingSeconds(now) ?? DEFAULT_LIFETIME);
    this.#end('unconfirmed', now);
  }

  #end(outcome: ReleaseOutcome, now: Instant): void {
    this.#over = true;
    this.#againAt = undefined;
    this.#run.ended(outcome, now);
  }

  #tell(change: 'released' | 'lost', lifetime: number): void {
    const { transport, requests, allocated } = this.#run;
    const mapped = allocated?.allocation.mapped ?? null;
    this.#run.event({
      type: 'allocation',
      transport,
      change,
      server: formatSocketAddress(requests.server),
      relayedAddress: allocated === undefined ? null : formatSocketAddress(allocated.allocation.relayed),
      mappedAddress: mapped === null ? null : formatSocketAddress(mapped),
      lifetime,
    });
  }
}

/** A word of farewell whose answer nobody awaits. */
export function sendUnawaitedRelease(requests: AuthenticatedRequests, timing: Timing, now: Instant): void {
  sendRelease(requests, timing, true, () => {}, now).abandon();
}

/** `unverified`: what was granted with a wrong integrity is given back under the same conditions. */
function sendRelease(
  requests: AuthenticatedRequests,
  timing: Timing,
  unverified: boolean,
  ended: (result: AuthenticatedResult, now: Instant) => void,
  now: Instant,
): Exchange {
  const add = (builder: Parameters<Parameters<typeof requests.run>[0]['add']>[0]) => builder.add(Lifetime, 0);
  return requests.run({ method: Method.Refresh, timing, unverified, add, ended }, now);
}
