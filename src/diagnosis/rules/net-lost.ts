import { parseSocketAddress } from '../../core/address.ts';
import type { FailureCause } from '../../core/attempt.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Attempt, Stage } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { bounded } from '../evidence.ts';
import { passed, stageOf, type Target, type View } from '../view.ts';
import { holesIn } from './net-quality.ts';
import { endpointOf, groupBy, hostOf, isStream, unique, urlsOf } from './targets.ts';

export const lostRules: readonly Rule[] = [lostMidway];

/** The stage that shows it: nothing came any more, from a place that had answered in the same run. */
interface Loss {
  readonly target: Target;
  readonly stage: Stage;
  readonly attempt: Attempt;
  /** From when on nothing came, in milliseconds of the run. */
  readonly since: number;
}

/** Something came from that address. */
interface Heard {
  readonly address: string;
  readonly ms: number;
}

/**
 * What answered at first, and then no more: the network of this machine went, or the server did. Without this, a success
 * before would hide what came after, and the server be blamed for data that had no way to it.
 */
function lostMidway(view: View): Conclusion[] {
  const heard = heardIn(view);
  // A stream stands still for good at a packet that does not fit (`net.path-mtu`): that is no network that went.
  const mayStandStill = holesIn(view).length > 0;
  const losses = view.targets
    .filter((target) => !(mayStandStill && isStream(target)))
    .flatMap((target) => lossOf(view, target, heard) ?? []);
  const gone = new Set(losses.map(({ target }) => target.address));
  const since = Math.min(...losses.map((loss) => loss.since));
  const others = unique(
    heard.filter(({ address, ms }) => ms > since && !gone.has(address)).map(({ address }) => address),
  );
  const network = isNetwork(losses, others);
  // Without a network nothing else that failed or was left open has another cause.
  const open = view.targets.filter(({ outcome }) => outcome !== 'works');
  return (network ? groupBy(losses, () => '') : groupBy(losses, ({ target }) => hostOf(target))).map((group) => {
    const [{ target, stage }] = group;
    const targets = group.map((loss) => loss.target);
    const told = group.some(isTold);
    return {
      id: 'net.lost-midway',
      subject: target.url,
      urls: urlsOf(network ? [...targets, ...open] : targets),
      confidence: told || others.length > 0 ? 'likely' : 'possible',
      locus: network && told ? 'client' : others.length > 0 ? 'server' : 'unknown',
      params: {
        host: hostOf(target),
        endpoints: unique(targets.map(endpointOf)),
        lastMs: heard.findLast(({ address }) => targets.some((each) => each.address === address))?.ms ?? null,
        problem: `${stage.stage}: ${stage.detail}`,
        network,
        server: !network,
        others,
      },
      ruledOut: others.length > 0 ? ['no-network'] : [],
      evidence: bounded(group.flatMap((loss) => view.evidence.ofStage(loss.attempt, loss.stage.stage))),
    };
  });
}

function lossOf(view: View, target: Target, heard: readonly Heard[]): Loss | undefined {
  const { attempts } = target;
  const losses = attempts.flatMap((attempt, i) => {
    const stage = isAnswered(attempt)
      ? endedRelay(attempt)
      : attempt.stages.find((each) => isLost(view, target, attempts.slice(0, i), attempt, each));
    const since = stage === undefined ? undefined : sinceOf(view, attempt, stage);
    return stage === undefined || since === undefined ? [] : [{ target, attempt, stage, since }];
  });
  const [loss] = losses;
  const last = attempts.at(-1);
  const isBack = heard.some(({ address, ms }) => address === target.address && ms > (loss?.since ?? 0));
  return isBack || (last !== undefined && last !== loss?.attempt && isAnswered(last)) ? undefined : loss;
}

/** Nothing came to this attempt, and something had come to another one from the same address of ours. */
function isLost(view: View, { address }: Target, before: readonly Attempt[], attempt: Attempt, stage: Stage): boolean {
  const { localAddress } = attempt;
  const isAnsweredHere = (each: Attempt): boolean =>
    // Without an address of ours there was no route from any.
    isAnswered(each) && (localAddress === null || each.localAddress === localAddress);
  if (before.some(isAnsweredHere)) return hasEnded(view, attempt, stage);
  // Another port or protocol may be closed or filtered all the time, but without a route there is none for any of them.
  const others = view.everything.filter((target) => target.address === address);
  return hasFailedBy(stage, TOLD) && others.some(({ attempts }) => attempts.some(isAnsweredHere));
}

/** So many datagrams, and none of them. */
const ENOUGH = 10;

/** It ended under a relay that stood: what had no answer first. */
function endedRelay(attempt: Attempt): Stage | undefined {
  const release = stageOf(attempt, 'release');
  if (release === undefined || !hasFailedBy(release, UNHEARD) || !passed(attempt, 'allocate')) return undefined;
  // A relay that cannot be given back may be a lost packet; with data that stopped, or the system's own word, it is not.
  const last = attempt.relay?.directions.at(-1);
  const isDead = last !== undefined && last.sent >= ENOUGH && last.received === 0;
  const broken = attempt.stages.find(
    (each) => DATA.has(each.stage) && (hasFailedBy(each, UNHEARD) || (isDead && each.data.cause === 'not-run')),
  );
  return broken ?? (hasFailedBy(release, TOLD) ? release : undefined);
}

const DATA: ReadonlySet<Stage['stage']> = new Set<Stage['stage']>(['permission', 'relay-data', 'channel']);
/** Says that nothing gets through, and not only that nothing came. */
const TOLD: ReadonlySet<FailureCause> = new Set<FailureCause>(['unreachable', 'local']);
const UNHEARD: ReadonlySet<FailureCause> = new Set<FailureCause>([...TOLD, 'timeout', 'reset', 'closed']);
/** A port that was open and is closed needs no second word. */
const CLOSED: ReadonlySet<FailureCause> = new Set<FailureCause>([...TOLD, 'refused']);

/** Enough of it that loss does not explain it. */
function hasEnded(view: View, { transport }: Attempt, stage: Stage): boolean {
  const isEnough = transport !== 'udp' || (stage.data.requestsSent ?? 0) >= view.thresholds.sendsForSilence;
  return hasFailedBy(stage, CLOSED) || (isEnough && hasFailedBy(stage, UNHEARD));
}

function hasFailedBy({ status, data }: Stage, causes: ReadonlySet<FailureCause>): boolean {
  return (status === 'fail' || status === 'unknown') && data.cause !== undefined && causes.has(data.cause);
}

/** Nobody at all was heard afterwards, and the system knows no way any more, or more than one was asked. */
function isNetwork(losses: readonly Loss[], others: readonly string[]): boolean {
  if (others.length > 0) return false;
  return losses.some(isTold) || unique(losses.map(({ target }) => target.address)).length > 1;
}

function isTold({ stage }: Loss): boolean {
  return hasFailedBy(stage, TOLD);
}

function isAnswered({ stages }: Attempt): boolean {
  return stages.some(
    ({ stage, status }) => stage !== 'resolve' && stage !== 'release' && (status === 'pass' || status === 'warn'),
  );
}

/** The begin of the stage; of a relay that stood, of giving it back: data may have come while the burst went on. */
function sinceOf({ events }: View, attempt: Attempt, stage: Stage): number | undefined {
  const name = passed(attempt, 'allocate') ? 'release' : stage.stage;
  const ended = events.findLast(
    (event) => event.type === 'stage' && event.attempt?.id === attempt.id && event.stage === name,
  );
  return ended?.type === 'stage' ? ended.ms - ended.durationMs : undefined;
}

/** In order. What our own addresses say to each other came from nobody. */
function heardIn({ events, observation }: View): Heard[] {
  const own = new Set(observation.network.interfaces.map(({ address }) => address));
  return events.flatMap((event) => {
    const address = parseSocketAddress(sourceOf(event) ?? '')?.address;
    return address === undefined || own.has(address) ? [] : [{ address, ms: event.ms }];
  });
}

function sourceOf(event: RunEvent): string | null {
  if (event.type === 'stun-received') return event.from;
  return event.type === 'transport-open' && event.kind !== 'udp' ? event.remote : null;
}
