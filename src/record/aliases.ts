import { type AddressKind, addressKind, canonicalAddress, type Family, familyOf } from '../core/address.ts';

/**
 * Stand-ins for addresses, names and user names. A stand-in for an address is an address of the same family and kind, from
 * ranges that nobody uses, so that what reads addresses still reads them, and so that a replay comes to the same
 * conclusions; equal values get equal stand-ins. They are numbered in order of appearance: nothing can be computed back.
 */
export class Aliases {
  readonly #addresses = new Map<string, string>();
  readonly #words = new Map<string, string>();
  readonly #counters = new Map<string, number>();
  readonly #real = new Set<string>();

  /** An address that really occurs: never to be used as a stand-in for another. */
  reserve(address: string): void {
    this.#real.add(canonicalAddress(address) ?? address);
  }

  /** The text itself for what identifies nobody (loopback, `0.0.0.0`, multicast), and for what is no address. */
  address(text: string): string {
    const [bare = '', zone] = text.split('%');
    const address = canonicalAddress(bare);
    const family = address === undefined ? undefined : familyOf(address);
    if (address === undefined || family === undefined) return text;
    const alias = address.startsWith('::ffff:') ? this.#mapped(address) : this.#alias(address, family);
    return zone === undefined ? alias : `${alias}%${zone}`;
  }

  /** `host1.example`, `user1`: `kind` is what the alias begins with, `suffix` what it ends with. */
  word(kind: string, text: string, suffix = ''): string {
    const key = `${kind} ${text}`;
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    const alias = `${kind}${this.#next(kind)}${suffix}`;
    this.#words.set(key, alias);
    return alias;
  }

  /** An IPv4 address in IPv6 clothes keeps both. */
  #mapped(address: string): string {
    const inner = address.slice('::ffff:'.length);
    return familyOf(inner) === 4 ? `::ffff:${this.#alias(inner, 4)}` : this.#alias(address, 6);
  }

  #alias(address: string, family: Family): string {
    const pool = POOLS[family][addressKind(address)];
    if (pool === undefined) return address;
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    let alias: string;
    do alias = pool(this.#next(`${family} ${addressKind(address)}`));
    while (this.#real.has(alias));
    this.#addresses.set(address, alias);
    return alias;
  }

  #next(counter: string): number {
    const value = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, value);
    return value;
  }
}

type Pool = (n: number) => string;

/** The n-th of a range of /24s; beyond the last one, of 198.18.0.0/15 or its like, which `over` names. */
function blocks(prefixes: readonly string[], over: string): Pool {
  return (n) => {
    const prefix = prefixes[Math.floor((n - 1) / 254)];
    const rest = n - 254 * prefixes.length;
    return prefix === undefined
      ? `${over}.${Math.floor(rest / 256)}.${rest % 256}`
      : `${prefix}.${((n - 1) % 254) + 1}`;
  };
}

const POOLS: Readonly<Record<Family, Partial<Record<AddressKind, Pool>>>> = {
  4: {
    // RFC 5737, documentation; 198.18/15 is for benchmarks (RFC 2544).
    public: blocks(['203.0.113', '198.51.100', '192.0.2'], '198.18'),
    private: blocks(['172.31.255', '172.31.254'], '10.254'),
    cgnat: blocks(['100.127.255', '100.127.254'], '100.126'),
    'link-local': blocks(['169.254.254', '169.254.253'], '169.254'),
  },
  6: {
    public: (n) => `2001:db8::${n.toString(16)}`,
    private: (n) => `fd00:db8::${n.toString(16)}`,
    'link-local': (n) => `fe80::db8:${n.toString(16)}`,
  },
};
