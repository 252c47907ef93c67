import { canonicalAddress } from '../../../address.ts';
import type { PortRange } from '../settings.ts';
import type { AddressTweak } from './plan.ts';

// The values that several rows of the table share.

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
export function readAddress(text: string): AddressTweak | undefined {
  const whole = canonicalAddress(text);
  if (whole !== undefined) return { address: whole, port: undefined };
  const [, bracketed, bare, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? bare ?? '');
  return address === undefined || Number(port) > 65_535 ? undefined : { address, port: Number(port) };
}

/** 0 to 1; NaN where it is none. */
export function percent(text: string): number {
  const value = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1] ?? Number.NaN);
  return value <= 100 ? value / 100 : Number.NaN;
}

/** `5000` or `5000-5010`. */
export function readPorts(text: string): PortRange | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { min: Number(first), max: Number(last) };
  return range.min >= 1 && range.min <= range.max && range.max <= 65_535 ? range : undefined;
}
