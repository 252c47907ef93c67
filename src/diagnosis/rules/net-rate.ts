import { parseSocketAddress } from '../../core/address.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, type Target, type View } from '../view.ts';
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

/** A burst of which the first came through and hardly any of the rest. */
interface CutBurst {
  readonly sent: number;
  readonly came: number;
  readonly withinMs: number | null;
  readonly endMs: number;
  readonly evidence: readonly RunEvent[];
}

/**
 * In a burst of requests, or of data through the relay, the first come through, nearly all of the rest do not, and later ones
 * do again: a limit on what comes in a second. Mere loss does not look at the order; at 20 % each way it looks like this
 * once in a hundred bursts.
 */
function rateLimited(view: View): Conclusion[] {
  const asks = asksByServer(view);
  return unique(view.targets.map(({ address }) => address)).flatMap((address): Conclusion[] => {
    const targets = view.targets.filter((target) => target.address === address && target.transport === 'udp');
    const [target] = targets;
    if (target === undefined) return [];
    const lossy = targets.some(({ attempts }) => attempts.some((each) => isLossy(view, each)));
    const limited = [
      ...(lossy
        ? []
        : burstsOf(asks.get(address) ?? [])
            .filter((burst) => isCutShort(burst))
            .map(cutBurst)),
      ...targets.flatMap((each) => dataCutShort(view, each)),
    ];
    const [burst] = limited;
    // A server that died in between answers nothing later.
    if (burst === undefined || !answeredAfter(view, address, Math.max(...limited.map(({ endMs }) => endMs)))) return [];
    return [
      {
        id: 'net.rate-limited',
        subject: target.url,
        urls: urlsOf(targets),
        confidence: limited.length > 1 ? 'likely' : 'possible',
        params: {
          host: target.uri?.host ?? address,
          sent: burst.sent,
          answered: burst.came,
          withinMs: burst.withinMs,
          bursts: limited.length,
        },
        evidence: burst.evidence,
      },
    ];
  });
}

/** Data to or from that place was let through at first, and then not. */
export function isDataLimited(view: View, target: Target): boolean {
  return dataCutShort(view, target).length > 0;
}

/** By how many of a burst arrived before the first that did not. */
function dataCutShort({ events }: View, { attempts }: Target): CutBurst[] {
  return events.flatMap((event) => {
    if (event.type !== 'relay-data' || !attempts.some(({ id }) => id === event.attempt)) return [];
    const { sent, received: came, leading = sent, ms, purpose = 'plain', direction } = event;
    // What comes back is what got out; the other purposes overload on purpose, or are told elsewhere.
    if (direction === 'peer-after-relay' || !['plain', 'port', 'channel', 'after-refresh'].includes(purpose)) return [];
    const isCut = leading >= LEADING && isMostly(sent - came, sent - leading);
    return isCut ? [{ sent, came, withinMs: null, endMs: ms, evidence: [event] }] : [];
  });
}

function cutBurst(burst: readonly Ask[]): CutBurst {
  const begin = burst[0]?.ms ?? 0;
  const endMs = burst.at(-1)?.ms ?? 0;
  const unanswered = burst.filter((ask) => !ask.answered).map((ask) => ask.event);
  return {
    sent: burst.length,
    came: burst.length - unanswered.length,
    withinMs: endMs - begin,
    endMs,
    evidence: unique(unanswered).slice(0, 12),
  };
}

function isMostly(lost: number, rest: number): boolean {
  return lost >= UNANSWERED && lost >= SHARE * rest;
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
  return cut >= LEADING && isMostly(unanswered, rest.length);
}

function answeredAfter(view: View, address: string, ms: number): boolean {
  return view.events.some(
    (event) => event.type === 'stun-received' && event.ms > ms && parseSocketAddress(event.from)?.address === address,
  );
}

function keyOf(event: { readonly transport: string; readonly transactionId: string }): string {
  return `${event.transport} ${event.transactionId}`;
}
