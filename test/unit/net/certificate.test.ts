import { describe, expect, it } from 'vitest';
import { alternativeNames, oneLine } from '../../../src/net/certificate.ts';
import { certificatesIn } from '../../../src/net/trust.ts';

describe('alternativeNames', () => {
  it.each([
    [undefined, []],
    ['DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1', ['a.example', '*.b.example', '192.0.2.1']],
    ['IP Address:2001:DB8:0:0:0:0:0:1, DNS:c', ['2001:db8::1', 'c']],
    ['DNS:"a.example\\u0000b, DNS:evil", DNS:d', ['a.example\u0000b, DNS:evil', 'd']],
    ['email:me@example.org, URI:http://x, DNS:e', ['e']],
    ['DirName:"CN=a, DNS:evil", DNS:f', ['f']],
  ])('%o', (text, expected) => {
    expect(alternativeNames(text)).toEqual(expected);
  });
});

describe('oneLine', () => {
  it('puts the name itself first', () => {
    expect(oneLine('C=US\nO=Org\nCN=name')).toBe('CN=name, O=Org, C=US');
    expect(oneLine(undefined)).toBe('');
  });
});

describe('certificatesIn', () => {
  it('finds what is between the lines, and nothing else', () => {
    const one = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    const key = '-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----';
    expect(certificatesIn(`# c\n${one}\n${key}\n${one}\n`)).toEqual([one, one]);
    expect(certificatesIn(key)).toEqual([]);
  });
});
