import type { Random } from '../../../src/core/random.ts';
import { randomInteger } from '../../../src/core/random.ts';
import type { AccessNetwork } from '../support/network.ts';
import type { NetworkName } from '../support/networks.ts';
import type { Target } from './target.ts';
import type { Fault } from './truth.ts';

/** Everything drawn so far, open to a fault. */
export interface Draft {
  readonly random: Random;
  readonly networkName: NetworkName;
  network: AccessNetwork;
  readonly targets: Target[];
  readonly env: Record<string, string>;
}

/** What is run in an episode. What is wrong with a relay only shows to `doctor`, which sends data through it. */
export type Asked = 'gather' | 'doctor';

/** Something that can be wrong: with the network as a whole, or with one server. */
export type FaultKind = { readonly shownTo?: Asked } & (
  | { readonly at: 'network'; readonly fits: (draft: Draft) => boolean; readonly apply: (draft: Draft) => Fault }
  | {
      readonly at: 'server';
      readonly fits: (target: Target, draft: Draft) => boolean;
      readonly apply: (target: Target, draft: Draft) => Fault;
    }
);

export function atServer(
  fits: (target: Target, draft: Draft) => boolean,
  apply: (target: Target, draft: Draft) => Fault,
): FaultKind {
  return { at: 'server', fits, apply };
}

export function atNetwork(fits: (draft: Draft) => boolean, apply: (draft: Draft) => Fault): FaultKind {
  return { at: 'network', fits, apply };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[randomInteger(random, list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

export function chance(random: Random, percent: number): boolean {
  return randomInteger(random, 100) < percent;
}

/** Families of addresses that lead out of the network. */
export function familiesHere({ ipv4, ipv6 }: AccessNetwork): readonly (4 | 6)[] {
  return [...(ipv4 === false ? [] : ([4] as const)), ...(ipv6 === 'works' ? ([6] as const) : [])];
}

/** Families in which the client reaches the server. What is translated (NAT64) is IPv6 to the client. */
export function familiesOf({ given }: Target, { network }: Pick<Draft, 'network'>): readonly (4 | 6)[] {
  if (network.nat64 === true) return [6];
  return familiesHere(network).filter((family) => given === 'both' || given === `ipv${family}`);
}

/** Behind a NAT whose mapping changes, or a translator, what comes back of our own packets says little about a relay. */
export function tellsAboutRelays({ networkName }: Draft): boolean {
  return !['adm-apdf', 'apdm-apdf', 'two-uplinks', 'pooled', 'nat64'].includes(networkName);
}
