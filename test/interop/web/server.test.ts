import { type IncomingHttpHeaders, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { TerminalMessage } from '../../../src/record/page-messages.ts';
import { readBuiltPage, startWebServer, type WebServer, type WebServerOptions } from '../../../src/web/server.ts';

const tool = { name: 'iceprobe', version: '0.0.0' };
const servers: WebServer[] = [];

async function start(options: Partial<WebServerOptions> = {}): Promise<WebServer> {
  const server = await startWebServer({ page: readBuiltPage(), tool, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(server: WebServer, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** The path with its ticket, and without. */
function pathsOf(server: WebServer): { readonly ticketed: string; readonly bare: string } {
  const url = new URL(server.newUrl());
  return { ticketed: url.pathname + url.search, bare: url.pathname };
}

async function enter(server: WebServer): Promise<{ readonly cookie: string; readonly path: string }> {
  const { ticketed, bare } = pathsOf(server);
  const answer = await ask(server, ticketed);
  expect(answer.status).toBe(200);
  return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', path: bare };
}

/** Resolves to the first message of the server, or to the status with which it refused. */
function connect(server: WebServer, path: string, headers: Record<string, string>): Promise<TerminalMessage | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}events`, { headers });
    socket.once('message', (data) => {
      resolve(JSON.parse(String(data)) as TerminalMessage);
      socket.close();
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', reject);
  });
}

const SECRET_SERVERS = [{ urls: ['turn:turn.example.org'], username: 'alice', credential: 'hunter2-the-secret' }];

describe('the page server lets in', () => {
  it('whoever has the ticket, with the page, its policy and a cookie for later', async () => {
    const server = await start();
    const { ticketed, bare } = pathsOf(server);
    const { status, headers, body } = await ask(server, ticketed);
    expect(status).toBe(200);
    expect(body).toContain('<div id="app">');
    expect(headers['set-cookie']?.[0]).toMatch(
      new RegExp(`^iceprobe-session=[\\w-]{32}; HttpOnly; SameSite=Strict; Path=${bare}$`),
    );
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:\/\/(?!127)/);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('the same browser again, by its cookie, and its WebSocket', async () => {
    const server = await start({ iceServers: SECRET_SERVERS });
    const { cookie, path } = await enter(server);
    expect((await ask(server, path, { cookie })).status).toBe(200);
    const hello = await connect(server, path, { cookie, origin: `http://127.0.0.1:${server.port}` });
    expect(hello).toMatchObject({ type: 'hello', iceServers: SECRET_SERVERS, canGather: false, driven: false });
  });

  it('no credential into the page or its address', async () => {
    const server = await start({ iceServers: SECRET_SERVERS });
    const { ticketed } = pathsOf(server);
    const { body } = await ask(server, ticketed);
    expect(`${server.newUrl()} ${ticketed} ${body}`).not.toContain('hunter2');
  });
});

describe('the page server keeps out', () => {
  it('whoever has no ticket, a wrong one, or one that was used', async () => {
    const server = await start({ iceServers: SECRET_SERVERS });
    const { ticketed, bare } = pathsOf(server);
    for (const path of ['/', bare, `${bare}?ticket=`, `${bare}?ticket=${'A'.repeat(32)}`, '/favicon.ico', '//', '*']) {
      const { status, body, headers } = await ask(server, path);
      expect([path, status]).toEqual([path, 403]);
      expect(body).not.toContain('<');
      expect(headers['set-cookie']).toBeUndefined();
    }
    expect((await ask(server, ticketed)).status).toBe(200);
    expect((await ask(server, ticketed)).status).toBe(403);
    expect((await ask(server, bare, { cookie: 'iceprobe-session=guess' })).status).toBe(403);
  });

  it('another host name, as after DNS rebinding, whatever else is right', async () => {
    const server = await start();
    const { cookie, path } = await enter(server);
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1',
      `127.0.0.1:1`,
      `127.0.0.2:${server.port}`,
    ]) {
      expect((await ask(server, path, { cookie, host })).status).toBe(421);
      expect((await ask(server, pathsOf(server).ticketed, { host })).status).toBe(421);
      const origin = `http://${host}`;
      expect(await connect(server, path, { cookie, host, origin })).toBe(403);
    }
  });

  it('the WebSocket of any other origin, of none, or without the cookie', async () => {
    const server = await start({ iceServers: SECRET_SERVERS });
    const { cookie, path } = await enter(server);
    const own = `http://127.0.0.1:${server.port}`;
    const others = [
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      `https://127.0.0.1:${server.port}`,
      `${own}.evil.example`,
    ];
    for (const origin of others) expect(await connect(server, path, { cookie, origin })).toBe(403);
    expect(await connect(server, path, { cookie })).toBe(403);
    expect(await connect(server, path, { origin: own })).toBe(403);
    expect(await connect(server, '/', { cookie, origin: own })).toBe(403);
    expect(await connect(server, path, { cookie, origin: own })).toMatchObject({ type: 'hello' });
  });

  it('what another site embeds or posts, ticket or not', async () => {
    const server = await start();
    const { cookie, path } = await enter(server);
    for (const site of ['cross-site', 'same-site']) {
      for (const dest of ['iframe', 'image', 'script', 'empty']) {
        const headers = { cookie, 'sec-fetch-site': site, 'sec-fetch-dest': dest };
        expect((await ask(server, path, headers)).status).toBe(403);
        expect((await ask(server, pathsOf(server).ticketed, headers)).status).toBe(403);
      }
    }
    expect((await ask(server, path, { cookie }, 'POST')).status).toBe(405);
    // A person may have followed a link that somebody sent: that opens a window of its own.
    const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' };
    expect((await ask(server, pathsOf(server).ticketed, followed)).status).toBe(200);
  });

  it('messages that are none of the page, and ones that are too long', async () => {
    const server = await start({ gather: async () => {} });
    const { cookie, path } = await enter(server);
    const bad = [
      '',
      'null',
      '[]',
      '{"type":"eval"}',
      '{"type":"run","iceServers":[{}],"iceTransportPolicy":"all","timeoutMs":1000}',
      'x'.repeat(2 ** 21),
    ];
    for (const text of bad) {
      const code = await new Promise<number>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}events`, {
          headers: { cookie, origin: `http://127.0.0.1:${server.port}` },
        });
        socket.once('open', () => socket.send(text));
        socket.on('error', () => {});
        socket.once('close', resolve);
      });
      expect([1008, 1009]).toContain(code);
    }
  });

  it('others on the network, unless over TLS', async () => {
    await expect(start({ listen: '0.0.0.0' })).rejects.toThrow(/TLS/);
  });
});
