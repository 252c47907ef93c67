import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../src/record/report.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { serverAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { PASSWORD, startTurn, USER } from './support/servers.ts';

// The cable is pulled in the middle of a run: it ends by its deadline, says what it saw, and no packet of it is a fault of
// its own.
const server = serverAddresses(1, {});
const [address] = server.addresses;
const BIN = new URL('../../bin/iceprobe.js', import.meta.url).pathname;
const TIMEOUT_S = 6;
/** Data for longer than a shell needs to pull the cable, however fast the machine is, and through before the deadline. */
const AT_LENGTH = ['--packets', '100', '--rate', '100'];
/** Nobody is there: a gathering waits for it until the end. */
const SILENT = 'stun:198.19.254.9';

describeInLab('go')('a network that vanishes in the middle', () => {
  const lines: { readonly when: string; readonly sees: string; readonly command: readonly string[] }[] = [
    { when: 'while gathering', sees: '"state":"gathering"', command: ['gather', SILENT] },
    { when: 'between gathering and probing', sees: '"type":"allocation"', command: ['doctor', ...AT_LENGTH] },
    { when: 'while the doctor sends', sees: '"stage":"permission"', command: ['doctor', ...AT_LENGTH] },
    { when: 'while data crosses the relay', sees: '"stage":"permission"', command: ['probe', ...AT_LENGTH] },
    { when: 'while the NAT is asked', sees: '"type":"nat-test"', command: ['nat'] },
  ];
  let lab: Lab;

  beforeAll(async () => {
    // A site each, so that each loses its own.
    lab = await startLab({ sites: lines.map(() => NETWORKS['eim-apdf']), servers: [{}] });
    await startTurn(lab, 'server1', server, { kind: 'coturn' });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it.concurrent.each(lines.map((line, index) => ({ ...line, site: index + 1 })))(
    '$when: $command ends in time, as it promised, with a report',
    async ({ sees, command, site }) => {
      const client = lab.client(site);
      const url = command[0] === 'nat' ? [`stun:${address}`] : [`turn:${address}`, `turn:${address}?transport=tcp`];
      const run = lab.sandbox.spawn(
        client,
        [
          process.execPath,
          BIN,
          ...command,
          ...url,
          '--timeout',
          String(TIMEOUT_S),
          '-f',
          'ndjson',
          '--report',
          `json=/run/tmp/${site}.json`,
        ],
        { env: { ICEPROBE_USERNAME: USER, ICEPROBE_CREDENTIAL: PASSWORD } },
      );
      await run.waitFor(new RegExp(sees), 30_000);
      const startedAt = performance.now();
      await lab.sandbox.script(`ip -n ${client} link set eth0 down`);
      const code = await run.exited;
      const { stdout, stderr } = run;
      expect([1, 3]).toContain(code);
      expect(stderr).not.toContain('a fault of iceprobe itself');
      // Its own deadline, what is given back afterwards, and the machine's load.
      expect(performance.now() - startedAt).toBeLessThan(5 * TIMEOUT_S * 1000);
      expect(stdout.trimEnd().split('\n').at(-1)).toContain('"type":"run-finished"');
      const report = JSON.parse(await lab.sandbox.script(`cat /run/tmp/${site}.json`)) as Report;
      expect(report.exitCode).toBe(code);
      // The server was well all the time.
      expect(report.findings.filter(({ severity, locus }) => severity === 'error' && locus === 'server')).toEqual([]);
      if (command[0] === 'doctor' && code === 1) expect(report.findings[0]?.id).toBe('net.lost-midway');
    },
  );
});
