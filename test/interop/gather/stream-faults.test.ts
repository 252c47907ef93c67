import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateKind, certificate } from '../../support/certificates.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { type Gathered, gathered } from '../../support/gathering.ts';
import { type TestServer, tcpServer, tlsServer, udpServer } from '../../support/servers.ts';

const user = { username: 'user', credential: 'password' };
const { caPem, certPem, keyPem } = certificate('good');
const SHOWN = [
  'good',
  'self-signed',
  'expired',
  'not-yet-valid',
  'expires-soon',
  'wrong-name',
  'missing-intermediate',
] as const;

const turns = new Map<CertificateKind, Coturn>();
const strangers: Record<string, TestServer> = {};

beforeAll(async () => {
  const started = await Promise.all(
    SHOWN.map(async (kind) => {
      const { cert, key } = certificate(kind);
      return [kind, await startCoturn({ tls: { cert, key } })] as const;
    }),
  );
  for (const [kind, coturn] of started) turns.set(kind, coturn);
  strangers['http'] = await tcpServer((socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  strangers['ssh'] = await tcpServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'));
  strangers['tls only'] = await tlsServer({ cert: certPem, key: keyPem }, () => {});
  strangers['old'] = await tlsServer(
    { cert: certPem, key: keyPem, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    () => {},
  );
  // TLS records (22, 3) that offer no protocol of a web server (ALPN, extension 16) are cut off, as some firewalls do it.
  strangers['filter'] = await filter();
});

afterAll(async () => {
  expect([...turns.values()].flatMap((coturn) => coturn.allocationsLeft())).toEqual([]);
  await Promise.all([...turns.values(), ...Object.values(strangers)].map((each) => each[Symbol.asyncDispose]()));
});

async function filter(): Promise<TestServer> {
  const behind = await tlsServer({ cert: certPem, key: keyPem, ALPNProtocols: ['http/1.1'] }, () => {});
  const front = await tcpServer((socket) => {
    socket.once('data', (hello: Buffer) => {
      if (!hello.includes('http/1.1')) {
        socket.resetAndDestroy();
        return;
      }
      const inner = connect(behind.address.port, '127.0.0.1');
      inner.on('error', () => socket.destroy());
      inner.write(hello);
      socket.pipe(inner).pipe(socket);
    });
  });
  return {
    address: front.address,
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
    },
  };
}

function coturn(kind: CertificateKind): Coturn {
  const found = turns.get(kind);
  if (found === undefined) throw new Error(`no coturn with ${kind}`);
  return found;
}

const portOf = (name: string): number => strangers[name]?.address.port ?? 0;

function gatherAt(url: string, more = {}): Promise<Gathered> {
  return gathered({ ca: caPem, interfaces: ['lo'], family: 4, iceServers: [{ urls: url, ...user }], ...more });
}

describe('a certificate', () => {
  it.each<[CertificateKind, string]>([
    ['self-signed', 'tls.untrusted'],
    ['expired', 'tls.expired'],
    ['not-yet-valid', 'tls.not-yet-valid'],
    ['wrong-name', 'tls.name-mismatch'],
    ['missing-intermediate', 'tls.chain-incomplete'],
  ])('that is %s is named, and no credential is sent', async (kind, finding) => {
    const { report, findings, kinds, of } = await gatherAt(`turns:localhost:${coturn(kind).tlsPort}`);
    expect(findings[0]).toBe(finding);
    expect(report).toMatchObject({ verdict: 'error', exitCode: 1 });
    expect(kinds).toEqual(['host udp 4']);
    expect(of('stun-sent').filter(({ attributes }) => 'USERNAME' in attributes)).toEqual([]);
    expect(report.gatherings?.[0]?.errors[0]).toMatchObject({ errorCode: 701, url: report.servers?.[0]?.url });
  });

  it('that ends soon is a warning, and the relay works', async () => {
    const { report, findings, kinds } = await gatherAt(`turns:localhost:${coturn('expires-soon').tlsPort}`);
    expect(findings).toContain('tls.expires-soon');
    expect(report.exitCode).toBe(0);
    expect(kinds).toContain('relay udp tls 4');
  });

  it('that is bad is named all the same with --insecure, and the relay is tried', async () => {
    const { report, findings, kinds } = await gatherAt(`turns:localhost:${coturn('expired').tlsPort}`, {
      insecure: true,
    });
    expect(findings).toContain('tls.expired');
    expect(kinds).toContain('relay udp tls 4');
    expect(report.servers?.[0]?.attempts[0]?.tls?.problems.map(({ code }) => code)).toEqual(['expired']);
  });

  it('of an authority that was not given is named', async () => {
    const url = `turns:localhost:${coturn('good').tlsPort}`;
    const { report, findings } = await gathered({
      interfaces: ['lo'],
      family: 4,
      iceServers: [{ urls: url, ...user }],
    });
    expect(findings[0]).toBe('tls.untrusted');
    expect(report.exitCode).toBe(1);
    expect((await gatherAt(url)).report.exitCode).toBe(0);
  });
});

describe('something else behind the port', () => {
  it.each<[string, () => string, string]>([
    ['HTTP, asked over TCP', () => `turn:localhost:${portOf('http')}?transport=tcp`, 'net.not-a-stun-server'],
    ['HTTP, asked over TLS', () => `turns:localhost:${portOf('http')}`, 'net.not-a-stun-server'],
    ['SSH, asked over TCP', () => `turn:localhost:${portOf('ssh')}?transport=tcp`, 'net.not-a-stun-server'],
    ['SSH, asked over TLS', () => `turns:localhost:${portOf('ssh')}`, 'net.not-a-stun-server'],
    ['TLS, asked over TCP', () => `turn:localhost:${portOf('tls only')}?transport=tcp`, 'tls.tls-on-plain-port'],
    ['TLS of another age', () => `turns:localhost:${portOf('old')}`, 'tls.old-version'],
    ['a filter that lets only the web pass', () => `turns:localhost:${portOf('filter')}`, 'net.tls-filtered'],
  ])('%s is named', async (_, url, finding) => {
    const { report, findings } = await gatherAt(url());
    expect(findings[0]).toBe(finding);
    expect(report).toMatchObject({ verdict: 'error', exitCode: 1 });
  });

  it('a server that knows no TLS is named where TLS was asked', async () => {
    await using plain = await startCoturn();
    const { report, findings } = await gatherAt(`turns:localhost:${plain.port}`);
    expect(findings[0]).toBe('tls.plain-on-tls-port');
    expect(report.exitCode).toBe(1);
    // By the control, which asked without credentials.
    const url = `turn:localhost:${plain.port}?transport=tcp`;
    const control = report.servers?.find((server) => server.url === url);
    expect(control?.control).toBe('does the port speak STUN without TLS?');
    expect(control?.attempts[0]?.stages.map(({ stage, status }) => [stage, status])).toEqual([
      ['connect', 'pass'],
      ['binding', 'pass'],
    ]);
  });

  it('TURN over DTLS is said not to be supported, and nothing is sent in its place', async () => {
    const { report, findings, of } = await gatherAt(`turns:localhost:${coturn('good').tlsPort}?transport=udp`);
    expect(findings[0]).toBe('config.dtls-unsupported');
    expect(report.exitCode).toBe(1);
    expect(of('stun-sent')).toEqual([]);
  });
});

describe('controls', () => {
  it('are not made where everything works, and stand apart where they are', async () => {
    const works = await gatherAt(`turns:localhost:${coturn('good').tlsPort}`);
    expect(works.report.servers?.map(({ control }) => control)).toEqual([undefined]);
    await using silent = await udpServer(() => {});
    const url = `stun:127.0.0.1:${silent.address.port}`;
    const { report, findings } = await gatherAt(url);
    expect(findings[0]).toBe('net.server-silent');
    const [asked, ...controls] = report.servers ?? [];
    expect(asked).toMatchObject({ url, verdict: 'error' });
    expect(asked?.control).toBeUndefined();
    expect(controls.map((each) => [each.url, each.attempts[0]?.stages[0]?.data.cause])).toEqual(
      expect.arrayContaining([[`turn:127.0.0.1:${silent.address.port}?transport=tcp`, 'refused']]),
    );
    // They ran beside the waiting, and cost no time of their own.
    expect(report.durationMs).toBeLessThan(6500);
  });
});
