import { NETWORKS, type NetworkName } from '../support/networks.ts';
import { CASES, type OracleCase, SEVERAL } from './cases.ts';
import type { DifferenceId } from './differences.ts';

/** In these every flow may leave with another address: two programs, and two runs of one, see different ones. */
export const CHANGING: readonly NetworkName[] = ['two-uplinks', 'pooled'];

/** Where a browser waits for something that never comes, how long it is asked for what it has. */
const CUT_MS: Partial<Record<NetworkName, number>> = {
  'captive-portal': 9000,
  'proxy-only': 9000,
};

const DIFFERS: Partial<Record<NetworkName, readonly DifferenceId[]>> = {
  alg: ['believes-alg'],
  nat64: ['relay-of-own-family', 'relay-of-no-family'],
};

/** Each network that no case stands in, with STUN and TURN over UDP and TCP. */
export function everyNetwork(): OracleCase[] {
  const names = Object.keys(NETWORKS) as NetworkName[];
  const known = new Set(CASES.map(({ network }) => network));
  return names
    .filter((name) => !known.has(name))
    .map((network) => ({
      id: `in ${network}`,
      title: 'STUN and TURN over UDP and TCP',
      network,
      urls: SEVERAL,
      ...(CUT_MS[network] === undefined ? {} : { cutMs: CUT_MS[network] }),
      differs: { chromium: DIFFERS[network] ?? [] },
    }));
}
