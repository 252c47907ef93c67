export type { Family, SocketAddress } from './core/address.ts';
export { Secret } from './core/secret.ts';
export { VERSION } from './core/version.ts';
