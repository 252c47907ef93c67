import { expect, test } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { startTurnServer } from '../../../src/turn-server/start.ts';
import { buildGo } from '../../lab/support/build.ts';
import { certificate } from '../../support/certificates.ts';
import { runCli } from '../../support/cli.ts';
import { startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { startProcess } from '../../support/processes.ts';
import { expectReport } from '../../support/schema.ts';

// No warning and no error on a healthy server, whoever wrote it and whatever is asked of it.

const HOST = '127.0.0.1';
const LOGIN = { username: 'alice', password: 'secret' };
const DOCTOR_MS = 2000;

interface Healthy extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
}

async function own(): Promise<Healthy> {
  const { certPem: cert, keyPem: key } = certificate('good');
  return startTurnServer({ users: { [LOGIN.username]: LOGIN.password }, tls: { cert, key } });
}

function coturn(): Promise<Healthy> {
  const { cert, key } = certificate('good');
  return startCoturn({ users: { [LOGIN.username]: LOGIN.password }, tls: { cert, key }, listen: [HOST] });
}

async function pion(): Promise<Healthy> {
  const { cert, key } = certificate('good');
  const port = await freePort([HOST], 2);
  const tlsPort = port + 1;
  const listen = [`udp:${HOST}:${port}`, `tcp:${HOST}:${port}`, `tls:${HOST}:${tlsPort}`];
  const user = `${LOGIN.username}:${LOGIN.password}`;
  const options = ['-realm', 'lab', '-user', user, '-relay', HOST, '-cert', cert, '-key', key];
  const server = startProcess(await buildGo('pion'), [...options, ...listen], { stdin: 'pipe' });
  await server.waitForOutput((output) => /^ready$/m.test(output), 10_000, 'ready');
  return { port, tlsPort, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function healthy(start: () => Promise<Healthy>): void {
  test('is called so by every command, and by the doctor within two seconds', async () => {
    await using server = await start();
    const { port, tlsPort } = server;
    const four = [
      `turn:${HOST}:${port}`,
      `turn:${HOST}:${port}?transport=tcp`,
      `turns:${HOST}:${tlsPort}`,
      `stun:${HOST}:${port}`,
    ];
    const run = async (command: string): Promise<Report> => {
      const trust = command === 'lint' ? [] : ['--ca', certificate('good').ca];
      const env = { ICEPROBE_USERNAME: LOGIN.username, ICEPROBE_CREDENTIAL: LOGIN.password };
      const { stdout, stderr, exitCode } = await runCli([command, ...four, ...trust, '-f', 'json'], { env });
      const report = JSON.parse(stdout) as Report;
      expectReport(report);
      const grave = report.findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
      expect(grave, `${command}: ${stderr}`).toEqual([]);
      // On one address alone a server cannot show how a NAT filters (RFC 5780 4.4): that is left open, and said.
      const [code, verdict] = command === 'nat' ? [3, 'undetermined'] : [0, 'ok'];
      expect({ command, exitCode, verdict: report.verdict }).toEqual({ command, exitCode: code, verdict });
      return report;
    };
    for (const command of ['lint', 'gather', 'probe', 'nat', 'check']) await run(command);
    const reports: Report[] = [];
    // What else the machine does only ever adds: a run that was quick once can be quick.
    do reports.push(await run('doctor'));
    while (reports.length < 5 && reports.every(({ durationMs }) => durationMs >= DOCTOR_MS));
    expect(Math.min(...reports.map(({ durationMs }) => durationMs))).toBeLessThan(DOCTOR_MS);
    expect(reports[0]?.servers?.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
  });
}

describeNeeding('openssl')('the own server', () => healthy(own));
describeNeeding('openssl', 'coturn')('coturn', () => healthy(coturn));
describeNeeding('openssl', 'go', 'pion')('pion', () => healthy(pion));
