import type { Secret } from '../../core/secret.ts';
import type { Allowance } from '../allowance.ts';
import type { Check } from '../check.ts';
import type { ImpossibleCheck } from '../expectations.ts';

/**
 * A target of the configuration, read, checked and ready to be tested:
 * `startSuite({ ...target.options, iceServers: target.servers(), parts: ['gather', 'probe'] }, ...)`, and then `judge`.
 */
export interface Target {
  readonly name: string;
  /** Every URL of it, in order. */
  readonly urls: readonly string[];
  /** The servers with their credentials, to be called for each run: where a secret is shared one is minted each time. */
  servers(): readonly TargetServer[];
  readonly options: TargetOptions;
  readonly checks: readonly Check[];
  /** What the defaults ask for and its URLs could never meet. */
  readonly leftOut: readonly ImpossibleCheck[];
  readonly allowances: readonly Allowance[];
  readonly failOn: 'error' | 'warning';
  /** How often a run that fails is repeated. */
  readonly retries: number;
  readonly schedule: Schedule;
}

/** As the library's `IceServerOption`. */
export interface TargetServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: Secret;
}

/** As a run takes them. */
export interface TargetOptions {
  readonly iceTransportPolicy: 'all' | 'relay';
  readonly family?: 4 | 6;
  readonly interfaces?: readonly string[];
  readonly timeoutMs?: number;
  readonly rtoMs?: number;
  readonly insecure?: boolean;
  /** Certificates in PEM. */
  readonly ca?: string;
  readonly loopback?: boolean;
  readonly packets?: number;
  readonly size?: number;
  readonly rate?: number;
  readonly ports?: number;
}

export interface Schedule {
  /** Milliseconds from the beginning of one run to that of the next. */
  readonly intervalMs: number;
  /** By how many milliseconds at most a beginning is shifted at random. */
  readonly jitterMs: number;
}
