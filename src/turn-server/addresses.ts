import { hostname } from 'node:os';
import { addressKind, canonicalAddress, type Family, familyOf } from '../core/address.ts';
import { type AddressBlock, type PeerPolicy, parseBlock, peerPolicy } from '../core/turn/server/peer-policy.ts';
import type { RelayAddress } from '../core/turn/server/settings.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';

/** Where the server stands: what it binds, where it relays from, and whom clients may reach from there. */
export interface Placement {
  readonly listen: readonly string[];
  readonly relays: Readonly<Partial<Record<Family, RelayAddress>>>;
  readonly peers: PeerPolicy;
  /** The address that URLs name: the one that most clients can reach. */
  readonly host: string;
}

/**
 * @throws TurnServerOptionError where an address or block is none
 */
export function placeServer(options: TurnServerOptions, interfaces: readonly InterfaceAddress[]): Placement {
  // Link-local IPv6 addresses name nothing without a zone, which no URL can carry.
  const own = interfaces.filter((entry) => !entry.address.includes('%')).map((entry) => entry.address);
  const listen = listenAddresses(options, own);
  const isLocal = listen.every((address) => addressKind(address) === 'loopback');
  const scope = options.lan === true ? 'lan' : isLocal ? 'own' : 'public';
  const allow = (options.allowPeers ?? []).map(readBlock);
  const ownSubnets = interfaces.flatMap((entry) => subnetOf(entry));
  return {
    listen,
    relays: relayAddresses(listen, options.externalIp),
    peers: peerPolicy({ scope, ownAddresses: own, ownSubnets, allow }),
    host: best(listen) ?? '127.0.0.1',
  };
}

/** Every name and address that clients may know this server by. */
export function certificateNames(options: TurnServerOptions, placement: Placement): readonly string[] {
  const external = options.externalIp === undefined ? [] : [options.externalIp];
  const names = [
    'localhost',
    hostname(),
    '127.0.0.1',
    '::1',
    ...placement.listen,
    ...external,
    ...(options.names ?? []),
  ];
  // What a certificate cannot hold as a name (a host may be called anything) is left out.
  return [...new Set(names)].filter((name) => /^[\w.:*-]+$/.test(name));
}

function listenAddresses(options: TurnServerOptions, own: readonly string[]): string[] {
  if (options.lan === true) {
    if (options.listen !== undefined) throw new TurnServerOptionError('listen and lan exclude each other');
    return own.length > 0 ? [...own] : ['127.0.0.1'];
  }
  const given = typeof options.listen === 'string' ? [options.listen] : (options.listen ?? ['127.0.0.1']);
  const addresses = given.flatMap((text) => {
    const address = canonicalAddress(text);
    if (address === undefined) throw new TurnServerOptionError(`listen: ${JSON.stringify(text)} is no IP address`);
    if (addressKind(address) !== 'unspecified') return [address];
    const family = familyOf(address);
    return own.filter((each) => familyOf(each) === family);
  });
  if (addresses.length === 0) throw new TurnServerOptionError('listen: no address is left to listen on');
  return [...new Set(addresses)];
}

/** One of each family that is listened on: the one that most peers can reach. */
function relayAddresses(
  listen: readonly string[],
  externalIp: string | undefined,
): Partial<Record<Family, RelayAddress>> {
  const relays: Partial<Record<Family, RelayAddress>> = {};
  const external = externalIp === undefined ? undefined : canonicalAddress(externalIp);
  if (externalIp !== undefined && external === undefined) {
    throw new TurnServerOptionError(`externalIp: ${JSON.stringify(externalIp)} is no IP address`);
  }
  for (const family of [4, 6] as const) {
    const bind = best(listen.filter((address) => familyOf(address) === family));
    if (bind === undefined) continue;
    const isOutside = external !== undefined && familyOf(external) === family;
    relays[family] = isOutside ? { bind, advertise: external } : { bind };
  }
  return relays;
}

const PREFERENCE = ['public', 'private', 'cgnat', 'link-local', 'loopback'];

function best(addresses: readonly string[]): string | undefined {
  const rank = (address: string): number => {
    const at = PREFERENCE.indexOf(addressKind(address));
    return (at < 0 ? PREFERENCE.length : at) + (familyOf(address) === 6 ? 0.5 : 0);
  };
  return [...addresses].sort((a, b) => rank(a) - rank(b))[0];
}

function readBlock(text: string): AddressBlock {
  const block = parseBlock(text);
  if (block === undefined) throw new TurnServerOptionError(`allowPeers: ${JSON.stringify(text)} is no address block`);
  return block;
}

function subnetOf({ address, prefixLength }: InterfaceAddress): AddressBlock[] {
  const block = prefixLength === null ? undefined : parseBlock(`${address.split('%')[0]}/${prefixLength}`);
  return block === undefined ? [] : [block];
}
