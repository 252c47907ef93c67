import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { certificate } from '../support/certificates.ts';
import { onFixedPorts, startCoturn } from '../support/coturn.ts';
import { startMonitor, until } from '../support/monitor.ts';
import { describeNeeding } from '../support/needs.ts';

// A minute with 50 targets here. For the long form: ICEPROBE_FLEET_TARGETS=200 ICEPROBE_FLEET_SECONDS=600
// ICEPROBE_FLEET_INTERVAL=30 npx vitest run --project interop test/interop/monitor-fleet.test.ts
const setting = (name: string, otherwise: number): number => Number(process.env[`ICEPROBE_FLEET_${name}`] ?? otherwise);
const TARGETS = setting('TARGETS', 50);
const SECONDS = setting('SECONDS', 60);
const INTERVAL = setting('INTERVAL', 10);

interface Sample {
  readonly second: number;
  readonly residentKiB: number;
  readonly cpuSeconds: number;
  readonly files: number;
}

/** What Linux tells of a process. */
function sampleOf(pid: number, startedAt: number): Sample {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return {
    second: (performance.now() - startedAt) / 1000,
    residentKiB: Number(resident),
    // utime and stime, in hundredths of a second.
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}

describeNeeding('coturn', 'openssl')('a fleet', () => {
  test(
    `${TARGETS} targets, every ${INTERVAL} s for ${SECONDS} s, coturn restarted in the middle: each change once, nothing leaks`,
    async () => {
      const { cert, key, ca } = certificate('good');
      const options = await onFixedPorts({ tls: { cert, key } });
      let coturn = await startCoturn(options);
      const urls = [
        `turn:127.0.0.1:${coturn.port}`,
        `turn:127.0.0.1:${coturn.port}?transport=tcp`,
        `turns:localhost:${coturn.tlsPort}`,
        `stun:127.0.0.1:${coturn.port}`,
      ];
      const account = { username: 'user', credential: 'password' };
      const targets = Object.fromEntries(
        Array.from({ length: TARGETS }, (_, index) => [
          `t${index}`,
          { iceServers: [{ urls: urls[index % urls.length], ...(index % urls.length === 3 ? {} : account) }] },
        ]),
      );
      await using monitor = await startMonitor({
        config: { defaults: { interval: INTERVAL, timeout: 20, ca, family: 4 }, targets, concurrency: 20 },
      });
      const startedAt = performance.now();
      const samples: Sample[] = [];
      const sampling = setInterval(() => samples.push(sampleOf(monitor.pid, startedAt)), 1000);
      const states = async (): Promise<string[]> =>
        (await monitor.status()).targets.map(({ state }) => state ?? 'unknown');
      const all = (state: string): Promise<void> =>
        until(
          async () => (await states()).every((each) => each === state),
          5 * 1000 * (INTERVAL + 20),
          `${state}`,
          500,
        );
      const passed = (share: number): Promise<void> =>
        until(() => performance.now() - startedAt >= 1000 * SECONDS * share, 2000 * SECONDS, 'time', 100);
      try {
        await all('up');
        await passed(0.4);
        expect(coturn.allocations().length).toBeGreaterThan(TARGETS / 2);
        await coturn.stop();
        await all('down');
        coturn = await startCoturn(options);
        await all('up');
        await passed(1);
        // And one more scrape of everything.
        const { body } = await monitor.get('metrics');
        expect(body.match(/^iceprobe_up\{/gm)).toHaveLength(TARGETS);
        const status = await monitor.status();
        expect(await monitor.end('SIGTERM')).toBe(143);
        await coturn.waitForRelease();

        const changes = monitor.changes();
        const figures = figuresOf(samples);
        if (process.env['ICEPROBE_FLEET_SECONDS'] !== undefined) {
          const runs = status.targets.reduce((sum, { runs: count }) => sum + count, 0);
          console.log(
            JSON.stringify({ ...figures, runs, changes: changes.length, metricsBytes: body.length }, null, 2),
          );
        }
        for (const kind of ['down', 'recovered']) {
          const names = changes.filter(({ change }) => change === kind).map(({ target }) => target);
          const twice = changes.filter(({ target }) => names.indexOf(target) !== names.lastIndexOf(target));
          expect(twice, `told more than once: ${kind}`).toEqual([]);
          expect(names.toSorted(), kind).toEqual(Object.keys(targets).toSorted());
        }
        // What is found is gone before it is found again, and in the end all of it is.
        const open = new Set<string>();
        for (const { change, target, finding } of changes) {
          const name = `${target} ${finding?.id} ${finding?.subject}`;
          if (change === 'new-finding') {
            expect(open, `${name} is told twice`).not.toContain(name);
            open.add(name);
          } else if (change === 'gone') expect(open.delete(name), `${name} was never told`).toBe(true);
        }
        const standing = status.targets.flatMap(({ findings }) => findings);
        expect(standing.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(monitor.process.output()).not.toMatch(/fault of iceprobe/);

        expect(figures.fewestFilesLate).toBeLessThanOrEqual(figures.fewestFilesEarly + 10);
        expect(figures.mostMiB).toBeLessThan(512);
        if (SECONDS >= 600) expect(figures.leastMiBLate).toBeLessThan(1.25 * figures.leastMiBEarly);
      } finally {
        clearInterval(sampling);
        await coturn.stop();
      }
    },
    1000 * (3 * SECONDS + 240),
  );
});

/** Early is after the first fifth, when everything was used once. The least of a time is what the collector cannot take away. */
function figuresOf(samples: readonly Sample[]) {
  const fifth = Math.floor(samples.length / 5);
  const [early, late] = [samples.slice(fifth, 2 * fifth), samples.slice(-fifth)];
  const least = (of: readonly Sample[], what: (sample: Sample) => number): number => Math.min(...of.map(what));
  const [first, last] = [samples[0], samples.at(-1)];
  const mib = ({ residentKiB }: Sample): number => Math.round(residentKiB / 102.4) / 10;
  const cpu = (last?.cpuSeconds ?? 0) - (first?.cpuSeconds ?? 0);
  return {
    seconds: Math.round(last?.second ?? 0),
    cpuPercentOfOneCore: Math.round((1000 * cpu) / ((last?.second ?? 0) - (first?.second ?? 0))) / 10,
    leastMiBEarly: least(early, mib),
    leastMiBLate: least(late, mib),
    mostMiB: Math.max(...samples.map(mib)),
    fewestFilesEarly: least(early, ({ files }) => files),
    fewestFilesLate: least(late, ({ files }) => files),
    mostFiles: Math.max(...samples.map(({ files }) => files)),
  };
}
