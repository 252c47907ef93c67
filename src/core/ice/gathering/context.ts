import type { Family, SocketAddress, TransportKind } from '../../address.ts';
import type { AttemptKey, Stage, StageData } from '../../attempt.ts';
import type { Hashes } from '../../hashes.ts';
import type { Deadline, TransportId } from '../../machine.ts';
import type { Random } from '../../random.ts';
import type { LinkOutputs } from '../../stun/link.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { GatheringEvent } from '../events.ts';
import type { GatherServer } from '../gatherer-io.ts';
import type { Found } from './candidates.ts';
import type { Local } from './locals.ts';
import type { Pacer } from './pacer.ts';
import type { Transports } from './transports.ts';
import type { UdpSocket } from './udp-socket.ts';

/** Something that wants to be woken. */
export interface Timed {
  readonly deadline: Deadline | undefined;
  handleTimeout(now: Instant): void;
}

/** What the parts of a gathering share. */
export interface GatheringContext {
  readonly settings: Settings;
  readonly transports: Transports;
  readonly pacer: Pacer;
  readonly timed: Set<Timed>;
  readonly outputs: LinkOutputs & { event(event: GatheringEvent): void };
  /** The socket of a local address that all servers share. */
  base(local: Local, now: Instant): UdpSocket;
  attemptKey(local: Local, remote: SocketAddress, transport: TransportKind): AttemptKey;
  stage(url: string, key: AttemptKey | null, stage: Stage, transport: TransportId | null): void;
  candidate(found: Found): void;
  /** `local` null: there was no socket. */
  candidateError(url: string, data: StageData, local: SocketAddress | null, family: Family | null): void;
  /** An attempt has settled, or is over: time to look whether all have. */
  progressed(now: Instant): void;
}

/** The options, defaults filled in. */
export interface Settings {
  readonly random: Random;
  readonly hashes: Hashes;
  readonly policy: 'all' | 'relay';
  readonly timing: Timing;
  /** Over TCP and TLS: sent once. */
  readonly streamTiming: Timing;
  readonly earAfterMs: number;
  readonly relayFamilies: 'same' | 'both';
  readonly keep: boolean;
}

/** One way to one address of one server from one local address. */
export interface Attempt {
  readonly server: GatherServer;
  /** Nothing more will come of it for the gathering. */
  readonly settled: boolean;
  /** Nothing of it is left standing, here or on the server. */
  readonly over: boolean;
  readonly waitingFor: string;
  begin(now: Instant): void;
  /** Settles it: what is not done by now is not determined. */
  stop(why: string, now: Instant): void;
  /** Gives back what it holds on the server; settled before. */
  release(timing: Timing, now: Instant): void;
  /** No time is left even for that. */
  abandon(now: Instant): void;
}
