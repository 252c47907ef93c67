import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, it } from 'vitest';
import { type CertificateKind, certificate, WRONG_NAME } from '../support/certificates.ts';
import { describeNeeding } from '../support/needs.ts';

describeNeeding('openssl')('a certificate for tests', () => {
  it.each<[CertificateKind, string | undefined]>([
    ['good', undefined],
    ['expires-soon', undefined],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['missing-intermediate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('%s: a client that trusts our root says %s', async (kind, code) => {
    const { certPem, keyPem, caPem } = certificate(kind);
    const server = createServer({ cert: certPem, key: keyPem }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const heard = await new Promise<string | undefined>((resolve) => {
      const client = connect({ host: '127.0.0.1', port, servername: 'turn.example.org', ca: caPem }, () => {
        resolve(undefined);
        client.destroy();
      });
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    server.close();
    expect(heard).toBe(code);
  });

  it('carries its names, and is made once', () => {
    const good = certificate('good');
    expect(certificate('good')).toBe(good);
    expect(new X509Certificate(good.certPem).subjectAltName).toBe(
      'DNS:localhost, DNS:turn.example.org, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(new X509Certificate(certificate('wrong-name').certPem).subjectAltName).toBe(`DNS:${WRONG_NAME}`);
  });
});
