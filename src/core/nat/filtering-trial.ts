import { type SocketAddress, sameSocketAddress } from '../address.ts';
import type { TransportId } from '../machine.ts';
import type { Random } from '../random.ts';
import { ErrorCodeAttribute } from '../stun/attributes.ts';
import type { StunMessage } from '../stun/message.ts';
import type { Instant } from '../time.ts';
import { Ask } from './ask.ts';
import { doubtOf, MAX_DOUBT } from './filtering.ts';
import type { ChangedAnswer } from './plan.ts';

const INTERVAL_MS = 60;
const MIN_SENDS = 4;
const MAX_SENDS = 40;
const SETTLE_MS = 300;

/**
 * One question of filtering by CHANGE-REQUEST, with a control beside it: the same request without the change, from the same
 * socket at the same time, counts how much the path loses. The question is repeated until an answer comes, or until loss
 * alone would explain the silence less than once in a thousand.
 */
export class FilteringTrial {
  readonly question: ChangedAnswer;
  readonly #test: Ask;
  readonly #control: Ask;
  #settleAt: Instant | undefined;
  #rttMs = 0;
  reported = false;
  #outcome: 'arrived' | 'filtered' | 'undetermined' | undefined;
  answerFrom: SocketAddress | undefined;
  /** Why it is undetermined, where it is not loss. */
  note: string | undefined;

  constructor(transport: TransportId, server: SocketAddress, question: ChangedAnswer, random: Random, now: Instant) {
    this.question = question;
    const common = { transport, to: server, intervalMs: INTERVAL_MS, maxSends: MAX_SENDS, lastWaitMs: SETTLE_MS };
    this.#test = new Ask({ ...common, change: question.change }, random, now);
    this.#control = new Ask(common, random, now);
  }

  get asks(): readonly Ask[] {
    return [this.#test, this.#control];
  }

  get outcome(): 'arrived' | 'filtered' | 'undetermined' | undefined {
    return this.#outcome;
  }

  get tries(): number {
    return this.#test.sends;
  }

  get doubt(): number {
    return doubtOf(this.#test.sends, this.#control.sends, this.#control.answers);
  }

  get nextAt(): Instant | undefined {
    const settling = this.#settleAt ?? Number.POSITIVE_INFINITY;
    if (this.#outcome !== undefined) return undefined;
    return Math.min(settling, this.#test.nextAt ?? settling, this.#control.nextAt ?? settling);
  }

  /** Takes an answer to one of its requests; false where it is none. */
  take(message: StunMessage, from: SocketAddress, now: Instant): boolean {
    const control = this.#control.take(message.transactionId, from, now);
    if (control !== undefined) {
      this.#rttMs = Math.max(this.#rttMs, control.rttMs);
      return true;
    }
    if (this.#test.take(message.transactionId, from, now) === undefined) return false;
    const error = message.get(ErrorCodeAttribute);
    if (error !== undefined) {
      this.note = `the server refuses CHANGE-REQUEST: ${error.code} ${error.reason}`;
      this.#end('undetermined');
      return true;
    }
    this.answerFrom = from;
    if (sameSocketAddress(from, this.question.expected)) this.#end('arrived');
    else {
      this.note = 'the server ignores CHANGE-REQUEST: it answered from another address than it named';
      this.#end('undetermined');
    }
    return true;
  }

  /** Looks whether enough was asked. The last answers must have had time to come, or they would count as lost. */
  settle(now: Instant): void {
    if (this.#outcome !== undefined) return;
    if (this.#test.done) this.#end(this.doubt < MAX_DOUBT ? 'filtered' : 'undetermined');
    else if (this.#settleAt === undefined) {
      if (this.#test.sends >= MIN_SENDS && this.doubt < MAX_DOUBT)
        this.#settleAt = now + Math.max(100, 2 * this.#rttMs);
    } else if (now >= this.#settleAt) this.#end('filtered');
  }

  #end(outcome: 'arrived' | 'filtered' | 'undetermined'): void {
    this.#outcome = outcome;
    this.#test.stop();
    this.#control.stop();
  }
}
