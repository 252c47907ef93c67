import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import {
  Lifetime,
  MessageIntegrity,
  MessageIntegritySha256,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Realm,
  RequestedTransport,
  Username,
} from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { readNonceCookie } from '../../../src/core/stun/nonce-cookie.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { joinedUsers, listedUsers, sharedSecretUsers } from '../../../src/core/turn/server/users.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { codeOf, decode, REALM, SimulatedClient, SimulatedTurn, UNIX_AT_ZERO } from '../../support/simulated-turn.ts';

const udp = (builder: MessageBuilder) => builder.add(RequestedTransport, 17);

describe('the challenge', () => {
  it('is a 401 with realm, a nonce that names the features, and the password algorithms', () => {
    const world = new SimulatedTurn({ software: 'iceprobe test' });
    const answer = new SimulatedClient(world, '192.0.2.7:40000').challenge();
    expect(codeOf(answer)).toBe(401);
    expect(answer.get(Realm)).toBe(REALM);
    // RFC 8489 9.2: the cookie and the bits for password algorithms and user name anonymity.
    expect(answer.get(Nonce)).toMatch(/^obMatJos2AAAD[0-9A-Za-z+/]{16}$/);
    expect(answer.get(PasswordAlgorithms)?.map((each) => each.algorithm)).toEqual([2, 1]);
    expect(answer.has(MessageIntegrity)).toBe(false);
    expect(answer.has(Username)).toBe(false);
    const [event] = world.takeEvents();
    expect(event).toMatchObject({ type: 'rejected', code: 401, challenge: true });
  });

  it('needs no memory: ten thousand of them leave nothing behind', () => {
    const world = new SimulatedTurn();
    for (let i = 0; i < 10_000; i++) new SimulatedClient(world, `192.0.2.7:${1024 + i}`).challenge();
    expect(world.server.deadline).toBeUndefined();
    expect(world.server.allocations()).toEqual([]);
  });
});

describe('who gets in', () => {
  it.each([
    ['the right password', 'alice', 'wonderland', 0],
    ['a wrong password', 'alice', 'builder', 401],
    ['an unknown user', 'carol', 'wonderland', 401],
    ['an empty password', 'alice', '', 401],
    ['constructor', 'constructor', 'undefined', 401],
    ['__proto__', '__proto__', '[object Object]', 401],
    ['toString', 'toString', '', 401],
    ['hasOwnProperty', 'hasOwnProperty', 'hasOwnProperty', 401],
  ])('%s', (_what, username, password, code) => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000', { username, password });
    expect(codeOf(client.request(Method.Allocate, udp))).toBe(code);
  });

  it('takes SHA-256 with PASSWORD-ALGORITHM, and answers with the integrity it was asked with', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000', { algorithm: 'SHA-256' });
    const answer = client.request(Method.Allocate, udp);
    expect(codeOf(answer)).toBe(0);
    expect(answer.has(MessageIntegritySha256)).toBe(false);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
  });

  it('takes USERHASH and MESSAGE-INTEGRITY-SHA256', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000', { algorithm: 'SHA-256', modern: true });
    const answer = client.request(Method.Allocate, udp);
    expect(codeOf(answer)).toBe(0);
    expect(answer.has(MessageIntegritySha256)).toBe(true);
    expect(world.server.allocations()[0]?.username).toBe('alice');
    const unknown = new SimulatedClient(world, '192.0.2.7:40001', { username: 'carol', modern: true });
    expect(codeOf(unknown.request(Method.Allocate, udp))).toBe(401);
  });

  it('counts only the stronger of two integrities (bid-down)', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.challenge();
    const builder = () =>
      udp(new MessageBuilder('request', Method.Allocate, client.transactionId()))
        .add(Username, 'alice')
        .add(Realm, REALM)
        .add(Nonce, client.nonce);
    const wrong = new Uint8Array(16);
    const [forged] = client.send(
      builder().integrity(client.key, nodeHashes).integritySha256(wrong, nodeHashes).build(),
    );
    expect(codeOf(decode(forged))).toBe(401);
    const [good] = client.send(builder().integrity(wrong, nodeHashes).integritySha256(client.key, nodeHashes).build());
    expect(codeOf(decode(good))).toBe(0);
  });

  it.each([
    ['a shortened list', [{ algorithm: 1, parameters: new Uint8Array() }], 1],
    [
      'another order',
      [
        { algorithm: 1, parameters: new Uint8Array() },
        { algorithm: 2, parameters: new Uint8Array() },
      ],
      2,
    ],
    ['a choice that was not offered', undefined, 3],
  ])('refuses with 400 %s of password algorithms', (_what, list, choice) => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.challenge();
    const answer = client.request(Method.Allocate, (b) =>
      udp(b)
        .add(PasswordAlgorithms, list ?? client.algorithms ?? [])
        .add(PasswordAlgorithm, { algorithm: choice, parameters: new Uint8Array() }),
    );
    expect(codeOf(answer)).toBe(400);
  });

  it('refuses with 400 one of the two algorithm attributes without the other', () => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    const choice = { algorithm: 2, parameters: new Uint8Array() };
    expect(codeOf(client.request(Method.Allocate, (b) => udp(b).add(PasswordAlgorithm, choice)))).toBe(400);
    expect(codeOf(client.request(Method.Allocate, (b) => udp(b).add(PasswordAlgorithms, [choice])))).toBe(400);
  });

  it.each(['username', 'realm', 'nonce'])('refuses with 400 integrity without %s', (missing) => {
    const client = new SimulatedClient(new SimulatedTurn(), '192.0.2.7:40000');
    client.challenge();
    const builder = udp(new MessageBuilder('request', Method.Allocate, client.transactionId()));
    if (missing !== 'username') builder.add(Username, 'alice');
    if (missing !== 'realm') builder.add(Realm, REALM);
    if (missing !== 'nonce') builder.add(Nonce, client.nonce);
    const [answer] = client.send(builder.integrity(client.key, nodeHashes).build());
    expect(codeOf(decode(answer))).toBe(400);
    expect(decode(answer).has(MessageIntegrity)).toBe(false);
  });

  it('lets only the owner touch an allocation: 441 for another user', () => {
    const world = new SimulatedTurn();
    const alice = new SimulatedClient(world, '192.0.2.7:40000');
    alice.request(Method.Allocate, udp);
    const bob = new SimulatedClient(world, '192.0.2.7:40000', { username: 'bob', password: 'builder' });
    bob.nonce = alice.nonce;
    expect(codeOf(bob.request(Method.Refresh, (b) => b.add(Lifetime, 0)))).toBe(441);
    expect(codeOf(bob.request(Method.CreatePermission))).toBe(441);
    expect(world.relays.size).toBe(1);
  });
});

describe('a nonce', () => {
  it('goes stale after its lifetime (438 with a new one), and the allocation survives that', () => {
    const world = new SimulatedTurn();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.request(Method.Allocate, (b) => udp(b).add(Lifetime, 3600));
    world.advance(3_599_000);
    expect(codeOf(client.request(Method.Refresh, (b) => b.add(Lifetime, 3600)))).toBe(0);
    world.advance(1000);
    const stale = client.request(Method.Refresh, (b) => b.add(Lifetime, 3600));
    expect(codeOf(stale)).toBe(438);
    expect(stale.has(MessageIntegrity)).toBe(false);
    const fresh = stale.get(Nonce) ?? '';
    expect(fresh).not.toBe(client.nonce);
    client.nonce = fresh;
    expect(codeOf(client.request(Method.Refresh, (b) => b.add(Lifetime, 3600)))).toBe(0);
  });

  it.each([
    ['another address', (nonce: string, other: string) => (nonce === other ? '' : other)],
    ['a changed time', (nonce: string) => `${nonce.slice(0, 13)}00000000${nonce.slice(21)}`],
    ['a changed end', (nonce: string) => `${nonce.slice(0, -1)}${nonce.endsWith('0') ? '1' : '0'}`],
    ['features taken away', (nonce: string) => nonce.replace('obMatJos2AAAD', 'obMatJos2AAAA')],
    ['an empty one', () => ''],
    ['another server’s', () => 'obMatJos2AAAD00000000000000000000000000000000'],
  ])('of %s is answered with 438', (_what, forge) => {
    const world = new SimulatedTurn();
    const elsewhere = new SimulatedClient(world, '192.0.2.8:40000');
    elsewhere.challenge();
    const client = new SimulatedClient(world, '192.0.2.7:40000');
    client.challenge();
    client.nonce = forge(client.nonce, elsewhere.nonce);
    const [answer] = client.send(client.signed(Method.Allocate, udp));
    expect(codeOf(decode(answer))).toBe(438);
  });

  it('serves another port of the same address, as RFC 6062 needs', () => {
    const world = new SimulatedTurn();
    const first = new SimulatedClient(world, '192.0.2.7:40000');
    first.challenge();
    const second = new SimulatedClient(world, '192.0.2.7:40001');
    second.nonce = first.nonce;
    expect(codeOf(second.request(Method.Allocate, udp))).toBe(0);
  });
});

describe('REST credentials', () => {
  const passwordOf = (username: string) =>
    new Secret(Buffer.from(nodeHashes.hmacSha1(Buffer.from('shared'), Buffer.from(username))).toString('base64'));
  const users = joinedUsers(
    listedUsers([['alice', new Secret('wonderland')]], REALM, nodeHashes),
    sharedSecretUsers(new Secret('shared'), nodeHashes),
  );
  const client = (world: SimulatedTurn, username: string, port = 40000) =>
    new SimulatedClient(world, `192.0.2.7:${port}`, { username, password: passwordOf(username).reveal() });

  it.each([
    ['in time', `${UNIX_AT_ZERO + 60}:dave`, 0],
    ['in time, without a name', `${UNIX_AT_ZERO + 60}`, 0],
    ['expired', `${UNIX_AT_ZERO}:dave`, 401],
    ['the wrong way round', `dave:${UNIX_AT_ZERO + 60}`, 401],
    ['no expiry at all', 'dave', 401],
    ['in milliseconds', `${UNIX_AT_ZERO + 60}000:dave`, 401],
    ['negative', '-1:dave', 401],
    ['not a whole number', `${UNIX_AT_ZERO + 60}.5:dave`, 401],
  ])('%s', (_what, username, code) => {
    expect(codeOf(client(new SimulatedTurn({ users }), username).request(Method.Allocate, udp))).toBe(code);
  });

  it('are checked when allocating only: the allocation lives on, a new one is refused', () => {
    const world = new SimulatedTurn({ users });
    const dave = client(world, `${UNIX_AT_ZERO + 60}:dave`);
    dave.request(Method.Allocate, udp);
    world.advance(120_000);
    expect(codeOf(dave.request(Method.Refresh))).toBe(0);
    expect(codeOf(client(world, `${UNIX_AT_ZERO + 60}:dave`, 40001).request(Method.Allocate, udp))).toBe(401);
    expect(world.takeEvents().at(-1)).toMatchObject({ reason: expect.stringContaining('credential expired') });
  });

  it('cannot be told by hash, so no client is asked for one', () => {
    const answer = new SimulatedClient(new SimulatedTurn({ users }), '192.0.2.7:40000').challenge();
    expect(readNonceCookie(answer.get(Nonce) ?? '')).toEqual({ passwordAlgorithms: true, usernameAnonymity: false });
  });

  it('stand beside listed users', () => {
    const world = new SimulatedTurn({ users });
    expect(codeOf(new SimulatedClient(world, '192.0.2.7:40000').request(Method.Allocate, udp))).toBe(0);
  });
});
