import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { TrustStore } from '../../../src/net/trust.ts';

const root = (index: number): string => rootCertificates[index] ?? '';

describe('the context of a handshake', () => {
  it('is made once for all runs that trust the same', () => {
    expect(new TrustStore().context).toBe(new TrustStore().context);
    const given = new TrustStore(root(0)).context;
    expect(new TrustStore(`${root(0)}\n`).context).toBe(given);
    expect(new TrustStore().context).not.toBe(given);
    expect(new TrustStore(`${root(0)}\n${root(1)}`).context).not.toBe(given);
  });

  it('is kept for the last few alone that were given certificates of their own', () => {
    const first = new TrustStore(root(2)).context;
    for (const index of [3, 4, 5]) new TrustStore(root(index)).warmUp();
    expect(new TrustStore(root(2)).context).toBe(first);
    for (const index of [3, 4, 5, 6]) new TrustStore(root(index)).warmUp();
    expect(new TrustStore(root(2)).context).not.toBe(first);
  });
});
