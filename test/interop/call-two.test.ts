import { afterEach, describe, expect, it } from 'vitest';
import { startTurnServer } from '../../src/index.ts';
import type { Report } from '../../src/record/report.ts';
import { runCli } from '../support/cli.ts';
import { Running } from '../support/running.ts';

const LIMIT = 120_000;

const running: Running[] = [];

function start(...args: string[]): Running {
  const command = new Running(args);
  running.push(command);
  return command;
}

afterEach(async () => {
  for (const command of running.splice(0)) await command[Symbol.asyncDispose]();
});

const connected = (json: string): (readonly [string, string, boolean])[] =>
  ((JSON.parse(json) as Report).calls ?? []).map(({ path, outcome, data }) => [path, outcome, data !== null] as const);

describe('a call between two terminals', { timeout: LIMIT }, () => {
  it('over a server of rooms, each end telling the same', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    const servers = JSON.stringify(server.iceServers);
    const signal = start('signal');
    const via = await signal.shows(/ready: (ws:\S+)/);
    const common = ['call', '--ice-servers', servers, '-f', 'json', '--via', via];
    const host = start(...common, '--host');
    const address = await host.shows(/--join '(\S+)'/);
    const code = address.slice(-7);
    const join = await runCli([...common, '--join', code], { timeoutMs: LIMIT });
    expect(join.exitCode, join.stderr).toBe(0);
    expect(await host.ended).toBe(0);
    const expected = [
      ['any', 'connected', true],
      ['host', 'connected', true],
      ['srflx', 'no-candidates', false],
      ['relay/udp', 'connected', true],
    ];
    expect(connected(join.stdout)).toEqual(expected);
    expect(connected(host.stdout)).toEqual(expected);
    expect(server.allocations).toEqual([]);
    const again = await runCli([...common, '--join', code], { timeoutMs: LIMIT });
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no room has that code') });
  });

  it('where one end alone has a relay', async () => {
    await using server = await startTurnServer({ transports: ['udp'] });
    const host = start('call', '--host', '-f', 'json');
    const address = await host.shows(/--join '(\S+)'/);
    const servers = ['--ice-servers', JSON.stringify(server.iceServers)];
    const join = await runCli(['call', ...servers, '-f', 'json', '--path', 'relay', '--join', address], {
      timeoutMs: LIMIT,
    });
    expect(join.exitCode, join.stderr + join.stdout.slice(0, 3000)).toBe(0);
    expect(await host.ended).toBe(0);
    const [call] = (JSON.parse(join.stdout) as Report).calls ?? [];
    expect(call).toMatchObject({ outcome: 'connected', selected: { local: { candidateType: 'relay' } } });
  });

  it('over the rooms of a page', async () => {
    const web = start('web');
    const port = new URL(await web.shows(/ready: (\S+)/)).port;
    const via = `ws://127.0.0.1:${port}`;
    const host = start('call', '--host', '--via', via, '-f', 'json');
    const address = await host.shows(/--join '(\S+)'/);
    const join = await runCli(['call', '--join', address, '--path', 'any', '-f', 'json'], { timeoutMs: LIMIT });
    expect(connected(join.stdout)).toEqual([['any', 'connected', true]]);
    expect(await host.ended).toBe(0);
  });

  it('by copy and paste, however it is broken into lines', async () => {
    const offerer = start('call', '--manual', 'offer', '-f', 'json', '-o', '/dev/null');
    const offer = await offerer.shows(/iceprobe-offer:[\w\s-]+\./);
    const answerer = start('call', '--manual', 'answer', '-f', 'json', '-o', '/dev/null');
    await answerer.shows(/paste the offer/);
    answerer.child.stdin?.write(`nothing of use\n> ${offer.replace(/(.{40})/g, '$1\n> ')}\n`);
    const answer = await answerer.shows(/iceprobe-answer:[\w\s-]+\./);
    offerer.child.stdin?.write(`${offer}\n`);
    await offerer.shows(/this is an offer/);
    offerer.child.stdin?.write(`${answer}\n`);
    expect(await offerer.ended).toBe(0);
    expect(await answerer.ended).toBe(0);
  });

  it('tells who waits in vain, and who leaves', async () => {
    const host = start('call', '--host', '--timeout', '2');
    const address = await host.shows(/--join '(\S+)'/);
    host.child.kill('SIGINT');
    expect(await host.ended).toBe(130);
    const join = await runCli(['call', '--join', address], { timeoutMs: LIMIT });
    expect(join).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is iceprobe signal') });
  });

  it.each([
    [['--join', 'ABC-DEF'], '--via'],
    [['--join', 'ws://127.0.0.1:1/ABC'], 'no code of a room'],
    [['--host', '--join', 'x'], 'contradict'],
    [['--via', 'ws://127.0.0.1:1'], 'of no use'],
    [['--host', '--via', 'http://127.0.0.1'], 'wss://HOST:PORT'],
    [['--host', '--via', 'wss://127.0.0.1:1/?pin=12'], 'no SHA-256'],
    [['--manual', 'offer', '--listen', '127.0.0.1'], 'leave it out'],
  ])('refuses %s', async (args, words) => {
    const run = await runCli(['call', ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(words);
  });
});
