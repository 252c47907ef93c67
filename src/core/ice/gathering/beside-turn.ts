import { formatSocketAddress } from '../../address.ts';
import type { Stage, StageData } from '../../attempt.ts';
import type { Deadline } from '../../machine.ts';
import { type BindingResult, requestBinding } from '../../stun/binding.ts';
import { describeFailure, endedStage } from '../../stun/describe.ts';
import type { Exchange } from '../../stun/exchange.ts';
import type { Instant } from '../../time.ts';
import type { GatheringContext, Timed } from './context.ts';
import type { TurnWay } from './turn-way.ts';

/** Room for one retransmission and its round trip, once it is known that the server answers other requests. */
const GRACE_MS = 700;

/**
 * The Binding request that accompanies an Allocate over UDP, as in browsers: its answer is the server-reflexive candidate
 * even where the allocation is refused, and tells a STUN server without TURN from silence. It is not what the URL asks
 * for, so its failure fails nothing, and nothing waits for it longer than need be.
 */
export class BesideTurn implements Timed {
  readonly #context: GatheringContext;
  readonly #url: string;
  readonly #way: TurnWay;
  readonly #ended: (result: Extract<BindingResult, { outcome: 'success' }> | undefined, now: Instant) => void;
  #exchange: Exchange | undefined;
  #startedAt: Instant = 0;
  #limit: Instant | undefined;
  #done = false;

  /** Begins at its turn. `ended` gets the answer, or nothing; it is not called after `stop`. */
  constructor(
    context: GatheringContext,
    url: string,
    way: TurnWay,
    ended: (result: Extract<BindingResult, { outcome: 'success' }> | undefined, now: Instant) => void,
    now: Instant,
  ) {
    this.#context = context;
    this.#url = url;
    this.#way = way;
    this.#ended = ended;
    context.timed.add(this);
    context.pacer.addLast((at) => this.#begin(at), now);
  }

  get done(): boolean {
    return this.#done;
  }

  get deadline(): Deadline | undefined {
    if (this.#limit === undefined) return undefined;
    return { at: this.#limit, why: 'end of waiting for a Binding answer of a TURN server' };
  }

  handleTimeout(now: Instant): void {
    if (this.#limit !== undefined && now >= this.#limit) this.#skip('no answer while Allocate had one', now);
  }

  /** The Allocate has ended. */
  allocateEnded(how: 'granted' | 'answered' | 'unanswered', now: Instant): void {
    if (this.#done) return;
    if (how === 'granted') this.#skip('not waited for: the allocation told the address', now);
    else if (how === 'answered') {
      // It may be waiting for its turn still: the server is there, so it is worth asking.
      this.#limit = Math.max(now, (this.#exchange === undefined ? now : this.#startedAt) + GRACE_MS);
      this.handleTimeout(now);
    } else if (this.#exchange === undefined) this.#end(undefined, now);
  }

  /** Not wanted any more. */
  stop(): void {
    this.#done = true;
    this.#context.timed.delete(this);
    this.#exchange?.abandon();
  }

  #begin(now: Instant): void {
    const link = this.#way.base?.link;
    if (this.#done || link === undefined) return;
    this.#startedAt = now;
    const { timing } = this.#context.settings;
    this.#exchange = requestBinding(link, this.#way.remote, timing, (result, at) => this.#answered(result, at), now);
  }

  #answered(result: BindingResult, now: Instant): void {
    if (this.#done) return;
    if (result.outcome === 'success') {
      const detail = `our address is ${formatSocketAddress(result.mapped)}`;
      this.#stage(endedStage('binding', 'pass', this.#startedAt, now, detail, result.data));
      this.#end(result, now);
      return;
    }
    this.#stage(endedStage('binding', 'skip', this.#startedAt, now, describeFailure(result.data), result.data));
    this.#end(undefined, now);
  }

  #skip(problem: string, now: Instant): void {
    if (this.#exchange !== undefined) {
      const data: StageData = { cause: 'not-run', problem, requestsSent: this.#exchange.requestsSent };
      this.#exchange.abandon();
      this.#stage(endedStage('binding', 'skip', this.#startedAt, now, problem, data));
    }
    this.#end(undefined, now);
  }

  #end(result: Extract<BindingResult, { outcome: 'success' }> | undefined, now: Instant): void {
    this.#done = true;
    this.#context.timed.delete(this);
    this.#ended(result, now);
  }

  #stage(stage: Stage): void {
    this.#context.tell.stage(this.#url, this.#way.key, stage, this.#way.transport);
  }
}
