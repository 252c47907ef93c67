import { addressToBytes, type Family } from '../core/address.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';

export interface LocalChoice {
  readonly family?: Family | undefined;
  readonly interfaces?: readonly string[] | undefined;
  readonly loopback: boolean;
}

/**
 * Which of our addresses to gather on, IPv4 and IPv6 in the system's order:
 *
 * - no loopback, unless asked for;
 * - no deprecated address, and none that allows tracking, beside a temporary one of the same network (RFC 8445 5.1.1.1);
 * - no link-local IPv6 (RFC 8445 5.1.1.1, and browsers), but where an interface was named and has nothing else.
 */
export function chooseLocals(addresses: readonly InterfaceAddress[], choice: LocalChoice): readonly LocalAddress[] {
  const wanted = addresses.filter(
    ({ name, family, kind }) =>
      (choice.family === undefined || family === choice.family) &&
      (choice.interfaces === undefined || choice.interfaces.includes(name)) &&
      (choice.loopback || choice.interfaces?.includes(name) === true || kind !== 'loopback'),
  );
  return wanted
    .filter((address) => !isBettered(address, wanted) && !isNeedlessLinkLocal(address, wanted, choice))
    .map(({ name, family, address }) => ({ interface: name, family, address }));
}

function isBettered(address: InterfaceAddress, all: readonly InterfaceAddress[]): boolean {
  if (address.family === 4 || address.kind === 'link-local') return false;
  return all.some(
    (other) =>
      other !== address &&
      other.family === 6 &&
      other.name === address.name &&
      !other.deprecated &&
      inSameNetwork(other, address) &&
      (address.deprecated || (other.temporary === true && address.temporary !== true)),
  );
}

function isNeedlessLinkLocal(
  address: InterfaceAddress,
  all: readonly InterfaceAddress[],
  { interfaces }: LocalChoice,
): boolean {
  if (address.family === 4 || address.kind !== 'link-local') return false;
  return interfaces === undefined || all.some(({ name, kind }) => name === address.name && kind !== 'link-local');
}

function inSameNetwork(a: InterfaceAddress, b: InterfaceAddress): boolean {
  const left = addressToBytes(a.address);
  const right = addressToBytes(b.address);
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  const bits = Math.min(a.prefixLength ?? 64, b.prefixLength ?? 64);
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((left[bit >> 3] ?? 0) & mask) !== ((right[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}
