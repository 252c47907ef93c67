import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import { permittedAddresses } from '../../../src/probe/permission.ts';

const at = (address: string): SocketAddress => ({ family: 4, address, port: 41_022 });

describe('the addresses that a permission is asked for', () => {
  it.each([
    [
      'all that servers saw of us in that family',
      '203.0.113.7',
      ['203.0.113.8', '2001:db8::1'],
      ['203.0.113.7', '203.0.113.8'],
    ],
    ['none that only a server behind a source NAT saw', '203.0.113.7', ['10.77.2.1'], ['203.0.113.7']],
    [
      'private ones on a private network',
      '192.168.1.10',
      ['192.168.1.10', '192.168.2.1'],
      ['192.168.1.10', '192.168.2.1'],
    ],
  ])('are %s', (_, guess, seen, expected) => {
    expect(permittedAddresses(at(guess), seen).map(({ address }) => address)).toEqual(expected);
  });
});
