import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { startTurnServer } from '../../../src/turn-server/start.ts';
import { certificate } from '../../support/certificates.ts';
import { runCli } from '../../support/cli.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';

/** What is asked, and of a failing one what it must say: the expectation, its value, and the finding where one explains it. */
interface Case {
  readonly args: readonly string[];
  readonly exitCode: 0 | 1 | 3;
  readonly told?: RegExp;
}

describeNeeding('coturn', 'openssl')('each expectation of check, against coturn', () => {
  let coturn: Coturn;
  let closed: string;
  const env = { ICEPROBE_USERNAME: 'user', ICEPROBE_CREDENTIAL: 'password' };

  beforeAll(async () => {
    const { cert, key } = certificate('good');
    coturn = await startCoturn({ listen: ['127.0.0.1'], tls: { cert, key } });
    closed = `stun:127.0.0.1:${await freePort(['127.0.0.1'])}`;
  });
  afterAll(() => coturn.stop());

  const url = (transport = 'udp') =>
    transport === 'tls' ? `turns:127.0.0.1:${coturn.tlsPort}` : `turn:127.0.0.1:${coturn.port}?transport=${transport}`;

  const cases: Readonly<Record<string, () => readonly [pass: Case, fail: Case]>> = {
    'nothing at all': () => [
      { args: [url()], exitCode: 0 },
      {
        args: [url(), closed],
        exitCode: 1,
        told: /NOT +stun:\S+ answers \(is false\): it does not answer -> net\.refused/,
      },
    ],
    '--require a transport': () => [
      { args: [url(), url('tcp'), '--require', 'relay/udp,relay/tcp'], exitCode: 0 },
      {
        args: [url(), `turn:127.0.0.1:${closed.split(':')[2]}?transport=tcp`, '--require', 'relay/tcp'],
        exitCode: 1,
        told: /NOT +require relay\/tcp \(is 0\): no data crossed such a relay -> net\.refused/,
      },
    ],
    '--require a family': () => [
      { args: [url(), '--require', 'relay/udp/4'], exitCode: 0 },
      { args: [url(), '--require', 'relay/udp/6'], exitCode: 1, told: /NOT +require relay\/udp\/6 \(is 0\)/ },
    ],
    '--require a URL': () => [
      { args: [url(), closed, '--allow', 'net.refused', '--require', `relay@${url()}`], exitCode: 0 },
      {
        args: [url(), closed, '--require', `srflx@${closed}`],
        exitCode: 1,
        told: /NOT +require srflx@stun:\S+ \(is 0\).* net\.refused/s,
      },
    ],
    '--expect': () => [
      { args: [url(), '--expect', 'servers[*].attempts[*].relay.lossPercent < 100'], exitCode: 0 },
      {
        args: [url(), '--expect', 'servers[*].attempts[*].transport == tcp'],
        exitCode: 1,
        told: /NOT +expect servers\[\*\]\.attempts\[\*\]\.transport == tcp \(is "udp"\): it is "udp"/,
      },
    ],
    '--expect of what was not measured': () => [
      { args: [url(), '--expect', 'findings.count >= 0'], exitCode: 0 },
      {
        args: [url(), '--expect', 'nat[*].mapping == none'],
        exitCode: 3,
        told: /-- +expect nat\[\*\]\.mapping == none: the report has no such value/,
      },
    ],
    '--max-rtt': () => [
      { args: [url(), '--max-rtt', '10000'], exitCode: 0 },
      { args: [url(), '--max-rtt', '0'], exitCode: 1, told: /NOT +max-rtt 0 ms \(is [\d.]+\): it is [\d.]+/ },
    ],
    '--max-gather-time': () => [
      { args: [url(), '--max-gather-time', '10000'], exitCode: 0 },
      { args: [url(), '--max-gather-time', '1'], exitCode: 1, told: /NOT +max-gather-time 1 ms \(is [\d.]+\)/ },
    ],
    '--min-cert-days': () => [
      { args: [url('tls'), '--ca', certificate('good').ca, '--min-cert-days', '1'], exitCode: 0 },
      {
        args: [url('tls'), '--ca', certificate('good').ca, '--min-cert-days', '3650'],
        exitCode: 1,
        told: /NOT +min-cert-days 3650 \(is \d+/,
      },
    ],
    '--fail-on': () => [
      { args: [url(), url(), '--fail-on', 'error'], exitCode: 0 },
      { args: [url(), url(), '--fail-on', 'warning'], exitCode: 1, told: /config\.duplicate/ },
    ],
    '--allow': () => [
      { args: [url(), closed, '--require', 'relay/udp', '--allow', `net.refused@${closed}`], exitCode: 0 },
      {
        args: [url(), closed, '--require', 'relay/udp', '--allow', `net.refused@${closed} until 2020-01-31`],
        exitCode: 1,
        told: /net\.refused[\s\S]*the allowance "net\.refused@stun:\S+ until 2020-01-31" has ended/,
      },
    ],
  };

  test.each(Object.entries(cases))('%s: met, and not met', async (_name, make) => {
    const [pass, fail] = make();
    const [good, bad] = await Promise.all([pass, fail].map(({ args }) => runCli(['check', ...args], { env })));
    expect(good).toMatchObject({ exitCode: pass.exitCode });
    expect(good?.stdout).not.toMatch(/^(NOT|--) +(require|expect|max|min)/m);
    expect(bad).toMatchObject({ exitCode: fail.exitCode });
    // A long line is broken between words.
    expect(bad?.stdout.replace(/\n +/g, ' ')).toMatch(fail.told ?? /./);
  });

  test('--max-loss: met by coturn, and not where a relay loses packets', async () => {
    const good = await runCli(['check', url(), '--max-loss', '50'], { env });
    expect(good.exitCode).toBe(0);
    await using lossy = await startTurnServer({
      users: { user: 'password' },
      transports: ['udp'],
      faults: ['data:drop@50%'],
    });
    const bad = await runCli(['check', `turn:127.0.0.1:${lossy.port}`, '--max-loss', '1'], { env });
    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toMatch(/NOT +max-loss 1 % \(is [\d.]+\): it is [\d.]+/);
  });

  test('--retries: a later success is told as the flake it is', async () => {
    await using server = await startTurnServer({
      users: { user: 'password' },
      transports: ['udp'],
      // The first run meets a full server, and maybe the next ones too.
      faults: ['allocate:486@1-4'],
    });
    const run = await runCli(['check', `turn:127.0.0.1:${server.port}`, '--retries', '9', '-f', 'json'], { env });
    const report = JSON.parse(run.stdout) as Report;
    expect([run.exitCode, report.exitCode]).toEqual([0, 0]);
    const told =
      /^passed in run \d+, which makes it unreliable: run 1 failed \(data crosses the relay of .*relay\.quota/;
    expect(
      report.notes?.some((note) => told.test(note)),
      JSON.stringify(report.notes),
    ).toBe(true);
  });
});
