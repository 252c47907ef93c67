export type { Family, SocketAddress } from './core/address.ts';
export { Secret } from './core/secret.ts';
export type { AllocationSnapshot } from './core/turn/server/allocation.ts';
export type { TurnServerEvent } from './core/turn/server/io.ts';
export { VERSION } from './core/version.ts';
export { TurnServerOptionError, type TurnServerOptions } from './turn-server/options.ts';
export { type IceServer, type LocalTurnServer, startTurnServer, type WaitForAllocation } from './turn-server/start.ts';
