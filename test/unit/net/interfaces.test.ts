import { describe, expect, it } from 'vitest';
import { parseIfInet6 } from '../../../src/net/if-inet6.ts';
import { describeInterfaces, isVpnName, listInterfaces } from '../../../src/net/interfaces.ts';

const IF_INET6 = `
20010db8000000000000000000000001 02 40 00 80     eth0
20010db8000000000000000000000002 02 40 00 01     eth0
20010db8000000000000000000000003 02 40 00 21     eth0
20010db8000000000000000000000004 02 40 00 40     eth0
20010db8000000000000000000000005 02 40 00 44     eth0
20010db8000000000000000000000006 02 40 00 08     eth0
fe800000000000000000000000000001 02 40 20 80     eth0
not a line
`;

const v6 = (address: string) => ({ address, family: 'IPv6', cidr: `${address}/64`, scopeid: 0 });

describe('describeInterfaces', () => {
  const flags = parseIfInet6(IF_INET6);

  it('knows temporary and deprecated addresses, and leaves out those that cannot be bound', () => {
    const found = describeInterfaces({ eth0: [1, 2, 3, 4, 5, 6].map((n) => v6(`2001:db8::${n}`)) }, flags);
    expect(found.map(({ address, temporary, deprecated }) => [address, temporary ?? false, deprecated])).toEqual([
      ['2001:db8::1', false, false],
      ['2001:db8::2', true, false],
      ['2001:db8::3', true, true],
      ['2001:db8::5', false, false],
    ]);
  });

  it('gives link-local IPv6 its zone', () => {
    const [address] = describeInterfaces({ eth0: [{ ...v6('fe80::1'), scopeid: 2 }] }, flags);
    expect(address).toMatchObject({ address: 'fe80::1%eth0', kind: 'link-local', family: 6, prefixLength: 64 });
  });

  it.each([
    ['eth0', '192.168.1.2', 'private'],
    ['eth0', '198.18.0.1', 'public'],
    ['eth0', '100.64.0.1', 'cgnat'],
    ['eth0', '169.254.1.1', 'link-local'],
    ['lo', '127.0.0.1', 'loopback'],
    ['wg0', '10.0.0.2', 'vpn'],
    ['tailscale0', '100.101.102.103', 'vpn'],
    ['tun0', '169.254.1.1', 'link-local'],
  ])('%s with %s is %s', (name, address, kind) => {
    const [found] = describeInterfaces({ [name]: [{ address, family: 'IPv4', cidr: `${address}/24` }] }, flags);
    expect(found?.kind).toBe(kind);
  });

  it('reads the family as a number too, and passes over what is no address', () => {
    const found = describeInterfaces(
      { a: [{ address: '::1', family: 6, cidr: null }], b: [{ address: 'x', family: 4, cidr: null }], c: undefined },
      flags,
    );
    expect(found).toEqual([
      { name: 'a', family: 6, address: '::1', kind: 'loopback', deprecated: false, prefixLength: null },
    ]);
  });
});

describe('listInterfaces', () => {
  it('names at least the loopback interface of the machine it runs on', () => {
    expect(listInterfaces().some(({ kind }) => kind === 'loopback')).toBe(true);
  });
});

describe('isVpnName', () => {
  it.each(['tun0', 'tap1', 'utun3', 'wg0', 'ppp0', 'tailscale0', 'nordlynx', 'zt7nnig26'])('%s', (name) => {
    expect(isVpnName(name)).toBe(true);
  });
  it.each(['eth0', 'wlan0', 'enp3s0', 'en0', 'docker0', 'br-12', 'lo', 'Wi-Fi'])('not %s', (name) => {
    expect(isVpnName(name)).toBe(false);
  });
});
