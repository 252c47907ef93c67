import { describeNeeding, type Need } from '../../support/needs.ts';

/** What every network of the lab is made of, and the server that stands in nearly all of them. */
export const LAB_NEEDS = ['namespaces', 'ip', 'nft', 'coturn'] as const satisfies readonly Need[];

/** {@link describeNeeding} for tests in the lab, with what they want beyond it. */
export function describeInLab(...more: readonly Need[]): ReturnType<typeof describeNeeding> {
  return describeNeeding(...LAB_NEEDS, ...more);
}
