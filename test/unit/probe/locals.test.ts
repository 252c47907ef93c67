import { describe, expect, it } from 'vitest';
import type { InterfaceAddress } from '../../../src/net/interfaces.ts';
import { chooseLocals, type LocalChoice } from '../../../src/probe/locals.ts';

type Given = Pick<InterfaceAddress, 'name' | 'address' | 'kind'> & Partial<InterfaceAddress>;

function choose(given: readonly Given[], choice: Partial<LocalChoice> = {}): string[] {
  const addresses = given.map((each) => ({
    family: each.address.includes(':') ? (6 as const) : (4 as const),
    deprecated: false,
    prefixLength: each.address.includes(':') ? 64 : 24,
    ...each,
  }));
  return chooseLocals(addresses, { loopback: false, ...choice }).map(({ address }) => address);
}

const lo = [
  { name: 'lo', address: '127.0.0.1', kind: 'loopback' },
  { name: 'lo', address: '::1', kind: 'loopback' },
] as const;
const eth4 = { name: 'eth0', address: '192.168.1.2', kind: 'private' } as const;
const eth6 = { name: 'eth0', address: '2001:db8::2', kind: 'public' } as const;
const link = { name: 'eth0', address: 'fe80::1%eth0', kind: 'link-local' } as const;
const vpn = { name: 'wg0', address: '10.8.0.2', kind: 'vpn' } as const;

describe('chooseLocals', () => {
  it('takes every interface but loopback', () => {
    expect(choose([...lo, eth4, eth6, vpn])).toEqual([eth4.address, eth6.address, vpn.address]);
    expect(choose([...lo, eth4], { loopback: true })).toEqual(['127.0.0.1', '::1', eth4.address]);
  });

  it('keeps to a family, and to interfaces by name, loopback by name too', () => {
    const all = [...lo, eth4, eth6, vpn];
    expect(choose(all, { family: 6 })).toEqual([eth6.address]);
    expect(choose(all, { interfaces: ['wg0'] })).toEqual([vpn.address]);
    expect(choose(all, { interfaces: ['lo'], family: 4 })).toEqual(['127.0.0.1']);
    expect(choose(all, { interfaces: ['eth7'] })).toEqual([]);
  });

  it('prefers a temporary address to others of its network, and to no others', () => {
    const temporary = { ...eth6, address: '2001:db8::7', temporary: true };
    const elsewhere = { ...eth6, address: '2001:db8:1::2' };
    const other = { ...eth6, name: 'eth1', address: '2001:db8::9' };
    expect(choose([eth6, temporary, elsewhere, other])).toEqual([temporary.address, elsewhere.address, other.address]);
  });

  it('leaves out a deprecated address where a better one is there', () => {
    const deprecated = { ...eth6, address: '2001:db8::5', deprecated: true };
    const temporary = { ...eth6, address: '2001:db8::6', temporary: true, deprecated: true };
    expect(choose([deprecated])).toEqual([deprecated.address]);
    expect(choose([deprecated, temporary, eth6])).toEqual([eth6.address]);
  });

  it('uses link-local IPv6 only where an interface is named and has nothing else', () => {
    expect(choose([eth4, link])).toEqual([eth4.address]);
    expect(choose([eth6, link], { interfaces: ['eth0'] })).toEqual([eth6.address]);
    expect(choose([link], { interfaces: ['eth0'] })).toEqual([link.address]);
  });
});
