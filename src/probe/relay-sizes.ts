import type { SocketAddress } from '../core/address.ts';
import type { RelayProof } from '../core/attempt.ts';
import type { ProbeEnvironment } from './environment.ts';
import { type RelayDataOptions, type RelayDataPath, thereAndBack } from './relay-data.ts';

type SizeTried = NonNullable<RelayProof['sizes']>[number];

export interface SizesTask {
  /** Bytes of payload. */
  readonly sizes: readonly number[];
  /** Where the relay sends them. */
  readonly to: SocketAddress;
  /** For the first look, which is quick. */
  readonly quick: RelayDataOptions;
  /** For the second look at what seems not to cross. */
  readonly patient: RelayDataOptions;
  readonly signal: AbortSignal;
}

const PACKETS = 3;

/**
 * Large datagrams die where small ones live: a path MTU that nobody tells us about. Three of each size; the smallest of
 * which none came back is asked again with more patience, until one stays dead, for three packets may be late or lost
 * together. Those that were asked twice have `sent` 6.
 */
export async function tryRelaySizes(
  path: RelayDataPath,
  { sizes, to, quick, patient, signal }: SizesTask,
  environment: ProbeEnvironment,
): Promise<readonly SizeTried[]> {
  const ask = async (size: number, options: RelayDataOptions): Promise<SizeTried | undefined> => {
    const burst = { ...options, size, packets: PACKETS, purpose: 'size' as const };
    const { bursts, cutOff } = await thereAndBack(path, to, burst, environment);
    for (const each of bursts) environment.record(each);
    return cutOff ? undefined : { size, sent: bursts[0]?.sent ?? 0, received: bursts[1]?.received ?? 0 };
  };
  const results = new Map<number, SizeTried>();
  for (const size of sizes) {
    const tried = signal.aborted ? undefined : await ask(size, quick);
    if (tried !== undefined) results.set(size, tried);
  }
  const dead = [...results.values()].filter(({ received }) => received === 0).sort((a, b) => a.size - b.size);
  // Where nothing crossed at all the size is not what matters.
  if (dead.length === results.size) return [...results.values()];
  for (const before of dead) {
    const again = await ask(before.size, patient);
    if (again === undefined) break;
    results.set(before.size, { ...before, sent: before.sent + again.sent, received: again.received });
    if (again.received === 0) break;
  }
  return [...results.values()];
}
