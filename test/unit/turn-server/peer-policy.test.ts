import { describe, expect, it } from 'vitest';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { type Expiring, ExpiryQueue } from '../../../src/core/turn/server/expiry-queue.ts';
import { blockContains, parseBlock, peerPolicy } from '../../../src/core/turn/server/peer-policy.ts';

const ownAddresses = ['127.0.0.1', '::1', '192.168.1.5', '203.0.113.7', '2001:db8:7::5'];
const block = (text: string) => {
  const parsed = parseBlock(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('whom clients may reach', () => {
  const policies = {
    own: peerPolicy({ scope: 'own', ownAddresses, ownSubnets: [block('192.168.1.0/24')] }),
    lan: peerPolicy({ scope: 'lan', ownAddresses, ownSubnets: [block('192.168.1.0/24')] }),
    public: peerPolicy({ scope: 'public', ownAddresses }),
  };

  it.each([
    // address, own, lan, public
    ['127.0.0.1', true, true, false],
    ['127.8.8.8', true, true, false],
    ['::1', true, true, false],
    ['192.168.1.5', true, true, false],
    ['192.168.1.99', false, true, false],
    ['192.168.2.1', false, false, false],
    ['10.0.0.1', false, false, false],
    ['172.16.0.1', false, false, false],
    ['100.64.0.1', false, false, false],
    // A metadata service of clouds.
    ['169.254.169.254', false, false, false],
    ['fd00:ec2::254', false, false, false],
    ['fe80::1', false, false, false],
    ['203.0.113.7', true, true, true],
    ['198.51.100.1', false, false, true],
    ['2001:db8:7::5', true, true, true],
    ['2001:db8:9::1', false, false, true],
    ['224.0.0.1', false, false, false],
    ['ff02::1', false, false, false],
    ['0.0.0.0', false, false, false],
    ['::', false, false, false],
    ['255.255.255.255', false, false, false],
    // IPv4 in the clothes of IPv6.
    ['::ffff:10.0.0.1', false, false, false],
    ['::ffff:169.254.169.254', false, false, false],
  ])('%s', (address, own, lan, isPublic) => {
    const allowed = Object.fromEntries(
      Object.entries(policies).map(([name, policy]) => [name, policy(address) === undefined]),
    );
    expect(allowed).toEqual({ own, lan, public: isPublic });
  });

  it('is widened by blocks, but for what no relay can mean', () => {
    const policy = peerPolicy({
      scope: 'public',
      ownAddresses,
      allow: [block('10.0.0.0/8'), block('0.0.0.0/0'), block('::/0')],
    });
    expect(policy('10.1.2.3')).toBeUndefined();
    expect(policy('127.0.0.1')).toBeUndefined();
    expect(policy('224.0.0.1')).toBe('224.0.0.1 is multicast');
    expect(policy('::')).toBe(':: is unspecified');
  });

  it('is said with the reason', () => {
    expect(policies.public('10.0.0.1')).toBe('10.0.0.1 is private');
    expect(policies.own('10.0.0.1')).toBe('10.0.0.1 is not an address of this host');
    expect(policies.lan('10.0.0.1')).toBe('10.0.0.1 is not on a local subnet');
  });
});

describe('a block of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.200', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
  ])('%s holds %s: %s', (text, address, expected) => {
    expect(blockContains(block(text), address)).toBe(expected);
  });

  it.each(['', '10.0.0.0/', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/-1', '10.0.0.0/8/8', 'example.org/8', '::/129'])(
    '%j is none',
    (text) => {
      expect(parseBlock(text)).toBeUndefined();
    },
  );
});

describe('the queue of what expires', () => {
  it('gives everything in its time, whatever is set, moved and removed meanwhile', () => {
    const random = seededRandom(5);
    const queue = new ExpiryQueue<Expiring>();
    const items: Expiring[] = Array.from({ length: 300 }, () => ({ expiresAt: 0, queueIndex: -1 }));
    const present = new Set<Expiring>();
    for (let step = 0; step < 20_000; step++) {
      const item = items[randomInteger(random, items.length)];
      if (item === undefined) continue;
      if (randomInteger(random, 3) === 0) {
        queue.remove(item);
        present.delete(item);
      } else {
        queue.set(item, randomInteger(random, 1000));
        present.add(item);
      }
      expect(queue.size).toBe(present.size);
    }
    const earliest = Math.min(...[...present].map((item) => item.expiresAt));
    expect(queue.next?.expiresAt).toBe(earliest);
    expect(queue.takeExpired(earliest - 1)).toBeUndefined();
    const times: number[] = [];
    for (let item = queue.takeExpired(1000); item !== undefined; item = queue.takeExpired(1000)) {
      times.push(item.expiresAt);
      expect(present.delete(item)).toBe(true);
      expect(item.queueIndex).toBe(-1);
    }
    expect(present.size).toBe(0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
