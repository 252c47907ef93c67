import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startTurnServer } from '../../src/index.ts';
import type { Report } from '../../src/record/report.ts';
import { runCli } from '../support/cli.ts';
import { Running } from '../support/running.ts';
import { expectReport } from '../support/schema.ts';

const LIMIT = 120_000;

const reportOf = (json: string): Report => {
  const report = JSON.parse(json) as Report;
  expectReport(report);
  return report;
};

const roomOf = (host: Running): Promise<string> => host.shows(/--peer '(\S+)'/);

describe('two terminals as witnesses for each other', { timeout: LIMIT }, () => {
  it('tell what each saw of the other, what is predicted, and what the call came to', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    const common = ['doctor', '--ice-servers', JSON.stringify(server.iceServers), '-f', 'json', '--events'];
    await using host = new Running([...common, '--peer', 'host']);
    const join = await runCli([...common, '--peer', await roomOf(host)], { timeoutMs: LIMIT });
    expect(join.exitCode, join.stderr).toBe(0);
    expect(await host.ended).toBe(0);
    for (const report of [reportOf(join.stdout), reportOf(host.stdout)]) {
      const all = { sent: 10, received: 10 };
      expect(report.peer).toMatchObject({ there: all, back: all, crossed: true, outcome: 'direct', by: 'call' });
      expect(report.peer).toMatchObject({ nat: { mapping: 'none' }, prediction: { direct: 'yes' }, agrees: true });
      expect(report.calls?.map(({ path, outcome }) => [path, outcome])).toEqual([['any', 'connected']]);
      const witnessed = report.servers?.[0]?.attempts.flatMap(({ stages }) =>
        stages.filter(({ stage }) => stage === 'witness'),
      );
      expect(witnessed).toMatchObject([{ status: 'pass', data: { outside: { isHeard: true } } }]);
      expect(report.events?.filter(({ type }) => type === 'peer')).toHaveLength(1);
    }
    expect(server.allocations).toEqual([]);
    const pretty = await runCli(['replay', '-'], { stdin: join.stdout });
    expect(pretty.stdout).toMatch(/PEER +no NAT: seen as 127\.0\.0\.1/);
    expect(pretty.stdout).toContain('came: the call connected without a relay, as predicted');
  });

  it('does without a call where an end cannot make one', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    const common = ['doctor', '--ice-servers', JSON.stringify(server.iceServers), '-f', 'json'];
    await using host = new Running([...common, '--peer', 'host']);
    // What stands for a stack that is not installed.
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WITHOUT_STACK)}` };
    const join = await runCli([...common, '--peer', await roomOf(host)], { timeoutMs: LIMIT, env });
    expect(join.exitCode, join.stderr).toBe(0);
    expect(await host.ended).toBe(0);
    for (const { calls, peer } of [reportOf(join.stdout), reportOf(host.stdout)]) {
      expect(calls).toBeUndefined();
      expect(peer).toMatchObject({ outcome: 'direct', by: 'packets', agrees: true });
    }
    expect(reportOf(join.stdout).notes?.join()).toContain('no call was made');
  });

  it.each([
    [['--via', 'ws://127.0.0.1:1'], '--via is of no use without --peer'],
    [['--peer', 'ABC-DEF'], 'on which server is that room'],
    [['--peer', 'nonsense', '--via', 'ws://127.0.0.1:1'], 'no code of a room'],
    [['--peer', 'ABC-DEF', '--listen', '127.0.0.1', '--via', 'ws://127.0.0.1:1'], 'leave it out'],
    [['--peer', 'host', '--vantage', 'both'], 'contradict'],
  ])('refuses %s', async (args, words) => {
    const run = await runCli(['doctor', 'stun:127.0.0.1:9', ...args]);
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(words) });
  });
});

const WITHOUT_STACK = `import Module from 'node:module';
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === '@roamhq/wrtc') throw Object.assign(new Error('no such package'), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, name, ...rest);
};`;

describe('a stranger at the other end', { timeout: LIMIT }, () => {
  /** In the room, with sockets of its own; keeps what it is told. */
  async function stranger(address: string) {
    const url = new URL(address);
    const socket = new WebSocket(`ws://${url.host}/rooms`);
    const told: Record<string, unknown>[] = [];
    let peer = '';
    const wanted: { readonly step: string; resolve(): void }[] = [];
    socket.on('message', (data) => {
      const notice = JSON.parse(String(data)) as { readonly peer?: string; readonly message?: Record<string, unknown> };
      peer = notice.peer ?? peer;
      if (notice.message !== undefined) told.push(notice.message);
      for (const each of wanted) if (told.some(({ step }) => step === each.step)) each.resolve();
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'join', code: url.pathname.slice(1) }));
    return {
      told,
      socket,
      hears: (step: string) =>
        new Promise<void>((resolve) => {
          wanted.push({ step, resolve });
          if (told.some((each) => each['step'] === step)) resolve();
        }),
      say: (message: object) =>
        socket.send(JSON.stringify({ type: 'message', to: peer, message: { type: 'witness', ...message } })),
    };
  }

  async function listener(): Promise<{ socket: Socket; at: string; packets: Buffer[] }> {
    const socket = createSocket('udp4');
    const packets: Buffer[] = [];
    socket.on('message', (bytes) => packets.push(bytes));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { socket, at: `127.0.0.1:${socket.address().port}`, packets };
  }

  it('learns no secret, gets ten small packets at each address, and may leave at any time', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    await using host = new Running([
      'doctor',
      '--ice-servers',
      JSON.stringify(server.iceServers),
      '-f',
      'json',
      '--peer',
      'host',
    ]);
    const other = await stranger(await roomOf(host));
    await other.hears('ready');
    other.say({ step: 'ready' });
    const [ear, mouth] = [await listener(), await listener()];
    const token = '00112233445566ff';
    other.say({ step: 'hello', token, ear: ear.at, mouth: mouth.at, relays: [ear.at, mouth.at], call: true });
    await other.hears('hello');
    for (const phase of [0, 1, 2, 3]) other.say({ step: 'sent', phase, counts: [10, 10, 10, 10] });
    await other.hears('heard');
    const counts = [ear, mouth].map(({ packets }) => packets.length);
    // The ear once; the mouth as a relay, as a mouth, and from the one relay of the other end.
    expect(counts[0]).toBeLessThanOrEqual(10);
    expect(counts[1]).toBeLessThanOrEqual(30);
    expect(ear.packets.length).toBeGreaterThan(0);
    for (const bytes of [...ear.packets, ...mouth.packets]) {
      expect(bytes.subarray(0, 16).toString('hex')).toBe(`${Buffer.from('iceprobe').toString('hex')}${token}`);
      expect(bytes).toHaveLength(20);
    }
    const words = JSON.stringify(other.told);
    const [{ username = '', credential = '' } = {}] = server.iceServers;
    expect(words).not.toContain(credential);
    expect(words).not.toContain(username);
    other.socket.close();
    for (const { socket } of [ear, mouth]) socket.close();
    expect(await host.ended).toBe(3);
    const report = reportOf(host.stdout);
    expect(report.peer?.problem).toBe('the other end left the room');
    expect(report.servers?.[0]?.verdict).toBe('ok');
    expect(server.allocations).toEqual([]);
  });

  it('that says what nobody says is told of, and waited for no longer', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    const args = ['--ice-servers', JSON.stringify(server.iceServers), '-f', 'json', '--timeout', '3'];
    await using host = new Running(['doctor', ...args, '--peer', 'host']);
    const other = await stranger(await roomOf(host));
    await other.hears('ready');
    other.say({ step: 'sent', phase: 99 });
    other.say({ step: 'hello', token: 'x' });
    other.say({ step: 'ready' });
    await other.hears('hello');
    expect(await host.ended).toBe(3);
    expect(reportOf(host.stdout).peer?.problem).toBe('the run was ended here');
    expect(server.allocations).toEqual([]);
    other.socket.close();
  });
});
