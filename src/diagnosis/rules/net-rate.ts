import { parseSocketAddress } from '../../core/address.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, type View } from '../view.ts';
import { unique, urlsOf } from './targets.ts';

export const rateRules: readonly Rule[] = [rateLimited];

/** Requests sent for the first time, in order, and whether that very packet was answered. */
interface Ask {
  readonly event: RunEvent;
  readonly ms: number;
  readonly answered: boolean;
}

/** A pause after which a limit has recovered, and a new burst begins. */
const PAUSE_MS = 1000;
/** The first of a burst that must all be answered, and how many of the rest must not be: loss strikes anywhere. */
const LEADING = 3;
const UNANSWERED = 6;
const SHARE = 0.75;

/**
 * In a burst of requests the first are answered, nearly all of the rest are not, and later ones are again: a limit on
 * packets a second. Mere loss does not look at the order; at 20 % each way it looks like this once in a hundred bursts.
 */
function rateLimited(view: View): Conclusion[] {
  return [...asksByServer(view)].flatMap(([address, asks]): Conclusion[] => {
    const targets = view.targets.filter((target) => target.address === address && target.transport === 'udp');
    const [target] = targets;
    if (target === undefined || targets.some(({ attempts }) => attempts.some((each) => isLossy(view, each)))) return [];
    const limited = burstsOf(asks).filter((burst) => isCutShort(burst));
    const last = limited.at(-1)?.at(-1)?.ms ?? 0;
    // A server that died in between answers nothing later.
    if (limited.length === 0 || !answeredAfter(view, address, last)) return [];
    const burst = limited[0] ?? [];
    const answered = burst.filter((ask) => ask.answered).length;
    return [
      {
        id: 'net.rate-limited',
        subject: target.url,
        urls: urlsOf(targets),
        confidence: limited.length > 1 ? 'likely' : 'possible',
        params: {
          host: target.uri?.host ?? address,
          sent: burst.length,
          answered,
          withinMs: (burst.at(-1)?.ms ?? 0) - (burst[0]?.ms ?? 0),
          bursts: limited.length,
        },
        evidence: unique(burst.filter((ask) => !ask.answered).map((ask) => ask.event)).slice(0, 12),
      },
    ];
  });
}

function asksByServer(view: View): Map<string, Ask[]> {
  const repeatedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  for (const event of view.events) {
    if (event.type === 'stun-sent' && event.attempt === 2) repeatedAt.set(keyOf(event), event.ms);
    if (event.type === 'stun-received' && !answeredAt.has(keyOf(event))) answeredAt.set(keyOf(event), event.ms);
  }
  const servers = new Map<string, Ask[]>();
  for (const event of view.events) {
    if (event.type !== 'stun-sent' || event.attempt !== 1 || event.class !== 'request') continue;
    const address = parseSocketAddress(event.to)?.address;
    if (address === undefined) continue;
    const answer = answeredAt.get(keyOf(event)) ?? Number.POSITIVE_INFINITY;
    const answered = answer < (repeatedAt.get(keyOf(event)) ?? Number.POSITIVE_INFINITY);
    const asks = servers.get(address);
    const ask = { event, ms: event.ms, answered };
    if (asks === undefined) servers.set(address, [ask]);
    else asks.push(ask);
  }
  return servers;
}

function burstsOf(asks: readonly Ask[]): Ask[][] {
  const bursts: Ask[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const ask of asks.toSorted((a, b) => a.ms - b.ms)) {
    if (ask.ms - before > PAUSE_MS) bursts.push([]);
    bursts.at(-1)?.push(ask);
    before = ask.ms;
  }
  return bursts;
}

function isCutShort(burst: readonly Ask[]): boolean {
  const cut = burst.findIndex(({ answered }) => !answered);
  const rest = burst.slice(cut);
  const unanswered = rest.filter(({ answered }) => !answered).length;
  return cut >= LEADING && unanswered >= UNANSWERED && unanswered >= SHARE * rest.length;
}

function answeredAfter(view: View, address: string, ms: number): boolean {
  return view.events.some(
    (event) => event.type === 'stun-received' && event.ms > ms && parseSocketAddress(event.from)?.address === address,
  );
}

function keyOf(event: { readonly transport: string; readonly transactionId: string }): string {
  return `${event.transport} ${event.transactionId}`;
}
