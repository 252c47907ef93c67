import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { doorFor } from '../../src/cli/monitor/door.ts';
import { Monitor, type MonitorTarget } from '../../src/monitor/monitor.ts';
import { OwnFigures } from '../../src/monitor/own.ts';
import { startMonitorServer } from '../../src/monitor/server.ts';
import { HEADERS } from '../../src/web/server/guard.ts';
import { until } from '../support/monitor.ts';
import { report } from '../unit/check/report.ts';

/** A monitor whose runs end when the test says so, served as the command serves it. */
async function serve() {
  const ends: (() => void)[] = [];
  let isOpen = false;
  let begun = 0;
  let aborted = 0;
  const monitor = new Monitor({
    clock: {
      monotonic: () => performance.now(),
      wall: () => new Date(),
      after(ms, callback) {
        const timer = setTimeout(callback, ms).unref();
        return { cancel: () => clearTimeout(timer) };
      },
    },
    random: () => 0,
    concurrency: 10,
    confirm: 1,
    onChange: () => {},
    onRemark: () => {},
  });
  const target: MonitorTarget = {
    name: 'a',
    urls: ['turn:a'],
    intervalMs: undefined,
    jitterMs: 0,
    longestMs: 60_000,
    run: (signal) =>
      new Promise((resolve) => {
        begun++;
        signal.addEventListener('abort', () => aborted++);
        const end = (): void => resolve(report(['turn:a']));
        if (isOpen) end();
        else ends.push(end);
      }),
  };
  monitor.setTargets([target]);
  const server = await startMonitorServer({
    listen: '127.0.0.1',
    port: 0,
    refuse: doorFor([]),
    headers: HEADERS,
    monitor,
    own: new OwnFigures('0.0.0', new Date()),
    now: () => new Date(),
  });
  const endRuns = (): void => {
    isOpen = true;
    for (const end of ends.splice(0)) end();
  };
  return {
    url: `http://127.0.0.1:${server.port}/`,
    port: server.port,
    begun: () => begun,
    aborted: () => aborted,
    /** From now on they end at once. */
    endRuns,
    async [Symbol.asyncDispose]() {
      endRuns();
      await monitor.close();
      await server.close();
    },
  };
}

/** Sends bytes as they are; resolves to all that comes until the other end closes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

describe("the monitor's server", () => {
  test.each([
    ['no HTTP', '\x00\x01\x00\x00\x21\x12\xa4\x42\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no Host', 'GET /metrics HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no Host in HTTP/1.0', 'GET /metrics HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 421 /],
    ['no path', 'GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
    [
      'an authority',
      'GET //evil.example.com/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 (200|404) /,
    ],
    [
      'another host',
      'GET http://evil.example.com/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'bad escapes',
      'GET /probe?target=%E0%A4%A HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    ['a long header', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['a method', 'DELETE /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 405 /],
    ['a tunnel', 'CONNECT turn:3478 HTTP/1.1\r\nHost: localhost\r\n\r\n', /^(HTTP\/1\.1 4\d\d .*)?$/s],
    [
      'an upgrade',
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
      /^HTTP\/1\.1 200 /,
    ],
  ])('bears with %s', async (_, bytes, answer) => {
    await using served = await serve();
    expect(await raw(served.port, bytes)).toMatch(answer);
    expect((await fetch(`${served.url}healthz`)).status).toBe(200);
  });

  test('says on every answer what a browser may do with it', async () => {
    await using served = await serve();
    for (const path of ['', 'live', 'metrics', 'status', 'healthz', 'probe', 'nothing']) {
      const { headers } = await fetch(`${served.url}${path}`);
      expect(headers.get('content-security-policy'), path).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('cache-control'), path).toBe('no-store');
      expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin');
    }
  });

  test('lets so many wait for a run, all for the same one, and refuses the others', async () => {
    await using served = await serve();
    const refused: number[] = [];
    const asked = Array.from({ length: 60 }, async () => {
      const { status } = await fetch(`${served.url}probe?target=a`);
      if (status !== 200) refused.push(status);
      return status;
    });
    await until(() => refused.length === 10, 30_000, 'ten that are refused');
    expect(served.begun()).toBe(1);
    served.endRuns();
    expect((await Promise.all(asked)).filter((status) => status === 200)).toHaveLength(50);
    expect(refused).toEqual(Array.from({ length: 10 }, () => 503));
  });

  test('a run goes on for the others when one who asked has left', async () => {
    await using served = await serve();
    const leaving = new AbortController();
    const left = fetch(`${served.url}probe?target=a`, { signal: leaving.signal }).catch(() => 'left');
    await until(() => served.begun() === 1, 5000, 'a run');
    const staying = fetch(`${served.url}probe?target=a`);
    leaving.abort();
    expect(await left).toBe('left');
    expect((await fetch(`${served.url}healthz`)).status).toBe(200);
    expect(served.aborted()).toBe(0);
    served.endRuns();
    expect((await staying).status).toBe(200);
    expect(served.aborted()).toBe(0);
  });

  test('serves others while many hold connections and send nothing, and lets none of these stay', async () => {
    await using served = await serve();
    const idle = await Promise.all(Array.from({ length: 60 }, () => open(served.port)));
    for (const socket of idle) {
      socket.on('error', () => {}).resume();
      socket.write('GET /metrics HTTP/1.1\r\nX-Slow: ');
    }
    expect((await fetch(`${served.url}healthz`)).status).toBe(200);
    await until(() => idle.every((socket) => socket.closed), 60_000, 'end of the slow ones');
  }, 90_000);
});
