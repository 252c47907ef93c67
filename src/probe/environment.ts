import type { Hashes } from '../core/hashes.ts';
import type { Random } from '../core/random.ts';
import type { DriverEnvironment } from '../net/drive.ts';

/** What every probe is given: sockets' clock and record, random bytes and hashes, and where to tell a defect of ours. */
export interface ProbeEnvironment extends DriverEnvironment {
  readonly random: Random;
  readonly hashes: Hashes;
  /** Fires when the time of the run is over: every socket is closed at once, whatever the servers then still keep. */
  readonly kill: AbortSignal;
  /** A machine threw: exit code 70. */
  readonly fault: (error: unknown) => void;
}
