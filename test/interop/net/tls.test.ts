import type { TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { openTls, type TlsPolicy } from '../../../src/net/tls.ts';
import { TrustStore } from '../../../src/net/trust.ts';
import { type CertificateKind, certificate } from '../../support/certificates.ts';
import { tcpServer, tlsServer } from '../../support/servers.ts';
import { TransportLog } from '../../support/transport-log.ts';

const trusting = new TrustStore(certificate('good').caPem);

interface Case {
  readonly show?: CertificateKind;
  readonly host?: string;
  readonly policy?: Partial<TlsPolicy>;
  readonly server?: TlsOptions;
}

/** Connects to a server that sends back what it gets; `got` is what reached it. */
async function connect({ show = 'good', host = 'localhost', policy = {}, server = {} }: Case) {
  const { certPem, keyPem } = certificate(show);
  const got: string[] = [];
  await using echo = await tlsServer({ cert: certPem, key: keyPem, ...server }, (socket) => {
    socket.on('data', (chunk) => got.push(String(chunk)));
    socket.pipe(socket);
  });
  const log = new TransportLog();
  const request = { local: '127.0.0.1', remote: echo.address, host };
  const transport = openTls(request, { trust: trusting, insecure: false, ...policy }, log);
  try {
    const first = await Promise.race([log.first('opened'), log.first('failed')]);
    transport.send(new TextEncoder().encode('secret'), echo.address);
    if (first.type === 'opened') await log.first('received');
    const { handshake } = await log.first('shaken');
    return { first, handshake, codes: handshake.problems.map(({ code }) => code), got, types: log.types };
  } finally {
    transport.close();
  }
}

describe('a TLS connection', () => {
  it('to a good server carries bytes, and tells whom it talks to', async () => {
    const { handshake, types, got } = await connect({});
    expect(types).toEqual(['connected', 'shaken', 'opened', 'received']);
    expect(got).toEqual(['secret']);
    expect(handshake).toMatchObject({ protocol: 'TLSv1.3', servername: 'localhost', alpn: null, problems: [] });
    expect(handshake.cipher).toMatch(/^TLS_/);
    expect(handshake.chain.map(({ subject }) => subject)).toEqual(['CN=localhost', 'CN=iceprobe test intermediate']);
    expect(handshake.chain[0]?.subjectAltNames).toEqual(['localhost', 'turn.example.org', '127.0.0.1', '::1']);
    expect(handshake.chain[0]?.issuer).toBe('CN=iceprobe test intermediate');
    expect(handshake.chain[0]?.validTo).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it.each(['127.0.0.1', '::1', 'turn.example.org', 'turn.example.org.', 'LOCALHOST'])(
    'knows it as %s too',
    async (host) => {
      expect((await connect({ host })).codes).toEqual([]);
    },
  );

  it.each<[CertificateKind, string]>([
    ['self-signed', 'self-signed'],
    ['expired', 'expired'],
    ['not-yet-valid', 'not-yet-valid'],
    ['wrong-name', 'name-mismatch'],
    ['missing-intermediate', 'chain-incomplete'],
  ])('to one with the fault %s is refused, and no byte of ours reaches it', async (show, code) => {
    const { first, codes, got, types } = await connect({ show });
    expect(codes).toEqual([code]);
    expect(first).toMatchObject({ type: 'failed', error: 'tls', detail: expect.stringMatching(`^${code}: `) });
    expect(types).toEqual(['connected', 'shaken', 'failed']);
    expect(got).toEqual([]);
  });

  it('to one of an authority that nobody knows is refused', async () => {
    const { codes, got } = await connect({ policy: { trust: new TrustStore() } });
    expect(codes).toEqual(['untrusted']);
    expect(got).toEqual([]);
  });

  it('tells every fault, not only the first', async () => {
    const { codes } = await connect({ show: 'expired', host: '127.0.0.9', policy: { trust: new TrustStore() } });
    expect(codes.toSorted()).toEqual(['expired', 'name-mismatch', 'untrusted']);
  });

  it('goes on with --insecure, and tells the faults all the same', async () => {
    const { codes, got, types } = await connect({ show: 'self-signed', policy: { insecure: true } });
    expect(codes).toEqual(['self-signed']);
    expect(got).toEqual(['secret']);
    expect(types).toEqual(['connected', 'shaken', 'opened', 'received']);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)(
    'to one that speaks nothing newer than %s is refused, by that name',
    async (version) => {
      const server: TlsOptions = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
      const { codes, handshake, got } = await connect({ server });
      expect(codes).toEqual(['old-version']);
      expect(handshake.protocol).toBe(version);
      expect(handshake.chain).toHaveLength(2);
      expect(got).toEqual([]);
      const insecure = await connect({ server, policy: { insecure: true } });
      expect(insecure.got).toEqual(['secret']);
    },
  );

  it('to one that has nothing in common with any client says how the handshake failed', async () => {
    const { codes, first } = await connect({
      server: { ciphers: 'AECDH-NULL-SHA:@SECLEVEL=0', maxVersion: 'TLSv1.2' },
    });
    expect(codes).toEqual(['handshake-failed']);
    expect(first).toMatchObject({ error: 'tls', detail: expect.stringContaining('ERR_SSL_') });
  });

  it.each<[string, (data: Buffer) => string | null, RegExp]>([
    ['answers in HTTP', () => 'HTTP/1.1 400 Bad Request\r\n\r\n', /ERR_SSL_/],
    ['hangs up', () => null, /closed: the other end hung up/],
  ])('to a port that %s says so', async (_, answer, detail) => {
    await using server = await tcpServer((socket) => {
      socket.on('data', (data: Buffer) => {
        const text = answer(data);
        if (text === null) socket.destroy();
        else socket.end(text);
      });
    });
    const log = new TransportLog();
    const request = { local: '127.0.0.1', remote: server.address, host: 'localhost' };
    openTls(request, { trust: trusting, insecure: true }, log);
    expect(await log.first('failed')).toMatchObject({ error: 'tls', detail: expect.stringMatching(detail) });
    expect((await log.first('shaken')).handshake).toMatchObject({ protocol: null, chain: [] });
  });
});
