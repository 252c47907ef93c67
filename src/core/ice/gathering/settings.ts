import type { Hashes } from '../../hashes.ts';
import type { Random } from '../../random.ts';
import { RELIABLE_TIMING, RFC8489_TIMING, type Timing } from '../../stun/transaction.ts';
import type { GathererOptions } from '../gatherer-io.ts';

/** RTO 500 ms like RFC 8489 6.2.1, but given up 5 s after the first send: sends at 0, 0.5, 1.5 and 3.5 s. */
export const GATHER_TIMING: Timing = { ...RFC8489_TIMING, giveUpMs: 5000 };

/** RFC 8445 14.2: 50 ms where nothing better is known, 5 ms the least; browsers use 5 ms too. */
const PACING_MS = 5;
const EAR_AFTER_MS = 100;
const CONNECT_TIMEOUT_MS = 5000;

/** The options of a gathering, defaults filled in. */
export interface Settings {
  readonly random: Random;
  readonly hashes: Hashes;
  readonly policy: 'all' | 'relay';
  readonly timing: Timing;
  /** Over TCP and TLS: sent once. */
  readonly streamTiming: Timing;
  readonly pacingMs: number;
  readonly connectTimeoutMs: number;
  readonly earAfterMs: number;
  readonly relayFamilies: 'same' | 'both';
  readonly keep: boolean;
  readonly tcp: boolean;
  readonly gathering: string | null;
  readonly prefix: string;
}

export function settingsOf(options: GathererOptions): Settings {
  const timing = options.timing ?? GATHER_TIMING;
  return {
    random: options.random,
    hashes: options.hashes,
    policy: options.policy ?? 'all',
    timing,
    streamTiming: { ...RELIABLE_TIMING, ...(timing.giveUpMs === undefined ? {} : { giveUpMs: timing.giveUpMs }) },
    pacingMs: options.pacingMs ?? PACING_MS,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    earAfterMs: options.earAfterMs ?? EAR_AFTER_MS,
    relayFamilies: options.relayFamilies ?? 'same',
    keep: options.keep ?? false,
    tcp: options.tcp ?? false,
    gathering: options.gathering ?? null,
    prefix: options.prefix ?? '',
  };
}

/** Kept free before the deadline, so that allocations can be given back: a second, or a fifth of a shorter time. */
export function releaseAllowance(totalMs: number): number {
  return Math.min(1000, totalMs / 5);
}
