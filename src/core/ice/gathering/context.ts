import type { Deadline } from '../../machine.ts';
import type { LinkOutputs } from '../../stun/link.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { GatheringEvent } from '../events.ts';
import type { GatherServer } from '../gatherer-io.ts';
import type { Local } from './locals.ts';
import type { Pacer } from './pacer.ts';
import type { Settings } from './settings.ts';
import type { Telling } from './telling.ts';
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
  readonly tell: Telling;
  readonly outputs: LinkOutputs & { event(event: GatheringEvent): void };
  /** The socket of a local address that all servers share. */
  base(local: Local, now: Instant): UdpSocket;
  /** An attempt has settled, or is over: time to look whether all have. */
  progressed(now: Instant): void;
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
