import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Change } from '../../src/monitor/health.ts';
import { runCli } from '../support/cli.ts';
import { type Coturn, startCoturn } from '../support/coturn.ts';
import { changesIn, type RunningMonitor, startMonitor, until } from '../support/monitor.ts';
import { describeNeeding } from '../support/needs.ts';
import { freePort } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'iceprobe-monitor-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const account = { username: 'user', credential: 'password' };
const TURN_DOWN_MS = 30_000;

function turn({ port }: Pick<Coturn, 'port'>, rest: Readonly<Record<string, unknown>> = {}) {
  return { iceServers: [{ urls: `turn:127.0.0.1:${port}`, ...account }], ...rest };
}

/** What was told, as `change target`. */
function told(changes: readonly Change[]): string[] {
  return changes.map(({ change, target }) => `${change} ${target}`);
}

/** As a browser or a stranger would ask: fetch does not let one choose the Host. */
function ask(url: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function metric(monitor: RunningMonitor, name: string): Promise<number | undefined> {
  const { body } = await monitor.get('metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

// Most of each is waiting.
describeNeeding('coturn')('iceprobe monitor', { concurrent: true }, () => {
  test('tells each change of each target once, where they are served and posted too', async () => {
    const port = await freePort(['127.0.0.1']);
    let coturn = await startCoturn({ port, listen: ['127.0.0.1'] });
    const closed = await freePort(['127.0.0.1']);
    const posts: { readonly path: string; readonly signature: string; readonly body: string }[] = [];
    let refusals = 2;
    await using hook = createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      incoming.on('end', () => {
        const signature = String(incoming.headers['x-iceprobe-signature']);
        response.statusCode = refusals-- > 0 ? 503 : 204;
        if (response.statusCode === 204) posts.push({ path: incoming.url ?? '', signature, body });
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await until(() => hook.listening, 5000, 'webhook');
    const { port: hookPort } = hook.address() as AddressInfo;
    await using monitor = await startMonitor({
      config: {
        defaults: { interval: 1, jitter: 0, timeout: 20, family: 4 },
        targets: {
          edge: turn({ port }),
          wrong: { iceServers: [{ urls: `turn:127.0.0.1:${port}`, username: 'user', credential: 'Zw7-wrong' }] },
          gone: turn({ port: closed }),
          nameless: { iceServers: [{ urls: 'stun:nowhere.invalid' }] },
        },
      },
      env: {
        ICEPROBE_WEBHOOK: `http://127.0.0.1:${hookPort}/hook/t0ken-in-path`,
        ICEPROBE_WEBHOOK_SECRET: 'hush-hush',
      },
    });
    try {
      await until(
        async () => (await monitor.status()).targets.every(({ runs }) => runs > 0),
        60_000,
        'first run of each',
      );
      const first = await monitor.status();
      expect(first.targets.map(({ name, state }) => [name, state])).toEqual([
        ['edge', 'up'],
        ['wrong', 'down'],
        ['gone', 'down'],
        ['nameless', 'down'],
      ]);
      const ids = first.targets.map(({ findings }) => findings.map(({ id }) => id).join());
      expect(ids[1]).toBe('auth.bad-credentials');
      expect(ids[2]).toMatch(/net\.refused/);
      expect(ids[3]).toMatch(/^dns\./);
      await coturn.stop();
      // A run that was under way when it stopped ends without a cause; the next one names it.
      // (Warnings may come and go on a machine under load.)
      const isFound = async (): Promise<boolean> => {
        const edge = await monitor.target('edge');
        return edge?.state === 'down' && edge.findings.some(({ severity }) => severity === 'error');
      };
      await until(isFound, TURN_DOWN_MS, 'outage with its cause');
      coturn = await startCoturn({ port, listen: ['127.0.0.1'] });
      await until(async () => (await monitor.target('edge'))?.state === 'up', TURN_DOWN_MS, 'recovery');
      const runs = (await monitor.target('edge'))?.runs ?? 0;
      await until(async () => ((await monitor.target('edge'))?.runs ?? 0) >= runs + 2, TURN_DOWN_MS, 'two more runs');

      const changes = monitor.changes();
      const mine = (name: string): string[] =>
        told(changes.filter(({ target, finding }) => target === name && finding?.severity !== 'warning'));
      expect(mine('edge').filter((line) => /^(down|recovered)/.test(line))).toEqual(['down edge', 'recovered edge']);
      expect(mine('edge').filter((line) => line.startsWith('new-finding')).length).toBeGreaterThan(0);
      expect(mine('edge').filter((line) => line.startsWith('new-finding')).length).toBe(
        mine('edge').filter((line) => line.startsWith('gone')).length,
      );
      expect(mine('gone').filter((line) => line === 'down gone')).toHaveLength(1);
      expect(mine('nameless').filter((line) => line === 'down nameless')).toHaveLength(1);
      const found = changes.find(
        ({ target, change, finding }) => target === 'edge' && change === 'new-finding' && finding?.severity === 'error',
      );
      expect(found?.finding).toMatchObject({ subject: `turn:127.0.0.1:${port}` });

      // Posted are the same, in order, none twice, though the first requests were refused.
      await until(
        async () => (await metric(monitor, 'iceprobe_monitor_webhook_queued')) === 0,
        20_000,
        'delivery of each change',
      );
      const posted = posts.flatMap(({ body }) => (JSON.parse(body) as { changes: Change[] }).changes);
      const now = monitor.changes();
      expect(posted.slice(0, changes.length)).toEqual(now.slice(0, changes.length));
      for (const { path, signature, body } of posts) {
        expect(path).toBe('/hook/t0ken-in-path');
        expect(signature).toBe(`sha256=${createHmac('sha256', 'hush-hush').update(body).digest('hex')}`);
      }
      expect(monitor.process.output()).toMatch(
        /webhook at http:\/\/127\.0\.0\.1:\d+ does not take changes: it answers 503/,
      );
      expect(monitor.process.output()).toMatch(/takes changes again/);

      // What is asked for runs now, once for all who ask; nobody gets at other servers.
      const before = (await monitor.target('edge'))?.runs ?? 0;
      const answers = await Promise.all([1, 2, 3].map(() => monitor.get('probe?target=edge')));
      for (const { status, body } of answers) {
        expect(status).toBe(200);
        expect(body).toContain('iceprobe_up{target="edge"} 1\n');
        expect(body).not.toContain('target="wrong"');
      }
      expect((await monitor.target('edge'))?.runs ?? 0).toBeLessThanOrEqual(before + 2);
      expect((await monitor.get('probe?target=turn:127.0.0.1:3478')).status).toBe(404);
      expect((await monitor.get('probe')).status).toBe(400);
      expect((await monitor.get('elsewhere')).status).toBe(404);
      expect(await ask(`${monitor.url}probe?target=edge`, {}, 'HEAD')).toBe(405);
      expect(await ask(`${monitor.url}metrics`, {}, 'POST')).toBe(405);
      expect(await ask(`${monitor.url}metrics`, { host: 'rebound.example.com' })).toBe(421);
      expect(await ask(`${monitor.url}probe?target=edge`, { 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await monitor.get('healthz')).toEqual({ status: 200, body: 'ok\n' });

      expect(await monitor.end('SIGINT')).toBe(130);
      const pages = answers.map(({ body }) => body).join();
      const everything = [
        monitor.process.output(),
        pages,
        JSON.stringify(first),
        ...posts.map(({ body }) => body),
      ].join();
      for (const secret of ['Zw7-wrong', '"password"', 'hush-hush', 't0ken-in-path']) {
        expect(everything).not.toContain(secret);
      }
      await coturn.waitForRelease();
    } finally {
      await coturn.stop();
    }
  }, 200_000);

  test('SIGTERM in the middle of runs: every allocation is given back, and nothing is told of what was cut short', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    // Runs of a minute: data at a rate that takes that long.
    const targets = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [
        `t${index}`,
        turn(coturn, { packets: 1000, rate: 50, timeout: 120, interval: 600, family: 4 }),
      ]),
    );
    await using monitor = await startMonitor({ config: { targets, concurrency: 10 } });
    await until(() => coturn.allocationsLeft().length >= 5, 60_000, 'five allocations');
    const startedAt = performance.now();
    expect(await monitor.end('SIGTERM')).toBe(143);
    expect(performance.now() - startedAt).toBeLessThan(5 * 3000);
    await coturn.waitForRelease();
    expect(monitor.changes()).toEqual([]);
  }, 120_000);

  test('SIGHUP takes over what is new, and keeps out what is wrong', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    const one = turn(coturn, { family: 4, interval: 2 });
    await using monitor = await startMonitor({
      config: { targets: { one, two: one } },
    });
    await until(async () => (await monitor.status()).targets.every(({ runs }) => runs > 0), 30_000, 'runs');
    const names = async (): Promise<string[]> => (await monitor.status()).targets.map(({ name }) => name);
    const becomes = (...expected: string[]): Promise<void> =>
      until(async () => (await names()).join() === expected.join(), 5000, `targets ${expected.join()}`);
    const reload = async (config: unknown, said: RegExp): Promise<void> => {
      const before = monitor.process.output().length;
      if (typeof config === 'string') writeFileSync(monitor.file, config);
      else monitor.configure(config);
      process.kill(monitor.pid, 'SIGHUP');
      await until(() => said.test(monitor.process.output().slice(before)), 10_000, String(said));
    };
    await reload({ targets: { one, three: one } }, /is read again: 2 targets/);
    await becomes('one', 'three');
    expect((await monitor.target('one'))?.runs).toBeGreaterThan(0);
    await until(async () => (await monitor.target('three'))?.state === 'up', 30_000, 'the new target');
    await until(
      async () => !(await monitor.get('metrics')).body.includes('target="two"'),
      5000,
      'end of the old series',
    );

    const place = /is not taken over, the targets stay as they were:\n.*iceprobe\.config\.json:\d+:\d+: /;
    await reload('{ "targets": { "one": { "iceServers": [ }', place);
    await reload({ targets: { one: { ...one, intervall: 5 } } }, place);
    await reload({ targets: { one: turn({ port: 1 }, { interval: -1 }) } }, place);
    await reload({ targets: { one: { iceServers: [{ urls: 'turn:a', secret: { env: 'NOT_SET' } }] } } }, /NOT_SET/);
    expect(await names()).toEqual(['one', 'three']);
    await until(async () => (await metric(monitor, 'iceprobe_monitor_reload_success')) === 0, 5000, 'refusal');
    const runs = (await monitor.target('one'))?.runs ?? 0;
    await until(async () => ((await monitor.target('one'))?.runs ?? 0) > runs, 30_000, 'a run of the old target');

    await reload({ targets: { four: one } }, /is read again: 1 target/);
    await becomes('four');
    await until(async () => (await metric(monitor, 'iceprobe_monitor_reload_success')) === 1, 5000, 'success');
    rmSync(monitor.file);
    const before = monitor.process.output().length;
    process.kill(monitor.pid, 'SIGHUP');
    await until(() => /no such file/.test(monitor.process.output().slice(before)), 10_000, 'the missing file');
    expect(await names()).toEqual(['four']);
    expect(await monitor.end('SIGTERM')).toBe(143);
    await coturn.waitForRelease();
  }, 120_000);

  test('while it is stopped nothing is missed that is made up for: it goes on as if it had slept', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    await using monitor = await startMonitor({
      config: { targets: { one: turn(coturn, { family: 4, interval: 1, jitter: 0 }) } },
    });
    await until(async () => ((await monitor.target('one'))?.runs ?? 0) > 0, 30_000, 'a run');
    process.kill(monitor.pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    process.kill(monitor.pid, 'SIGCONT');
    const runs = (await monitor.target('one'))?.runs ?? 0;
    const skipped = 'iceprobe_runs_skipped_total{target="one",reason="asleep"}';
    await until(async () => ((await metric(monitor, skipped)) ?? 0) >= 2, 10_000, 'skipped runs');
    await until(async () => ((await monitor.target('one'))?.runs ?? 0) > runs, 30_000, 'another run');
    expect((await monitor.target('one'))?.state).toBe('up');
  }, 90_000);

  test('watches URLs without a file, each a target, with a credential minted anew for each run', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'], mode: 'use-auth-secret', secret: 'shared' });
    const urls = [`turn:127.0.0.1:${coturn.port}`, `stun:127.0.0.1:${coturn.port}`];
    await using monitor = await startMonitor({
      args: [...urls, '--interval', '1', '--family', '4'],
      env: { ICEPROBE_SECRET: 'shared', ICEPROBE_USERNAME: 'me' },
    });
    await until(async () => (await monitor.status()).targets.every(({ runs }) => runs > 2), 30_000, 'three runs');
    const { body } = await monitor.get('metrics');
    for (const url of urls) expect(body).toContain(`iceprobe_up{target="${url}"} 1\n`);
    const users = new Set(coturn.allocations().map(({ username }) => username));
    expect(users.size).toBeGreaterThan(1);
    for (const user of users) expect(user).toMatch(/^\d+:me$/);
    process.kill(monitor.pid, 'SIGHUP');
    await until(() => monitor.process.output().includes('no file to read again'), 10_000, 'word on that');
    expect(await monitor.end('SIGTERM')).toBe(143);
    await coturn.waitForRelease();
  }, 90_000);

  test('with an interval of 0 it runs only when it is asked to', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    const url = `turn:127.0.0.1:${coturn.port}`;
    await using monitor = await startMonitor({
      args: [url, '--interval', '0', '--family', '4'],
      env: { ICEPROBE_USERNAME: 'user', ICEPROBE_CREDENTIAL: 'password' },
    });
    expect(await monitor.target(url)).toMatchObject({ runs: 0, intervalSeconds: null, nextInSeconds: null });
    const { status, body } = await monitor.get(`probe?target=${encodeURIComponent(url)}`);
    expect(status).toBe(200);
    expect(body).toContain(`iceprobe_up{target="${url}"} 1\n`);
    expect(await monitor.target(url)).toMatchObject({ runs: 1 });
  }, 60_000);
});

describeNeeding('coturn', 'namespaces')('a full disk', { concurrent: true }, () => {
  test('costs no line of the log: they are held until there is room, and what is left goes to stderr', async () => {
    const port = await freePort(['127.0.0.1']);
    let coturn = await startCoturn({ port, listen: ['127.0.0.1'] });
    const mount = join(folder, 'small');
    // A disk of 64 KiB that only this process sees, filled to the last byte.
    const script = `mkdir -p ${mount} && mount -t tmpfs -o size=64k tmpfs ${mount} && (cat /dev/zero > ${mount}/filler || true) 2>/dev/null; exec "$@"`;
    await using monitor = await startMonitor({
      config: { targets: { edge: turn({ port }, { family: 4, interval: 1, timeout: 20 }) } },
      args: ['-o', join(mount, 'changes.log')],
      under: [
        'unshare',
        ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
        '--mount',
        'sh',
        '-c',
        script,
        'sh',
      ],
    });
    const seen = join(`/proc/${monitor.pid}/root`, mount);
    const log = (): Change[] => changesIn(readFileSync(join(seen, 'changes.log'), 'utf8'));
    try {
      await until(async () => (await monitor.target('edge'))?.state === 'up', 30_000, 'target that is up');
      await coturn.stop();
      await until(
        () => /cannot write the log to .*changes\.log: the disk is full/.test(monitor.process.output()),
        TURN_DOWN_MS,
        'word on the disk',
      );
      expect(await metric(monitor, 'iceprobe_monitor_log_lines_held')).toBeGreaterThan(0);
      expect(log()).toEqual([]);
      expect((await monitor.get('healthz')).status).toBe(200);
      rmSync(join(seen, 'filler'));
      await until(
        () => /is written to .*changes\.log again, nothing is missing/.test(monitor.process.output()),
        20_000,
        'room',
      );
      expect(told(log())).toContain('down edge');
      coturn = await startCoturn({ port, listen: ['127.0.0.1'] });
      await until(() => told(log()).includes('recovered edge'), TURN_DOWN_MS, 'recovery in the log');
      const lines = readFileSync(join(seen, 'changes.log'), 'utf8');
      expect(
        lines
          .trimEnd()
          .split('\n')
          .every((line) => JSON.parse(line) !== undefined),
      ).toBe(true);
      expect(told(log()).filter((line) => line === 'down edge')).toHaveLength(1);
    } finally {
      await coturn.stop();
    }
  }, 120_000);

  test.runIf(existsSync('/dev/full'))(
    'at the end too',
    async () => {
      const closed = await freePort(['127.0.0.1']);
      await using monitor = await startMonitor({
        config: { targets: { edge: turn({ port: closed }, { family: 4 }) } },
        args: ['-o', '/dev/full'],
      });
      await until(async () => (await monitor.target('edge'))?.state === 'down', TURN_DOWN_MS, 'outage');
      expect(await monitor.end('SIGTERM')).toBe(143);
      expect(monitor.process.output()).toContain('what could not be written to the log:');
      expect(told(monitor.changes())).toContain('down edge');
    },
    60_000,
  );
});

describeNeeding('coturn')('what is wrong with the call', () => {
  const config = join(folder, 'iceprobe.config.json');

  test('is told with its place and remedy, before anything is sent', async () => {
    const wrong = async (...args: string[]) => {
      const { exitCode, stderr } = await runCli(['monitor', ...args]);
      expect(exitCode).toBe(2);
      return stderr;
    };
    expect(await wrong()).toMatch(/needs something to watch.*\n.*iceprobe\.config\.json/);
    writeFileSync(config, '{ "targets": { "one": { "iceServers": [{ "urls": "turn:a", "username": "u" }] } } }');
    expect(await wrong('-c', config)).toMatch(/iceprobe\.config\.json:1:\d+: .*credential/);
    writeFileSync(config, '{ "targets": { "one": { "iceServers": [{ "urls": "tun:a" }], "interval": "often" } } }');
    expect(await wrong('-c', config)).toMatch(/iceprobe\.config\.json:1:\d+: targets\.one\.interval/);
    writeFileSync(config, '{ "targets": { "one": { "iceServers": [{ "urls": "stun:a" }] } } }');
    expect(await wrong('-c', config, 'stun:b')).toMatch(/the targets of .* and a URL contradict each other/);
    expect(await wrong('-c', config, '-u', 'user')).toMatch(/--username and the targets of .* contradict each other/);
    expect(await wrong('-c', config, '--target', 'two')).toMatch(/has no target "two"/);
    expect(await wrong('-c', join(folder, 'missing.json'))).toMatch(/missing\.json: no such file/);
    expect(await wrong('stun:127.0.0.1', '--webhook', 'example.org/t0ken')).toMatch(/--webhook is no web address/);
    expect(await wrong('stun:127.0.0.1', '-o', folder)).toMatch(/cannot write .*: this is a directory/);
    expect(await wrong('stun:127.0.0.1', '--listen', '192.0.2.1')).toMatch(/no such address/);
    await using other = createTcpServer().listen(0, '127.0.0.1');
    await until(() => other.listening, 5000, 'listener');
    const { port } = other.address() as AddressInfo;
    expect(await wrong('stun:127.0.0.1', '--port', String(port))).toMatch(/is in use\n.*--port 0/);
  }, 60_000);
});
