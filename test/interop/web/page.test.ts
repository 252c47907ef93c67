import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeReport } from '../../../src/diagnosis/make-report.ts';
import type { RunEvent } from '../../../src/record/events.ts';
import type { Report } from '../../../src/record/report.ts';
import { targetsReport } from '../../../src/record/targets.ts';
import { type LocalTurnServer, startTurnServer } from '../../../src/turn-server/start.ts';
import type { BrowserName } from '../../support/browser.ts';
import { certificate } from '../../support/certificates.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { expectEvent, expectReport } from '../../support/schema.ts';
import { closedPort } from '../../support/servers.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

const NAMES: readonly BrowserName[] = ['chromium', 'firefox'];
const ACCOUNT = { username: 'user', credential: 'password' };

for (const name of NAMES) {
  describeNeeding(
    'coturn',
    'openssl',
    name,
  )(`the page in ${name}`, () => {
    let coturn: Coturn;
    let page: WebPage;
    let at: string;

    beforeAll(async () => {
      const { cert, key, caPem } = certificate('good');
      coturn = await startCoturn({ listen: ['127.0.0.1'], tls: { cert, key } });
      at = `127.0.0.1:${coturn.port}`;
      page = await openWebPage(name, { network: { ca: caPem } });
    });

    afterAll(async () => {
      await page?.[Symbol.asyncDispose]();
      await coturn?.stop();
    });

    /** Replaces the servers by pasting. */
    async function paste(configuration: unknown): Promise<void> {
      while (await page.browser.evaluate<boolean>(`document.querySelector('.order button:last-child') !== null`)) {
        await page.click('.order button:last-child');
      }
      await page.fill('#paste', typeof configuration === 'string' ? configuration : JSON.stringify(configuration));
      await page.click('#add-pasted');
    }

    it('shows candidates, states and outcomes of both vantages side by side', async () => {
      await paste({ iceServers: [{ urls: [`stun:${at}`, `turn:${at}`, `turn:${at}?transport=tcp`], ...ACCOUNT }] });
      await page.run();
      for (const url of [`turn:${at}`, `turn:${at}?transport=tcp`]) {
        expect(await page.outcome(url, 'browser')).toBe('works');
        expect(await page.outcome(url, 'terminal')).toBe('works');
      }
      // Firefox binds to the interface's address: what the server sees is no news.
      expect(await page.outcome(`stun:${at}`, 'browser')).toBe(name === 'chromium' ? 'works' : 'silent-ok');
      for (const vantage of ['browser', 'terminal']) {
        const strip = `document.querySelector('.strip[data-vantage=${vantage}]').dataset.state`;
        expect(await page.browser.evaluate(strip)).toBe('complete');
      }
      const report = await page.report();
      expectReport(report);
      const all = report.gatherings?.filter((gathering) => gathering.url === null) ?? [];
      expect(all.map(({ vantage }) => vantage).toSorted()).toEqual(['browser', 'terminal']);
      for (const { states, candidates } of all) {
        expect(states.map(({ state }) => state)).toEqual(['new', 'gathering', 'complete']);
        expect(candidates.filter(({ type }) => type === 'relay').length).toBeGreaterThanOrEqual(2);
      }
      const rows = await page.browser.evaluate<number>(`document.querySelectorAll('.candidates tbody tr').length`);
      expect(rows).toBe(all.flatMap(({ candidates }) => candidates).length);
      expect(report.verdict).not.toBe('error');
      await coturn.waitForRelease();
    });

    it('names a wrong password, with what to do, and puts the code into words', async () => {
      await paste({ iceServers: [{ urls: `turn:${at}`, username: 'user', credential: 'wrong' }] });
      await page.run();
      expect(await page.text('#hero h2')).toBe('The server rejects the user name or the password');
      expect(await page.text('#hero .fix')).toMatch(/check both/);
      expect(await page.text('#hero .where')).toMatch(/in the configuration/);
      expect(await page.text('.errors')).toMatch(/401.*The server rejects the user name or the password/s);
      expect(await page.outcome(`turn:${at}`, 'browser')).toBe('fails');
      const report = await page.report();
      expect(report.verdict).toBe('error');
      expect(JSON.stringify(report)).not.toContain('"wrong"');
      // The page's own conclusions are the terminal's: the same code on the same events.
      const again = makeReport((report.events ?? []) as RunEvent[]);
      expect(again.findings).toEqual(report.findings);
    });

    it('tells a dead server from a good one beside it', async () => {
      const { port } = await closedPort();
      const dead = `turn:127.0.0.1:${port}?transport=tcp`;
      await paste({ iceServers: [{ urls: [dead, `turn:${at}`], ...ACCOUNT }] });
      await page.run();
      expect(await page.outcome(dead, 'browser')).toBe('fails');
      expect(await page.outcome(dead, 'terminal')).toBe('fails');
      expect(await page.outcome(`turn:${at}`, 'browser')).toBe('works');
      const report = await page.report();
      expect(report.findings.map(({ id }) => id)).toContain('net.refused');
      const errors = report.gatherings?.find(({ vantage, url }) => vantage === 'browser' && url === dead)?.errors;
      expect(errors?.map(({ errorCode }) => errorCode)).toContain(701);
    });

    it('tells where only the terminal trusts a certificate', async () => {
      const url = `turns:localhost:${coturn.tlsPort}?transport=tcp`;
      await paste({ iceServers: [{ urls: url, ...ACCOUNT }] });
      await page.run();
      expect(await page.outcome(url, 'terminal')).toBe('works');
      expect(await page.outcome(url, 'browser')).toBe('fails');
      const finding = (await page.report()).findings.find(({ id }) => id === 'ice.vantages-differ');
      expect(finding?.params).toMatchObject({ works: 'terminal', fails: 'browser', reason: 'trustStore' });
      expect(await page.text('#differences-part')).toContain('list of certificate authorities');
    });

    if (name === 'chromium') {
      // Chromium alone has such a list; ports below 1024 are root's.
      it.skipIf(process.getuid?.() !== 0)('tells of a port that Chromium refuses', async () => {
        await using server = await onLowPort();
        await paste({ iceServers: server.iceServers });
        const url = `turn:127.0.0.1:${server.port}`;
        // One gathering in ten never ends in Chromium, which leaves it open whether it would have asked.
        for (let runs = 0; runs === 0 || (runs < 4 && (await page.outcome(url, 'browser')) === 'open'); runs++)
          await page.run();
        expect(await page.outcome(url, 'terminal')).toBe('works');
        expect(await page.outcome(url, 'browser')).toBe('fails');
        const { findings } = await page.report();
        expect(findings.find(({ id }) => id === 'ice.vantages-differ')?.params).toMatchObject({ reason: 'portList' });
        expect(findings.map(({ id }) => id)).toContain('config.port-restricted');
      });
    }

    it('lints while one types, and says what the browser makes of a bad URL', async () => {
      await paste('turn:turn.example.org');
      await page.waitFor(`document.querySelector('[data-finding="config.missing-credential"]') !== null`);
      await page.fill('.server-list textarea', 'turn://turn.example.org');
      await page.waitFor(`document.querySelector('[data-finding="config.url-syntax"]') !== null`);
      expect(await page.text('.lint')).toMatch(/Not a STUN or TURN URL/);
      await page.run();
      expect(await page.text('.errors')).toMatch(/The browser refused the URL/);
      expect(await page.text('#hero h2')).toMatch(/Not a STUN or TURN URL/);
    });

    it('reads whatever is pasted, and says where it cannot', async () => {
      await paste(
        `const pc = new RTCPeerConnection({ iceServers: [{ url: 'stun:stun.example.org' }], iceTransportPolicy: 'relay' });`,
      );
      expect(await page.browser.evaluate(`document.querySelector('.server-list textarea').value`)).toBe(
        'stun:stun.example.org',
      );
      expect(await page.browser.evaluate(`document.querySelector('#policy').value`)).toBe('relay');
      await page.fill('#policy', 'all');
      await paste('{ iceServers: [ }');
      expect(await page.text('.editor .message')).toMatch(/^1:\d+: /);
    });

    it('stops waiting when told to', async () => {
      const mute = createSocket('udp4').bind(0, '127.0.0.1');
      await once(mute, 'listening');
      const url = `turn:127.0.0.1:${mute.address().port}`;
      await paste({ iceServers: [{ urls: url, ...ACCOUNT }] });
      await page.click('#run');
      await page.waitFor(`document.querySelector('.strip-remark')?.textContent.includes(${JSON.stringify(url)})`);
      expect(await page.outcome(url, 'browser')).toBe('waiting');
      await page.click('#run');
      await page.waitFor(`document.querySelector('#run').dataset.running === 'false'`);
      mute.close();
    });

    it('saves what is valid, and shows the same from a file on disk', async () => {
      await paste({ iceServers: [{ urls: `turn:${at}`, username: 'user', credential: 'wrong' }] });
      await page.run();
      const shown = { title: await page.text('#hero h2'), candidates: await page.text('.candidates tbody') };
      for (const masked of [false, true]) {
        const report = JSON.parse(await page.save('json', masked)) as Report;
        expectReport(report);
        const { interfaces } = (await page.report()).network;
        const own = interfaces.filter(({ kind }) => kind === 'public' || kind === 'private');
        expect(own.length).toBeGreaterThan(0);
        for (const { address } of own) expect(JSON.stringify(report).includes(address)).toBe(!masked);
      }
      const events = (await page.save('ndjson')).trim().split('\n');
      expect(events.length).toBeGreaterThan(10);
      events.forEach((line, index) => {
        const event = JSON.parse(line) as RunEvent;
        expectEvent(event);
        expect(event.seq).toBe(index + 1);
      });
      expect(await page.save('markdown')).toContain('rejects the user name');

      const folder = mkdtempSync(join(tmpdir(), 'iceprobe-saved-'));
      try {
        const file = join(folder, 'report.html');
        writeFileSync(file, await page.save('html'));
        await using other = await openWebPage(name);
        await other.browser.visit(pathToFileURL(file).href);
        await other.waitFor(`document.querySelector('#hero h2') !== null`);
        expect(await other.text('#hero h2')).toBe(shown.title);
        expect(await other.text('.candidates tbody')).toBe(shown.candidates);
        expect(await other.text('.banner')).toContain('saved report');
        expect(await other.text('.link')).toContain('from a file');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('opens the reports of several targets, the first that failed before the others', async () => {
      // Without its events, which would be diagnosed again: they are the same for both.
      const { events: _, ...own } = await page.report();
      const bad = { ...own, exitCode: 1, verdict: 'error' as const, startedAt: '2026-01-01T00:00:00.000Z' };
      const good = { ...own, exitCode: 0, verdict: 'ok' as const, findings: [] };
      const all = targetsReport([
        { target: 'prod', report: good },
        { target: 'staging', report: bad },
      ]);
      await page.open('check.json', JSON.stringify(all));
      const chosen = `document.querySelector('#target').selectedOptions[0].textContent`;
      expect(await page.browser.evaluate(chosen)).toBe('staging: Something is broken');
      const choose = `(() => { const one = document.querySelector('#target'); one.value = '0'; one.dispatchEvent(new Event('change')); })()`;
      await page.browser.evaluate(choose);
      expect(await page.browser.evaluate(chosen)).toBe('prod: Nothing wrong');
      expect(await page.text('#hero')).toContain('Nothing wrong');
      await page.click('#close-saved');
    });

    it('opens a saved report, and goes back', async () => {
      const saved = await page.save('ndjson');
      await page.open('run.ndjson', saved);
      expect(await page.text('.banner')).toContain('saved report');
      await page.click('#close-saved');
      await page.waitFor(`document.querySelector('.banner') === null`);
      await page.open('nonsense.json', '{"a":1}');
      expect(await page.text('.share-card .message')).toMatch(/nonsense\.json is neither/);
    });

    it('shares a link without user name and credential, which fills in the rest', async () => {
      await paste({
        iceServers: [{ urls: `turn:${at}`, username: 'alice', credential: 'hunter2' }],
        iceTransportPolicy: 'relay',
      });
      await page.browser.evaluate(`Object.defineProperty(navigator, 'clipboard', {
        configurable: true,
        value: { writeText: async (text) => { globalThis.copied = text; } },
      })`);
      await page.click('#share-link');
      await page.waitFor(`typeof globalThis.copied === 'string'`);
      const link = await page.browser.evaluate<string>('globalThis.copied');
      expect(decodeURIComponent(link)).toContain(`turn:${at}`);
      expect(decodeURIComponent(link)).not.toMatch(/alice|hunter2/);
      // Elsewhere first: only the part behind the # differs.
      await page.browser.visit('about:blank');
      await page.browser.visit(link);
      await page.waitFor(`document.querySelector('.server-list textarea')?.value === ${JSON.stringify(`turn:${at}`)}`);
      expect(await page.browser.evaluate(`document.querySelector('#policy').value`)).toBe('relay');
      // What was typed is gone with the page: nobody asked to keep it.
      expect(await page.browser.evaluate(`document.querySelector('#server-0-credential').value`)).toBe('');
    });

    it('starts a TURN server with one click, and copies a report without addresses', async () => {
      await using local = await startTurnServer({ transports: ['udp'] });
      await using own = await openWebPage(name, { startLocalServer: async () => local.iceServers });
      await own.waitFor(`document.querySelector('#local-server') !== null`);
      await own.click('#local-server');
      await own.waitFor(`document.querySelector('.server-list textarea')?.value.startsWith('turn:127.0.0.1')`);
      await own.run();
      expect(await own.outcome(`turn:127.0.0.1:${local.port}`, 'browser')).toBe('works');
      await own.browser.evaluate(`Object.defineProperty(navigator, 'clipboard', {
        configurable: true,
        value: { writeText: async () => { throw new Error('not allowed'); } },
      })`);
      await own.click('#copy');
      await own.waitFor(`document.querySelector('.copy-box').value !== ''`);
      const copied = await own.browser.evaluate<string>(`document.querySelector('.copy-box').value`);
      const { interfaces } = (await own.report()).network;
      for (const { address, kind } of interfaces) if (kind !== 'loopback') expect(copied).not.toContain(address);
      expect(copied).toMatch(/relay/);
    });

    it('has asked nobody but its own server for anything', () => {
      const own = `127.0.0.1:${page.server.port}`;
      const asked = page.browser.requests();
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((url) => new URL(url).host !== own)).toEqual([]);
    });
  });
}

/** On a port below 1024 that is free, and not one of the three that Chromium allows. */
async function onLowPort(): Promise<LocalTurnServer> {
  for (let tries = 0; ; tries++) {
    const port = 500 + Math.floor(Math.random() * 500);
    try {
      return await startTurnServer({ port, transports: ['udp'] });
    } catch (error) {
      if (tries > 20 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
