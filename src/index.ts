import { type ExpectationKey, readExpectations, type WrittenExpectations } from './check/expectations.ts';
import { judge } from './check/judge.ts';
import type { IceprobeConfig } from './check/targets/config.ts';
import { FINDING_IDS } from './diagnosis/catalogue.ts';
import { finishRun } from './diagnosis/make-report.ts';
import { type GatherRun, startGather } from './probe/gather.ts';
import { ConfigurationError, type GatherOptions } from './probe/gather-options.ts';
import type { ProbeOptions } from './probe/probe-options.ts';
import { startSuite } from './probe/suite.ts';
import type { Report } from './record/report.ts';

export type {
  EnvironmentReference,
  IceprobeConfig,
  IceServerConfig,
  TargetConfig,
  TargetDefaults,
} from './check/targets/config.ts';
export type { Family, SocketAddress } from './core/address.ts';
export { Secret } from './core/secret.ts';
export type { AllocationSnapshot } from './core/turn/server/allocation.ts';
export { VERSION } from './core/version.ts';
export type { GatherRun } from './probe/gather.ts';
export { ConfigurationError, type GatherOptions, type IceServerOption } from './probe/gather-options.ts';
export type { RunEvent } from './record/events.ts';
export type { Finding } from './record/finding.ts';
export type { Report } from './record/report.ts';
export { type LocalTurnServerEvent, TurnServerOptionError, type TurnServerOptions } from './turn-server/options.ts';
export { type IceServer, type LocalTurnServer, startTurnServer, type WaitForAllocation } from './turn-server/start.ts';

/**
 * Gathers ICE candidates as a browser's `RTCPeerConnection` does, and tells why what is missing is missing. The run begins
 * at once; iterate over it for its events, await `report` for what they mean. Throws `ConfigurationError`.
 */
export function gather(options: GatherOptions): GatherRun {
  return startGather(options, finishRun);
}

/** What is asked of servers, and what must hold: the names and units of a target in `iceprobe.config.json`. */
export interface CheckOptions extends GatherOptions, Omit<ProbeOptions, keyof GatherOptions>, WrittenExpectations {
  /** From which severity on a finding fails. Default `error`. */
  readonly failOn?: 'error' | 'warning';
}

/**
 * What `iceprobe check` does: gathers, sends data through each relay, and holds what came to what is expected. Without
 * `require` and `expect`, data must cross the relay of every TURN URL and every STUN URL must answer. Resolves to the
 * report, also where it is bad: `exitCode` is 0 where all is met. Rejects with `ConfigurationError`.
 */
export async function check(options: CheckOptions): Promise<Report> {
  const { require, expect, allow, maxRtt, maxLoss, maxGatherTime, minCertDays, failOn = 'error', ...network } = options;
  const given = { require, expect, allow, maxRtt, maxLoss, maxGatherTime, minCertDays };
  const written: WrittenExpectations = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) satisfies Partial<Record<ExpectationKey, unknown>>;
  const read = readExpectations(written, FINDING_IDS);
  if (!read.ok) {
    const { option, text, message, hint } = read.error;
    throw new ConfigurationError('bad-expectation', `${option} ${JSON.stringify(text)}: ${message}`, hint);
  }
  const asked = read.value.for(network.iceServers.flatMap(({ urls }) => urls));
  if (!asked.ok) {
    const { text, why } = asked.error;
    throw new ConfigurationError('impossible-expectation', `${text}: ${why}`, 'this could never be met: mend it');
  }
  const expected = { checks: asked.value.checks, allowances: read.value.allowances, failOn };
  return startSuite({ ...network, parts: ['gather', 'probe'], command: 'check' }, (log, record) =>
    finishRun(log, record, {}, (report) => judge(report, expected)),
  ).report;
}

/** What `iceprobe.config.ts` exports by default: the same object, whose keys and values the compiler has checked. */
export function defineConfig(config: IceprobeConfig): IceprobeConfig {
  return config;
}
