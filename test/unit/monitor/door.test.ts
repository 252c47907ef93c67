import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { doorFor } from '../../../src/cli/monitor/door.ts';

function statusFor(headers: IncomingMessage['headers'], names: readonly string[] = []): number {
  return doorFor(names)({ headers } as IncomingMessage)?.status ?? 200;
}

describe('who is answered', () => {
  it.each([
    '127.0.0.1:13478',
    '[::1]:13478',
    'localhost:8080',
    'LOCALHOST',
    '192.0.2.1',
    '[2001:db8::1]:80',
    hostname(),
    'monitor.example.org:443',
  ])('%s is ours', (host) => {
    expect(statusFor({ host }, ['Monitor.Example.org'])).toBe(200);
  });

  it.each([
    '',
    'evil.example.com:13478',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'a:b:c',
    'monitor.example.org',
  ])('a page that came by the name %j is not', (host) => {
    expect(statusFor({ host })).toBe(421);
  });

  it('pages of others cannot make a browser ask', () => {
    const host = '127.0.0.1:13478';
    expect(statusFor({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' })).toBe(403);
    expect(statusFor({ host, 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'empty' })).toBe(403);
    expect(statusFor({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' })).toBe(200);
    expect(statusFor({ host, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' })).toBe(200);
    expect(statusFor({ host, 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' })).toBe(200);
  });
});
