import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runInFakeWorld } from '../../support/context.ts';

const env = { ICEPROBE_SECRET: 'north' };

describe('iceprobe credentials', () => {
  it('mints what coturn computes from the same secret', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { exitCode, stdout, stderr } = await runInFakeWorld(['credentials', '-u', 'alice', '-f', 'json'], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { username, credential, ttl } = JSON.parse(stdout) as { username: string; credential: string; ttl: number };
    expect(credential).toBe(createHmac('sha1', 'north').update(username).digest('base64'));
    const [expiry, user] = username.split(':');
    expect(user).toBe('alice');
    expect(ttl).toBe(86_400);
    expect(Number(expiry)).toBeGreaterThanOrEqual(before + ttl);
    expect(Number(expiry)).toBeLessThan(before + ttl + 100);
  });

  it('prints an RTCConfiguration around it where URLs are given', async () => {
    const { stdout } = await runInFakeWorld(['credentials', 'turn:a.example', 'turns:a.example', '-f', 'json'], {
      env,
    });
    expect(JSON.parse(stdout)).toEqual({
      iceServers: [
        {
          urls: ['turn:a.example', 'turns:a.example'],
          username: expect.stringMatching(/^\d{10}$/),
          credential: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/),
        },
      ],
    });
  });

  it('prints a person more than a script', async () => {
    const { stdout } = await runInFakeWorld(['credentials', 'turn:a.example'], { env });
    expect(stdout).toMatch(
      /^username {4}\d{10}\ncredential {2}\S{28}\nexpires {5}20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z\n\n\{"iceServers":.*\}\n$/,
    );
  });

  it('hints where the secret can be read by others', async () => {
    const { exitCode, stderr } = await runInFakeWorld(['credentials', '--secret', 'north']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      'hint: others on this machine can read what follows --secret; ICEPROBE_SECRET keeps it private\n',
    );
  });

  it.each([
    [
      [],
      {},
      'iceprobe: no shared secret\n  set ICEPROBE_SECRET to what the server has as static-auth-secret, or give --secret\n',
    ],
    [
      [],
      { ICEPROBE_SECRET: '' },
      'iceprobe: ICEPROBE_SECRET is set, but empty\n  set ICEPROBE_SECRET to what the server has as static-auth-secret, or give --secret\n',
    ],
    [['--ttl', '1.5'], env, 'iceprobe: --ttl is "1.5"\n  it takes a whole number of seconds from 1 to 315360000\n'],
    [['stun:a'], env, 'iceprobe: stun:a needs no credentials: they are for TURN\n  write turn: or turns:\n'],
    [['-f', 'yaml'], env, 'iceprobe: --format (-f) is "yaml"\n  it takes one of pretty, json\n'],
  ])('refuses %j with %j', async (args, world, stderr) => {
    expect(await runInFakeWorld(['credentials', ...args], { env: world })).toEqual({ exitCode: 2, stdout: '', stderr });
  });
});
