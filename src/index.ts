import type { IceprobeConfig } from './check/targets/config.ts';
import { finishRun } from './diagnosis/make-report.ts';
import { type GatherRun, startGather } from './probe/gather.ts';
import type { GatherOptions } from './probe/gather-options.ts';

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

/** What `iceprobe.config.ts` exports by default: the same object, whose keys and values the compiler has checked. */
export function defineConfig(config: IceprobeConfig): IceprobeConfig {
  return config;
}
