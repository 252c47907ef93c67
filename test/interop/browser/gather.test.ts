import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, type Machine } from '../../../src/browser/find.ts';
import { BrowserError, gatherWithBrowser } from '../../../src/browser/gather.ts';
import { browserOutcome, terminalOutcome } from '../../../src/diagnosis/outcome.ts';
import { reportedConfiguration } from '../../../src/record/configuration.ts';
import type { RunEvent } from '../../../src/record/events.ts';
import { observe } from '../../../src/record/observation.ts';
import type { PageIceServer } from '../../../src/record/page-messages.ts';
import type { Report } from '../../../src/record/report.ts';
import { runCli } from '../../support/cli.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';
import { expectEvent, expectReport } from '../../support/schema.ts';

const tool = { name: 'iceprobe', version: '0.0.0' };

// A folder for profiles that is this file's: other tests drive browsers at the same time.
const PLACE = mkdtempSync(join(tmpdir(), 'iceprobe-gather-'));
process.env['TMPDIR'] = PLACE;
afterAll(() => rmSync(PLACE, { recursive: true, force: true }));

async function gather(path: string, iceServers: readonly PageIceServer[], signal = new AbortController().signal) {
  const browser = findBrowser(path);
  if (browser === undefined) throw new Error(`no browser at ${path}`);
  const events: RunEvent[] = [];
  const options = { iceServers, iceTransportPolicy: 'all', timeoutMs: 15_000, tool, signal } as const;
  await gatherWithBrowser(browser, { ...options, onEvent: (event) => events.push(event) });
  const started: RunEvent = {
    type: 'run-started',
    seq: 0,
    ms: 0,
    vantage: 'browser',
    command: 'gather',
    tool,
    startedAt: '2026-03-01T12:00:00.000Z',
    configuration: reportedConfiguration(iceServers),
    deadlineMs: 15_000,
  };
  return { events, observation: observe([started, ...events]) };
}

for (const name of ['chromium', 'firefox'] as const) {
  describeNeeding('coturn', name)(`an installed ${name}, driven by its page alone`, () => {
    let coturn: Coturn;
    beforeAll(async () => {
      coturn = await startCoturn({ listen: [ownAddress()] });
    });
    afterAll(() => coturn?.stop());

    it('gathers a relay and hears of a wrong password, each URL by itself, and leaves nothing running', async () => {
      const url = `turn:${coturn.host}:${coturn.port}`;
      const tcp = `${url}?transport=tcp`;
      const { events, observation } = await gather(pathOf(name), [
        { urls: [url], username: 'user', credential: 'password' },
        { urls: [tcp], username: 'user', credential: 'wrong' },
      ]);
      for (const event of events) expectEvent(event);
      expect(browserOutcome(observation, url)).toMatchObject({ word: 'works' });
      expect(browserOutcome(observation, tcp)).toMatchObject({ word: 'fails', code: 401 });
      expect(observation.gatherings?.map((gathering) => gathering.url).toSorted()).toEqual([null, url, tcp].toSorted());
      expect(observation.gatherings?.[0]?.userAgent).toMatch(name === 'chromium' ? /Chrome\// : /Firefox\//);
      await coturn.waitForRelease();
      expect(profilesInUse()).toEqual([]);
    });

    it('reports beside the terminal: --vantage both', async () => {
      const url = `turn:${coturn.host}:${coturn.port}`;
      const run = await runCli(
        [
          url,
          '-u',
          'user',
          '--vantage',
          'both',
          '--browser',
          pathOf(name),
          '--timeout',
          '25',
          '-f',
          'json',
          '--events',
        ],
        { env: { ICEPROBE_CREDENTIAL: 'password' }, timeoutMs: 60_000 },
      );
      expect([run.exitCode, run.stderr]).toEqual([0, '']);
      const report = JSON.parse(run.stdout) as Report;
      expectReport(report);
      expect(browserOutcome(report, url).word).toBe('works');
      expect(terminalOutcome(report, url).word).toBe('works');
      const all = report.gatherings?.filter((gathering) => gathering.url === null).map(({ vantage }) => vantage);
      expect(all?.toSorted()).toEqual(['browser', 'terminal']);
      const times = (report.events ?? []).map(({ seq }) => seq);
      expect(times).toEqual(times.map((_, index) => index + 1));
    });

    it('is a vantage of doctor and check too', async () => {
      const args = [`turn:${coturn.host}:${coturn.port}`, '-u', 'user', '--browser', pathOf(name), '--timeout', '25'];
      const options = { env: { ICEPROBE_CREDENTIAL: 'password' }, timeoutMs: 60_000 };
      const doctor = await runCli(['doctor', ...args, '--vantage', 'both', '-f', 'json'], options);
      expect([doctor.exitCode, doctor.stderr]).toEqual([0, '']);
      const report = JSON.parse(doctor.stdout) as Report;
      expectReport(report);
      expect(report.command).toBe('doctor');
      expect(report.gatherings?.map(({ vantage }) => vantage)).toContain('browser');
      const relays = report.servers?.flatMap(({ attempts }) =>
        attempts.flatMap(({ relay }) => relay?.directions ?? []),
      );
      expect(relays?.map(({ received }) => received > 0)).toEqual([true, true, true]);
      // A browser alone sends nothing through a relay: what was expected of that is not determined.
      const check = await runCli(['check', ...args, '--vantage', 'browser'], options);
      expect(check.stdout).toMatch(/data crosses the relay of .*: it was not tried/);
      expect(check.exitCode).toBe(3);
    });

    it('names a wrong password from the browser alone, and saves a page: --vantage browser', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'iceprobe-vantage-'));
      const page = join(folder, 'report.html');
      const url = `turn:${coturn.host}:${coturn.port}`;
      const args = [url, '-u', 'user', '--vantage', 'browser', '--browser', pathOf(name), '--report', `html=${page}`];
      const run = await runCli([...args, '--timeout', '25'], {
        env: { ICEPROBE_CREDENTIAL: 'wrong' },
        timeoutMs: 60_000,
      });
      const saved = readFileSync(page, 'utf8');
      rmSync(folder, { recursive: true });
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toContain('The server rejects the user name or the password');
      const embedded = JSON.parse(/<template id="report">([^<]*)</.exec(saved)?.[1] ?? '') as Report;
      expect(embedded.findings[0]?.id).toBe('auth.bad-credentials');
      // Made to be shared: no address of this machine.
      expect(saved).not.toContain(coturn.host);
    });

    it('is ended when the run is', async () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 300);
      await gather(pathOf(name), [], abort.signal);
      expect(profilesInUse()).toEqual([]);
    });
  });
}

describe('a browser', () => {
  const none: Machine = { platform: 'linux', env: { PATH: '/usr/bin' }, isExecutable: () => false };

  it('is found by name, by path, or as the first there is', () => {
    const linux: Machine = {
      ...none,
      isExecutable: (path) => ['/usr/bin/firefox', '/usr/bin/chromium'].includes(path),
    };
    expect(findBrowser(undefined, linux)).toEqual({ name: 'Chromium', kind: 'chromium', path: '/usr/bin/chromium' });
    expect(findBrowser('Firefox', linux)).toMatchObject({ kind: 'firefox', path: '/usr/bin/firefox' });
    expect(findBrowser('/usr/bin/firefox', linux)).toMatchObject({ kind: 'firefox' });
    const windows: Machine = { platform: 'win32', env: { ProgramFiles: 'C:\\P' }, isExecutable: () => true };
    expect(findBrowser('edge', windows)?.path).toBe('C:\\P\\Microsoft\\Edge\\Application\\msedge.exe');
  });

  it('that is missing is said to be missing', () => {
    expect(findBrowser(undefined, none)).toBeUndefined();
    expect(findBrowser('safari', none)).toBeUndefined();
    expect(findBrowser('/usr/bin/firefox', none)).toBeUndefined();
  });

  it('that is missing, or makes no sense, is a usage error', async () => {
    const missing = await runCli(['stun:127.0.0.1:9', '--vantage', 'browser', '--browser', '/nowhere/chrome']);
    expect([missing.exitCode, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toMatch(/no browser "\/nowhere\/chrome" was found\n.*install Chrome/);
    const alone = await runCli(['stun:127.0.0.1:9', '--browser', 'firefox']);
    expect(alone.exitCode).toBe(2);
    expect(alone.stderr).toContain('--vantage browser');
    const broken = await runCli(['stun:127.0.0.1:9', '--vantage', 'browser', '--browser', process.execPath]);
    expect([broken.exitCode, broken.stdout]).toEqual([2, '']);
    expect(broken.stderr).toContain('ended by itself');
  });

  it('that ends by itself is an error with what it said', async () => {
    const notABrowser = gather(process.execPath, []);
    await expect(notABrowser).rejects.toThrow(BrowserError);
    await expect(notABrowser).rejects.toThrow(/ended by itself: .*bad option/s);
  });
});

/** Firefox asks no server on a loopback address. */
function ownAddress(): string {
  const line = execFileSync('hostname', ['-I'], { encoding: 'utf8' });
  return line.split(/\s+/).find((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address)) ?? '127.0.0.1';
}

/** Command lines with a profile that this process made. */
function profilesInUse(): string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(join(PLACE, 'iceprobe-browser-')) && !line.includes('<defunct>'));
}
