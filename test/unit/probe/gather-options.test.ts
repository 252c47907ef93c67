import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { gather } from '../../../src/index.ts';
import { ConfigurationError, type GatherOptions, serversOf } from '../../../src/probe/gather-options.ts';

describe('serversOf', () => {
  it('makes one server of each URL, each once, with its credentials wrapped', () => {
    const servers = serversOf([
      { urls: 'stun:a.example' },
      { urls: ['turn:b.example', 'turns:b.example'], username: 'u', credential: 'p' },
      { urls: ['turn:b.example'], username: 'other', credential: new Secret('q') },
    ]);
    expect(servers.map(({ url, username }) => [url, username])).toEqual([
      ['stun:a.example', undefined],
      ['turn:b.example', 'u'],
      ['turns:b.example', 'u'],
    ]);
    expect(servers[1]?.credential?.reveal()).toBe('p');
    expect(JSON.stringify(servers)).not.toContain('"p"');
  });
});

describe('gather refuses, before anything is sent,', () => {
  it.each<[string, GatherOptions, string]>([
    ['what is no URL', { iceServers: [{ urls: 'stun:' }] }, 'uri.missing-host'],
    ['a TURN server without user name', { iceServers: [{ urls: 'turn:a', credential: 'p' }] }, 'missing-credential'],
    ['an empty credential', { iceServers: [{ urls: 'turn:a', username: 'u', credential: '' }] }, 'missing-credential'],
    ['a time that is none', { iceServers: [], timeoutMs: Number.NaN }, 'bad-option'],
    ['no time at all', { iceServers: [], timeoutMs: 0 }, 'bad-option'],
    ['a negative pace', { iceServers: [], paceMs: -1 }, 'bad-option'],
    ['a family that is none', { iceServers: [], family: 5 as 4 }, 'bad-option'],
    ['an authority that is no certificate', { iceServers: [], ca: 'hello' }, 'bad-ca'],
  ])('%s', (_, options, code) => {
    let caught: unknown;
    try {
      gather(options);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ConfigurationError);
    expect(caught).toMatchObject({ code, hint: expect.stringMatching(/./) });
  });
});
