import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { liveOf, PAGE_POLICY, pageOf } from '../../../src/monitor/page.ts';
import type { MonitorStatus, TargetStatus } from '../../../src/monitor/status.ts';

const NOW = new Date('2030-01-01T00:10:00Z');

function target(parts: Partial<TargetStatus>): TargetStatus {
  return {
    name: 'edge',
    urls: ['turn:a.example.org'],
    state: 'up',
    since: '2030-01-01T00:00:00.000Z',
    why: null,
    isRunning: false,
    intervalSeconds: 30,
    nextInSeconds: 5,
    runs: 3,
    lastRun: {
      startedAt: '2030-01-01T00:09:48.000Z',
      durationMs: 812,
      verdict: 'ok',
      exitCode: 0,
      rttMs: 12.34,
      lossPercent: 0,
      certificateDays: 61,
    },
    findings: [],
    fault: null,
    ...parts,
  };
}

function status(targets: readonly TargetStatus[], parts: Partial<MonitorStatus> = {}): MonitorStatus {
  return {
    schema: 'iceprobe.status/1',
    version: '0.0.0',
    startedAt: '2030-01-01T00:00:00.000Z',
    running: 0,
    waiting: 0,
    lastReload: null,
    targets,
    ...parts,
  };
}

describe("the monitor's page", () => {
  it('names its one script and its one style by their hashes, and allows nothing else', () => {
    const page = pageOf(status([target({})]), NOW);
    const hashes = [...page.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(
      ([, name, text = '']) => `${name}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`,
    );
    expect(hashes).toHaveLength(2);
    for (const hash of hashes) expect(PAGE_POLICY).toContain(hash);
    expect(PAGE_POLICY).toMatch(/^default-src 'none';/);
    expect(PAGE_POLICY).not.toMatch(/unsafe|\*/);
    expect(page).not.toMatch(/ style=| on\w+=|javascript:/);
  });

  it('lets no text of a server become markup', () => {
    const evil = `"><img src=x onerror='alert(1)'>&`;
    const finding = { id: evil, severity: 'error' as const, subject: evil, title: evil, fix: evil };
    const html = liveOf(status([target({ name: evil, urls: [evil], findings: [finding], fault: evil })]), NOW);
    expect(html).not.toContain('<img');
    expect(html.match(/&#60;img/g)?.length).toBeGreaterThan(5);
    expect(html).not.toMatch(/data-key="[^"]*"[^>]*onerror/);
  });

  it('shows what is down first, how long, and what cannot be told yet as such', () => {
    const html = liveOf(
      status(
        [
          target({ name: 'fine' }),
          target({ name: 'new', state: null, since: null, lastRun: null, runs: 0 }),
          target({ name: 'broken', state: 'down', why: 'not met: max-rtt 5 ms' }),
        ],
        { waiting: 2, lastReload: { at: '2030-01-01T00:00:00.000Z', ok: false } },
      ),
      NOW,
    );
    expect([...html.matchAll(/<th scope="row">(\w+)/g)].map(([, name]) => name)).toEqual(['broken', 'new', 'fine']);
    expect(html).toMatch(/3 targets, .*1 down.*, 1 not asked yet, 0 running, .*2 waiting/);
    expect(html).toContain('the new configuration was refused');
    expect(html).toMatch(/class="down">down<\/span> .*10 min/);
    expect(html).toContain('not met: max-rtt 5 ms');
    expect(html).toContain('12.3 ms');
    expect(html).toContain('61 days');
    expect(html).toMatch(/12 s ago .*took 812 ms/);
  });
});
