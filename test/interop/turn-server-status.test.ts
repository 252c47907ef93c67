import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startTurnServer } from '../../src/index.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the status port', () => {
  it('tells allocations and counters, and no credential', async () => {
    await using server = await startTurnServer({ statusPort: 0 });
    const { status, body } = await ask(`${server.statusUrl}/`);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ allocations: [], created: {}, bindings: 0 });
    expect(body).not.toContain(server.iceServers[0]?.credential);
  });

  it('serves metrics that Prometheus reads', async () => {
    await using server = await startTurnServer({ statusPort: 0 });
    const { headers, body } = await ask(`${server.statusUrl}/metrics`);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^# TYPE iceprobe_turn_server_allocations gauge$/m);
    expect(body).toMatch(/^iceprobe_turn_server_allocations\{transport="udp"\} 0$/m);
    for (const line of body.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) iceprobe_turn_server_\w+ .+|iceprobe_turn_server_\w+(\{[^}]*\})? \d+)$/);
    }
  });

  it('hands short-lived credentials to pages of this machine alone', async () => {
    await using server = await startTurnServer({ statusPort: 0, statusOrigins: ['https://app.example.org'] });
    const url = `${server.statusUrl}/ice-servers`;
    const local = await ask(url, { Origin: 'http://localhost:5173' });
    expect(local.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    const { iceServers } = JSON.parse(local.body) as { iceServers: { urls: string[]; username: string }[] };
    expect(iceServers[0]?.urls).toEqual(server.iceServers[0]?.urls);
    const expiry = Number(iceServers[0]?.username.split(':')[0]);
    expect(expiry - Date.now() / 1000).toBeGreaterThan(500);
    expect(expiry - Date.now() / 1000).toBeLessThan(601);
    expect((await ask(url, { Origin: 'https://app.example.org' })).status).toBe(200);
    expect((await ask(url)).status).toBe(200);
    for (const origin of [
      'https://example.com',
      'http://localhost.example.com',
      'null',
      'http://127.0.0.1.example.com',
    ]) {
      const foreign = await ask(url, { Origin: origin });
      expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    }
  });

  it('is deaf to names that somebody else’s DNS points here', async () => {
    await using server = await startTurnServer({ statusPort: 0 });
    expect((await ask(`${server.statusUrl}/ice-servers`, { Host: 'rebound.example.com' })).status).toBe(403);
    expect((await ask(`${server.statusUrl}/ice-servers`, { Host: 'localhost:1' })).status).toBe(200);
  });

  it('gives the authority, refuses what it has not, changes nothing', async () => {
    await using server = await startTurnServer({ statusPort: 0 });
    expect((await ask(`${server.statusUrl}/ca.pem`)).body).toBe(server.caPem);
    expect((await ask(`${server.statusUrl}/etc/passwd`)).status).toBe(404);
    expect((await ask(`${server.statusUrl}/`, {}, 'POST')).status).toBe(405);
  });
});
