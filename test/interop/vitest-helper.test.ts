import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError, check } from '../../src/index.ts';
import { type LocalTurnServer, startTurnServer } from '../../src/turn-server/start.ts';
import { expectIce } from '../../src/vitest.ts';
import { freePort } from '../support/ports.ts';
import { expectReport } from '../support/schema.ts';

describe('expectIce', () => {
  let server: LocalTurnServer;
  let urls: readonly string[];
  beforeAll(async () => {
    server = await startTurnServer({ users: { user: 'word' }, transports: ['udp'] });
    urls = [`turn:127.0.0.1:${server.port}`];
  });
  afterAll(() => server.close());

  const good = () => [{ urls, username: 'user', credential: 'word' }];

  test('passes where data crosses the relay, within limits', async () => {
    const ice = expectIce({ iceServers: good(), require: ['relay/udp'], maxLoss: 100, maxRtt: 60_000 });
    const report = await ice.toPass();
    expectReport(report);
    expect(report).toMatchObject({ command: 'check', exitCode: 0 });
    expect(report.expectations?.map(({ text }) => text)).toEqual([
      'require relay/udp',
      'max-rtt 60000 ms',
      'max-loss 100 %',
    ]);
    expect(report).not.toHaveFinding('auth.bad-credentials');
    // One run, however much is asserted of it.
    expect(await ice.report()).toBe(report);
    await expect(ice.toFail()).rejects.toThrow(/^expected something to be wrong:/);
  });

  test('fails with the expectation, its value and the finding', async () => {
    const ice = expectIce({ iceServers: [{ urls, username: 'user', credential: 'another-word' }] });
    await ice.toFail();
    await ice.toFind('auth.bad-credentials');
    await expect(ice.toFind('net.refused')).rejects.toThrow(
      /^expected the finding net\.refused, found auth\.bad-credentials/,
    );
    const thrown: unknown = await ice.toPass().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Error);
    const { message } = thrown as Error;
    expect(message).toContain('The server rejects the user name or the password');
    expect(message).toMatch(new RegExp(`NOT +data crosses the relay of ${urls[0]} \\(is false\\)`));
    expect(message).toContain('-> auth.bad-credentials');
    expect(message).not.toContain('another-word');
  });

  test('a finding that is allowed is no failure, and one can be asked for', async () => {
    const closed = [{ urls: `stun:127.0.0.1:${await freePort(['127.0.0.1'])}` }];
    await expectIce({ iceServers: [...good(), ...closed] }).toFind('net.refused');
    await expectIce({ iceServers: [...good(), ...closed], allow: ['net.refused'], require: ['relay/udp'] }).toPass();
  });

  test('what is misspelt or could never be met is refused before anything is sent', async () => {
    const refused = (options: object) => check({ iceServers: good(), ...options }).catch((error: unknown) => error);
    expect(await refused({ require: ['relay/sctp'] })).toMatchObject({ code: 'bad-expectation' });
    expect(await refused({ expect: ['findings.cuont == 0'] })).toBeInstanceOf(ConfigurationError);
    expect(await refused({ require: ['relay/tls'] })).toMatchObject({
      code: 'impossible-expectation',
      message: 'require relay/tls: none of the configured URLs can give relay/tls',
    });
  });
});
