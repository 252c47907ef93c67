import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import { type PermissionTask, permitPeer, permittedAddresses } from '../../../src/probe/permission.ts';

const RELAYED: SocketAddress = { family: 4, address: '198.51.100.7', port: 50_000 };
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

describe('a refused permission', () => {
  const refusing = (own: string, relayed: SocketAddress): PermissionTask =>
    ({
      allocation: { relayed },
      session: { permit: async () => ({ stage: 'permission', status: 'fail', data: { errorCode: 403 } }) },
      openPeer: async () => ({ guess: at(own), close: async () => {} }),
      permitted: (guess: SocketAddress) => [guess],
      newSession: () => ({ open: async () => false, release: async () => undefined }),
      signal: new AbortController().signal,
    }) as unknown as PermissionTask;

  it.each([
    ['own', '203.0.113.7', RELAYED],
    // A relay on the internet should refuse it.
    ['private', '192.168.1.10', RELAYED],
    ['own', '192.168.1.10', { ...RELAYED, address: '192.168.1.2' }],
  ] as const)('is of the kind %s, for %s', async (kind, own, relayed) => {
    const { stage } = await permitPeer(refusing(own, relayed));
    expect(stage.data.permissions).toEqual([{ peer: `${own}:41022`, kind, granted: false, errorCode: 403 }]);
  });
});
