import { createPrivateKey, X509Certificate } from 'node:crypto';
import { connect, createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { integer, objectIdentifier, time } from '../../../src/turn-server/certificate/der.ts';
import {
  makeServerCertificate,
  type ServerCertificate,
  type ServerCertificateKind,
} from '../../../src/turn-server/certificate/server-certificate.ts';

const NAMES = ['localhost', 'turn.example.org', '127.0.0.1', '::1'];

describe('DER', () => {
  it.each([
    [Uint8Array.of(0), '020100'],
    [Uint8Array.of(0, 0, 5), '020105'],
    [Uint8Array.of(0x7f), '02017f'],
    [Uint8Array.of(0x80), '02020080'],
    [Uint8Array.of(0, 0xff, 1), '020300ff01'],
  ])('integer %s', (bytes, hex) => {
    expect(integer(bytes).toString('hex')).toBe(hex);
  });

  it.each([
    ['2.5.4.3', '0603550403'],
    ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
    ['1.3.6.1.5.5.7.3.1', '06082b06010505070301'],
  ])('object identifier %s', (dotted, hex) => {
    expect(objectIdentifier(dotted).toString('hex')).toBe(hex);
  });

  it('has two-digit years up to 2049', () => {
    expect(time(new Date('2049-12-31T23:59:58Z')).subarray(2).toString()).toBe('491231235958Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).subarray(2).toString()).toBe('20500101000000Z');
  });
});

describe('a certificate made on the spot', () => {
  it('names the server, is signed by its authority, and lasts a good year', () => {
    const { cert, key, caPem } = makeServerCertificate(NAMES, 'good', new Date('2026-03-04T05:06:07Z'));
    const leaf = new X509Certificate(cert);
    const ca = new X509Certificate(caPem);
    expect(leaf.subjectAltName).toBe(
      'DNS:localhost, DNS:turn.example.org, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect([leaf.ca, ca.ca]).toEqual([false, true]);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(leaf.validFrom).toBe('Mar  3 05:06:07 2026 GMT');
    expect(leaf.validTo).toBe('Apr  4 05:06:07 2027 GMT');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is another each time', () => {
    const [first, second] = [makeServerCertificate(NAMES), makeServerCertificate(NAMES)];
    expect(new X509Certificate(first.cert).serialNumber).not.toBe(new X509Certificate(second.cert).serialNumber);
    expect(first.key).not.toBe(second.key);
  });

  // What OpenSSL says of each, when it trusts the authority alone.
  const verdicts: readonly (readonly [ServerCertificateKind, string | undefined])[] = [
    ['good', undefined],
    ['expires-soon', undefined],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['missing-intermediate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ];
  it.each(verdicts)('%s: %s', async (kind, code) => {
    const made = makeServerCertificate(NAMES, kind);
    expect(await shakeHands(made, made.caPem)).toBe(code);
  });

  it('self-signed is trusted by nobody who was not told to', async () => {
    const made = makeServerCertificate(NAMES, 'self-signed');
    expect(await shakeHands(made, makeServerCertificate(NAMES).caPem)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(await shakeHands(made, made.caPem)).toBeUndefined();
  });
});

/** The error that a client meets, if any. */
async function shakeHands(made: ServerCertificate, ca: string): Promise<string | undefined> {
  const options: TlsOptions = { cert: made.cert, key: made.key };
  const server = createServer(options, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca });
    socket.on('secureConnect', () => resolve(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.resume();
  });
  await new Promise((resolve) => server.close(resolve));
  return code;
}
