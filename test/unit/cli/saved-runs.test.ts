import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { runInFakeWorld } from '../../support/context.ts';
import { Run, turnServer } from '../../support/events.ts';

const URL = 'turn:turn.example.org';
const folder = mkdtempSync(join(tmpdir(), 'iceprobe-saved-'));
afterAll(() => rmSync(folder, { recursive: true }));

function healthy(): Run {
  const run = new Run({ servers: [turnServer(URL)] }).interface('eth0', '192.168.1.23').gathering();
  run.at(2).candidate('host', '192.168.1.23:51022');
  run.at(20).attempt(URL).pass('resolve').allocated();
  run.at(20).candidate('srflx', '203.0.113.7:41022', { url: URL });
  run.at(21).candidate('relay', '203.0.113.99:49161', { url: URL, relayProtocol: 'udp' }).at(25).complete();
  return run.record({ type: 'run-finished', verdict: 'ok', exitCode: 0 });
}

function rejected(): Run {
  const run = new Run({ servers: [turnServer(URL)] }).interface('eth0', '192.168.1.23').gathering();
  run.at(2).candidate('host', '192.168.1.23:51022');
  run.at(20).attempt(URL).pass('resolve').rejected();
  run.at(20).candidate('srflx', '203.0.113.7:41022', { url: URL });
  run.at(21).error(URL, 401, 'Unauthorized').at(300).complete();
  return run.record({ type: 'run-finished', verdict: 'error', exitCode: 1 });
}

const NOTE = '{"seq":1,"ms":0,"vantage":"terminal","type":"note","text":""}';

let files = 0;

function save(text: string): string {
  const path = join(folder, `run-${++files}`);
  writeFileSync(path, text);
  return path;
}

function saveEvents(run: Run): string {
  return save(run.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

describe('iceprobe replay', () => {
  it('reads a dump of webrtc-internals, compressed or not, by the same diagnosis', async () => {
    const connection = {
      rtcConfiguration: JSON.stringify({ iceServers: [{ urls: [URL] }] }),
      updateLog: [
        { type: 'onicegatheringstatechange', value: '"gathering"', timestamp: 1_772_366_400_000 },
        {
          type: 'onicecandidateerror',
          value: JSON.stringify({ url: URL, errorCode: 401 }),
          timestamp: 1_772_366_400_050,
        },
        { type: 'onicegatheringstatechange', value: '"complete"', timestamp: 1_772_366_400_090 },
      ],
    };
    const dump = JSON.stringify({ PeerConnections: { '1-1': connection } });
    const packed = join(folder, 'webrtc_internals_dump.gz');
    writeFileSync(packed, gzipSync(dump));
    for (const path of [save(dump), packed]) {
      const { exitCode, stdout } = await runInFakeWorld(['replay', path]);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('The server rejects the user name or the password');
    }
    expect(await runInFakeWorld(['replay', save('{"PeerConnections":{}}')])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no peer connection in it'),
    });
    writeFileSync(packed, gzipSync(dump).subarray(0, 40));
    expect(await runInFakeWorld(['replay', packed])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('damaged gzip'),
    });
  });

  it.each([
    ['the events of a run', saveEvents(rejected())],
    ['a JSON report with events', save(JSON.stringify(rejected().report({ withEvents: true })))],
  ])('gives the report of the live run from %s', async (_what, path) => {
    const { exitCode, stdout } = await runInFakeWorld(['replay', path, '-f', 'json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(rejected().report())));
  });

  it('gives the events again, in order', async () => {
    const { stdout } = await runInFakeWorld(['replay', saveEvents(healthy()), '-f', 'ndjson']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(JSON.parse(JSON.stringify(healthy().events)));
  });

  it('shows a report without events as it was saved, and says so', async () => {
    const path = save(JSON.stringify({ ...healthy().report(), notes: ['saved long ago'] }));
    const { exitCode, stdout, stderr } = await runInFakeWorld(['replay', path]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('note: saved long ago');
    expect(stderr).toBe(`note: ${path}: saved without --events: shown as it was diagnosed then\n`);
  });

  it('takes what a killed run left, and says what is missing', async () => {
    const whole = healthy()
      .events.slice(0, -1)
      .map((event) => JSON.stringify(event))
      .join('\n');
    const { exitCode, stdout, stderr } = await runInFakeWorld(['replay', '-', '-f', 'json'], {
      stdin: whole.slice(0, -20),
    });
    expect(stderr).toMatch(/^note: stdin: the last line \(\d+\) is cut off, and left out\n$/);
    // It never reached "complete".
    expect({ exitCode, verdict: (JSON.parse(stdout) as { verdict: string }).verdict }).toEqual({
      exitCode: 3,
      verdict: 'undetermined',
    });
  });

  it.each([
    ['', 'it is empty'],
    ['hello\n', ':1: no JSON'],
    [`${NOTE}\n{"a":1}\n`, ':2: no event'],
    ['{"schema":"iceprobe.report/9"}', ': a report of the kind iceprobe.report/9'],
    [
      '{"schema":"iceprobe.report/1","events":[1]}',
      ': no report of iceprobe, or one that was changed: tool is missing',
    ],
    [NOTE, ': the beginning of the run is missing'],
    ['{"seq":1,"ms":0,"type":"run-started"}', ':1: no event: command is missing'],
    [JSON.stringify({ ...healthy().report(), findings: [{ id: 'net.refused' }] }), 'findings[0].severity is missing'],
    [JSON.stringify(healthy().report()).replace(/"durationMs":[^,]*/, '"durationMs":1e999'), 'durationMs is no number'],
    ['{"name":"x"}', ': no report of iceprobe'],
  ])('refuses %j', async (text, problem) => {
    const { exitCode, stdout, stderr } = await runInFakeWorld(['replay', save(text)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(problem);
  });
});

describe('iceprobe compare', () => {
  const good = saveEvents(healthy());
  const bad = saveEvents(rejected());

  it('tells what became worse, and ends with 1', async () => {
    const { exitCode, stdout } = await runInFakeWorld(['compare', good, bad]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('worse      verdict the run: ok -> error\n');
    expect(stdout).toContain(`worse      finding auth.bad-credentials ${URL}: new: error\n`);
    expect(stdout).toContain('worse      candidates relay udp IPv4, all servers: 1 -> 0\n');
    expect(stdout).toMatch(/worse {6}stage allocate of turn:turn\.example\.org \(udp, IPv4\): pass: ok -> fail: /);
    expect(stdout).toContain('worse      time gathering of all servers: 25 ms -> 300 ms\n');
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('tells what became better, and ends with 0', async () => {
    const { exitCode, stdout } = await runInFakeWorld(['compare', bad, good, '-f', 'json']);
    expect(exitCode).toBe(0);
    const { changes } = JSON.parse(stdout) as { changes: { judgement: string; what: string }[] };
    expect(changes.map(({ judgement }) => judgement)).toEqual(changes.map(() => 'better'));
    expect(changes.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['verdict', 'finding', 'candidates', 'stage', 'time']),
    );
  });

  it('is silent about what differs from run to run by itself', async () => {
    const again = new Run({ servers: [turnServer(URL)] }).interface('eth0', '192.168.1.23').gathering();
    again
      .at(3)
      .candidate('host', '192.168.1.23:60001')
      .at(40)
      .attempt(URL)
      .pass('resolve')
      .allocated('203.0.113.99:50000');
    again.at(41).candidate('srflx', '203.0.113.7:60001', { url: URL });
    again.candidate('relay', '203.0.113.99:50000', { url: URL, relayProtocol: 'udp' }).at(45).complete();
    again.record({ type: 'run-finished', verdict: 'ok', exitCode: 0 });
    expect(await runInFakeWorld(['compare', good, saveEvents(again)])).toEqual({
      exitCode: 0,
      stdout: 'Nothing changed.\n',
      stderr: '',
    });
  });

  it.each([[[]], [['a']], [['a', 'b', 'c']], [['-', '-']], [['a', '']]])('refuses %j', async (args) => {
    expect(await runInFakeWorld(['compare', ...args])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
