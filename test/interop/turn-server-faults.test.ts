import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type LocalTurnServer, startTurnServer } from '../../src/index.ts';
import { acceptedTlsVersions } from '../../src/net/tls-versions.ts';

const BINDING = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

/** How a Binding request over each transport ends: `answer`, a system's or OpenSSL's code, or `silence`. */
const ask = {
  udp: (server: LocalTurnServer) =>
    new Promise<string>((resolve) => {
      const socket = createSocket('udp4');
      const timer = setTimeout(() => end('silence'), 300);
      const end = (how: string) => {
        clearTimeout(timer);
        socket.close();
        resolve(how);
      };
      // Connected, or the ICMP error would not be heard.
      socket.connect(server.port, '127.0.0.1', () => socket.send(BINDING));
      socket.on('message', () => end('answer'));
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
    }),
  tcp: (server: LocalTurnServer, port = server.port) => talk((ready) => connect(port, '127.0.0.1', ready)),
  tls: (server: LocalTurnServer, ca = server.caPem) =>
    talk((ready) =>
      connectTls(
        { port: server.tlsPort, host: '127.0.0.1', servername: 'localhost', ...(ca === undefined ? {} : { ca }) },
        ready,
      ),
    ),
};

function talk(open: (ready: () => void) => ReturnType<typeof connect>): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('silence'), 500);
    const socket = open(() => socket.write(BINDING));
    const end = (how: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    socket.on('data', (bytes: Buffer) => end(bytes[0] === 1 ? 'answer' : 'something else'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.on('close', () => end('closed'));
  });
}

async function all(server: LocalTurnServer): Promise<string[]> {
  return Promise.all([ask.udp(server), ask.tcp(server), ask.tls(server)]);
}

describe('faults of sockets', () => {
  it.each([
    ['udp:off', ['ECONNREFUSED', 'answer', 'answer']],
    ['udp:silent', ['silence', 'answer', 'answer']],
    ['tcp:off', ['answer', 'ECONNREFUSED', 'answer']],
    ['tcp:silent', ['answer', 'silence', 'answer']],
    ['tls:off', ['answer', 'answer', 'ECONNREFUSED']],
    ['tls:silent', ['answer', 'answer', 'silence']],
    ['tls:swapped', ['answer', 'closed', 'ECONNRESET']],
  ])('%s, from the start, at run time, and taken back', async (fault, expected) => {
    await using server = await startTurnServer({ faults: [fault] });
    expect(await all(server)).toEqual(expected);
    await server.setFaults([]);
    expect(await all(server)).toEqual(['answer', 'answer', 'answer']);
    await server.setFaults([fault]);
    expect(await all(server)).toEqual(expected);
  });

  it.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['missing-intermediate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['old-version', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  ])('tls:%s', async (kind, code) => {
    await using server = await startTurnServer();
    await server.setFaults([`tls:${kind}`]);
    expect(await ask.tls(server)).toBe(code);
    await server.setFaults([]);
    expect(await ask.tls(server)).toBe('answer');
  });

  it('tls:old-versions-too takes old clients beside new ones', async () => {
    await using server = await startTurnServer();
    const target = {
      server: { family: 4, address: '127.0.0.1', port: server.tlsPort },
      host: 'localhost',
      local: { address: '127.0.0.1' },
    } as const;
    expect(await acceptedTlsVersions(target, 10_000)).toEqual(['TLSv1.2', 'TLSv1.3']);
    await server.setFaults(['tls:old-versions-too']);
    expect(await ask.tls(server)).toBe('answer');
    expect(await acceptedTlsVersions(target, 10_000)).toEqual(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
  });

  it('tells of clients that do not like the certificate', async () => {
    const told: string[] = [];
    await using server = await startTurnServer({
      onEvent: (event) => event.type === 'handshake-failed' && told.push(event.why),
    });
    expect(await ask.tls(server, '')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await ask.tcp(server, server.tlsPort)).toBe('closed');
    await expect.poll(() => told).toHaveLength(1);
    expect(told[0]).toMatch(/wrong version number|unexpected|http request|record/);
  });

  it.each([
    ['any:from-port', (from: string, port: number) => from === '127.0.0.1' && port !== 0],
    ['any:from=127.0.0.2', (from: string) => from === '127.0.0.2'],
  ])('%s is heard by an unconnected socket alone', async (fault, isRight) => {
    await using server = await startTurnServer();
    await server.setFaults([fault]);
    expect(await ask.udp(server)).toBe('silence');
    const socket = createSocket('udp4');
    const answered = new Promise<{ address: string; port: number }>((resolve) =>
      socket.once('message', (_bytes, from) => resolve(from)),
    );
    socket.send(BINDING, server.port, '127.0.0.1');
    const { address, port } = await answered;
    socket.close();
    expect([address, port]).not.toEqual(['127.0.0.1', server.port]);
    expect(isRight(address, port)).toBe(true);
  });

  it('refuses what is none, and goes on as before', async () => {
    await using server = await startTurnServer({ faults: ['udp:silent'] });
    await expect(server.setFaults(['udp:loud'])).rejects.toThrow('faults: udp:loud: "loud" is none of');
    expect(await ask.udp(server)).toBe('silence');
    await expect(startTurnServer({ faults: ['x'] })).rejects.toMatchObject({ name: 'TurnServerOptionError' });
  });

  it('are changed over HTTP, by what is no page', async () => {
    await using server = await startTurnServer({ statusPort: 0 });
    const post = (body: string, headers: Record<string, string>) =>
      fetch(`${server.statusUrl}/faults`, { method: 'POST', body, headers });
    const json = { 'content-type': 'application/json' };
    expect((await post('{"faults":["udp:silent"]}', json)).status).toBe(200);
    expect(await ask.udp(server)).toBe('silence');
    expect((await post('{"faults":[]}', { 'content-type': 'text/plain' })).status).toBe(403);
    expect((await post('{"faults":[]}', { ...json, origin: 'http://localhost:3000' })).status).toBe(403);
    expect((await post('{"faults":"udp:silent"}', json)).status).toBe(400);
    const wrong = await post('{"faults":["udp:loud"]}', json);
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('"loud" is none of')]);
    expect(await ask.udp(server)).toBe('silence');
    expect((await post('{"faults":[]}', json)).status).toBe(200);
    expect(await ask.udp(server)).toBe('answer');
  });
});
