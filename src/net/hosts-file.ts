import { readFileSync } from 'node:fs';
import { canonicalAddress } from '../core/address.ts';

/** Addresses by name in lower case, in the file's order. */
export type HostsFile = ReadonlyMap<string, readonly string[]>;

/** hosts(5): an address, then its names; `#` begins a comment. Lines that hold no address are passed over. */
export function parseHostsFile(text: string): HostsFile {
  const hosts = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [first = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = canonicalAddress(first);
    if (address === undefined) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = hosts.get(key) ?? [];
      if (!known.includes(address)) hosts.set(key, [...known, address]);
    }
  }
  return hosts;
}

/** This machine's; empty where it cannot be read. */
export function readHostsFile(): HostsFile {
  try {
    return parseHostsFile(readFileSync(hostsPath(), 'utf8'));
  } catch {
    return new Map();
  }
}

function hostsPath(): string {
  if (process.platform !== 'win32') return '/etc/hosts';
  return `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts`;
}
