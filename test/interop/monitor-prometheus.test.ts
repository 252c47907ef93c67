import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { certificate } from '../support/certificates.ts';
import { onFixedPorts, startCoturn } from '../support/coturn.ts';
import { startMonitor, until } from '../support/monitor.ts';
import { describeNeeding, pathOf } from '../support/needs.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';

const shipped = (name: string): string => fileURLToPath(new URL(`../../examples/prometheus/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'iceprobe-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

/** A Prometheus with the shipped configuration and rules, only that times are seconds and the places those of the test. */
async function startPrometheus(monitor: string) {
  const address = `127.0.0.1:${await freePort(['127.0.0.1'])}`;
  const configuration = swapped(readFileSync(shipped('prometheus.yml'), 'utf8'), [
    [/monitor-eu\.example\.org:13478/g, monitor],
    [/ +- monitor-us\.example\.org:13478\n/g, ''],
    [/ +- edge-us\n/g, ''],
    [/scrape_timeout: 20s/g, 'scrape_timeout: 10s'],
    [/scrape_interval: 60s/g, 'scrape_interval: 10s'],
    [/(scrape|evaluation)_interval: 30s/g, '$1_interval: 1s'],
  ]);
  writeFileSync(join(folder, 'prometheus.yml'), configuration);
  const rules = swapped(readFileSync(shipped('alerts.yml'), 'utf8'), [[/for: \d+[mh]/g, 'for: 1s']]);
  writeFileSync(join(folder, 'alerts.yml'), rules);
  const child = startProcess(pathOf('prometheus'), [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ]);
  await child.waitForOutput((output) => output.includes('Server is ready'), 20_000, 'a ready Prometheus');
  const api = async (path: string): Promise<unknown> => (await fetch(`http://${address}/api/v1/${path}`)).json();
  return {
    query: async (expression: string) => (await api(`query?query=${encodeURIComponent(expression)}`)) as Answer,
    async alerts(): Promise<string[]> {
      const { data } = (await api('alerts')) as { readonly data: { readonly alerts: readonly Alert[] } };
      return data.alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => `${labels['alertname']} ${labels['target'] ?? ''}`.trim());
    },
    [Symbol.asyncDispose]: () => child.stop(),
  };
}

/** Each pattern must be there: a test of something else than what ships would prove nothing. */
function swapped(text: string, swaps: readonly (readonly [RegExp, string])[]): string {
  return swaps.reduce((before, [pattern, replacement]) => {
    const after = before.replace(pattern, replacement);
    expect(after, String(pattern)).not.toBe(before);
    return after;
  }, text);
}

/** Every expression of the shipped dashboard, its variables filled in as Grafana would. */
function dashboardQueries(): string[] {
  const { panels, annotations } = JSON.parse(readFileSync(shipped('grafana-dashboard.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  };
  return [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) =>
    expr.replaceAll(/\$(job|instance|target)\b/g, '.*').replaceAll('$__rate_interval', '15s'),
  );
}

describeNeeding('promtool')('what ships for Prometheus', () => {
  test.each([
    ['check rules', ['check', 'rules', 'alerts.yml']],
    ['the tests of the rules', ['test', 'rules', 'alerts.test.yml']],
    ['check config', ['check', 'config', 'prometheus.yml']],
  ])('promtool finds nothing wrong: %s', (_, args) => {
    const names = ['alerts.yml', 'alerts.test.yml', 'prometheus.yml'];
    const place = mkdtempSync(join(folder, 'shipped-'));
    for (const name of names) copyFileSync(shipped(name), join(place, name));
    const { status, stdout, stderr } = spawnSync(pathOf('promtool'), args, { cwd: place, encoding: 'utf8' });
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('SUCCESS');
  });
});

describeNeeding(
  'coturn',
  'openssl',
  'promtool',
  'prometheus',
)('a real Prometheus', () => {
  test('scrapes the monitor; the alert fires when coturn stops, and clears when it is back', {
    timeout: 200_000,
  }, async () => {
    const { cert, key, ca } = certificate('good');
    const options = await onFixedPorts({ tls: { cert, key } });
    let coturn = await startCoturn(options);
    const urls = [`turn:127.0.0.1:${coturn.port}`, `turns:localhost:${coturn.tlsPort}`];
    const account = { username: 'user', credential: 'password' };
    await using monitor = await startMonitor({
      config: {
        defaults: { interval: 1, timeout: 20, ca, family: 4 },
        targets: { 'edge-eu': { iceServers: [{ urls, ...account }] } },
      },
    });
    await using prometheus = await startPrometheus(new URL(monitor.url).host);
    const up = async (): Promise<number> =>
      (await prometheus.query('iceprobe_up{job="iceprobe", target="edge-eu"} == 1')).data.result.length;
    const filled = new Set<string>();
    const ask = async (): Promise<void> => {
      for (const expression of dashboardQueries()) {
        const answer = await prometheus.query(expression);
        expect(answer, expression).toMatchObject({ status: 'success' });
        if (answer.data.result.length > 0) filled.add(expression);
      }
    };
    try {
      await until(async () => (await up()) === 1, 30_000, 'target that is up');
      expect(await prometheus.alerts()).not.toContain('IceprobeTargetDown edge-eu');
      // The multi-target pattern, by the shipped relabelling.
      await until(
        async () =>
          (await prometheus.query('iceprobe_up{job="iceprobe-probe", target="edge-eu"} == 1')).data.result.length === 1,
        30_000,
        'probe by Prometheus',
      );
      await ask();

      await coturn.stop();
      await until(
        async () => (await prometheus.alerts()).includes('IceprobeTargetDown edge-eu'),
        60_000,
        'alert that fires',
      );
      await ask();
      expect(dashboardQueries().filter((expression) => !filled.has(expression))).toEqual([]);

      coturn = await startCoturn(options);
      await until(
        async () => (await up()) === 1 && !(await prometheus.alerts()).includes('IceprobeTargetDown edge-eu'),
        60_000,
        'alert that clears',
      );
      expect(await prometheus.alerts()).not.toContain('IceprobeMonitorDown');
      const { body } = await monitor.get('metrics');
      const checked = spawnSync(pathOf('promtool'), ['check', 'metrics'], { input: body, encoding: 'utf8' });
      expect({ status: checked.status, stdout: checked.stdout, stderr: checked.stderr }).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      });
      expect(body).not.toContain('password');
      expect(await monitor.end('SIGTERM')).toBe(143);
      await coturn.waitForRelease();
    } finally {
      await coturn.stop();
    }
  });
});
