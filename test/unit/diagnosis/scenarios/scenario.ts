import type { FindingId } from '../../../../src/diagnosis/catalogue.ts';
import type { DiagnoseOptions } from '../../../../src/diagnosis/diagnose.ts';
import type { Finding } from '../../../../src/record/finding.ts';
import { Run, stunServer, turnServer } from '../../../support/events.ts';

/** What must raise a finding, and what comes close and must not. */
export interface Scenario {
  readonly id: FindingId;
  readonly raise: () => Run;
  /** What else must hold of the finding. */
  readonly finding?: Partial<Finding>;
  /** It must stand first. Default true for errors and warnings. */
  readonly first?: boolean;
  /** A cause explains it: it must stand among the consequences of another finding. */
  readonly absorbed?: boolean;
  readonly options?: DiagnoseOptions;
  readonly near: readonly NearMiss[];
}

export interface NearMiss {
  readonly name: string;
  readonly run: () => Run;
  readonly options?: DiagnoseOptions;
}

export const STUN = 'stun:stun.example.net';
export const TURN = 'turn:turn.example.org';
export const TURN_TCP = 'turn:turn.example.org?transport=tcp';
export const TURNS = 'turns:turn.example.org';
export const TURNS_443 = 'turns:turn.example.org:443';

/** A run towards one TURN URL (and more), with the machine's usual interfaces. */
export function turnRun(...urls: readonly string[]): Run {
  return withInterfaces(new Run({ command: 'probe', servers: [turnServer(urls.length === 0 ? [TURN] : urls)] }));
}

export function stunRun(...urls: string[]): Run {
  return withInterfaces(new Run({ command: 'probe', servers: [stunServer(...(urls.length === 0 ? [STUN] : urls))] }));
}

/** STUN and TURN on different hosts. */
export function bothRun(...turn: readonly string[]): Run {
  const servers = [stunServer(STUN), turnServer(turn.length === 0 ? [TURN] : turn)];
  return withInterfaces(new Run({ command: 'probe', servers }));
}

export function withInterfaces(run: Run): Run {
  return run.interface('lo', '127.0.0.1').interface('eth0', '192.168.1.23');
}

/** STUN answers: the control of many rules. */
export function stunAnswers(run: Run, url = STUN): Run {
  run.attempt(url, { address: '198.51.100.9' }).pass('binding', { mappedAddress: '203.0.113.7:41022', rttMs: 12 });
  return run;
}
