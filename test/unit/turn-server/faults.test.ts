import { describe, expect, it } from 'vitest';
import {
  AlternateServer,
  ChannelNumber,
  ErrorCodeAttribute,
  Lifetime,
  MessageIntegrity,
  Nonce,
  Realm,
  RequestedTransport,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '../../../src/core/stun/attributes.ts';
import type { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../../../src/core/stun/integrity.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../../src/core/turn/channel-data.ts';
import { parseFaults } from '../../../src/core/turn/server/faults/parse.ts';
import { FAULT_TABLE } from '../../../src/core/turn/server/faults/table.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { at, codeOf, decode, SimulatedClient, SimulatedTurn } from '../../support/simulated-turn.ts';

const udp = (builder: MessageBuilder) => builder.add(RequestedTransport, 17);
const peer = at('203.0.113.5:5000');

function setFaults(world: SimulatedTurn, specs: readonly string[], seed = 1): void {
  const plan = parseFaults(specs);
  if (!plan.ok) throw new Error(`${plan.error.spec}: ${plan.error.message}`);
  world.handle({ type: 'set-faults', plan: plan.value, seed });
}

function faulty(...specs: readonly string[]) {
  const world = new SimulatedTurn();
  setFaults(world, specs);
  const client = new SimulatedClient(world, '192.0.2.7:40000');
  const bind = () => decode(client.send(client.plain(Method.Binding))[0]);
  /** What came back to the last of several sends, unread. */
  const raw = (method: number, add?: (builder: MessageBuilder) => void) => {
    if (method === Method.Binding) return client.send(client.plain(method, add));
    if (client.nonce === '') client.challenge();
    return client.send(client.signed(method, add));
  };
  const relayOf = () => [...world.relays.keys()].find((id) => id.startsWith('relay-')) ?? '';
  /** An allocation with a channel to the peer; sends one packet each way and counts what arrives. */
  const open = () => {
    client.request(Method.Allocate, udp);
    client.request(Method.ChannelBind, (b) => b.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer));
    world.takeSent();
  };
  const toPeer = (length = 100) => {
    world.takeSent();
    world.receive('udp4', client.address, encodeChannelData(0x4000, new Uint8Array(length), { padded: false }));
    return world.takeSent();
  };
  const toClient = (length = 100, from = peer) => {
    world.takeSent();
    world.receiveAtRelay(relayOf(), from, new Uint8Array(length));
    return world.takeSent();
  };
  return { world, client, bind, raw, open, toPeer, toClient };
}

function overTcp(...specs: readonly string[]) {
  const world = new SimulatedTurn();
  setFaults(world, specs);
  const client = new SimulatedClient(world, '192.0.2.7:40000', { transport: 'tcp-1', kind: 'tcp' });
  const local = at('198.51.100.1:3478');
  world.handle({ type: 'stream-opened', transport: 'tcp-1', protocol: 'tcp', local, remote: client.address });
  return { world, client };
}

/** What each row of the table does, by its example. A row without a test here fails below. */
const BEHAVIOUR: Readonly<Record<string, () => void>> = {
  'allocate:486'() {
    const { world, client, raw } = faulty('allocate:486');
    expect(codeOf(client.challenge())).toBe(401);
    const answer = decode(raw(Method.Allocate, udp)[0]);
    expect(codeOf(answer)).toBe(486);
    expect(checkIntegrity(answer, client.key, nodeHashes)).toBe('valid');
    expect(world.relays.size).toBe(0);
  },
  'allocate:403!'() {
    const { client } = faulty('allocate:403!');
    const answer = client.challenge();
    expect([codeOf(answer), answer.has(Realm), answer.has(MessageIntegrity)]).toEqual([403, false, false]);
  },
  'binding:silent'() {
    const { world, client, raw } = faulty('binding:silent');
    expect(raw(Method.Binding)).toEqual([]);
    expect(world.takeEvents()).toMatchObject([{ type: 'ignored', reason: 'fault', detail: 'Binding: silent' }]);
    expect(codeOf(client.challenge())).toBe(401);
  },
  'allocate:close'() {
    const { world, client } = overTcp('allocate:close');
    expect(client.send(client.plain(Method.Allocate, udp))).toEqual([]);
    expect(world.takeCommands()).toEqual([{ type: 'close-stream', transport: 'tcp-1', why: 'fault' }]);
  },
  'refresh:delay=700'() {
    const { world, client, raw } = faulty('refresh:delay=700');
    client.request(Method.Allocate, udp);
    expect(raw(Method.Refresh)).toEqual([]);
    world.takeSent();
    world.advance(699);
    expect(world.takeSent()).toEqual([]);
    world.advance(1);
    expect(world.takeSent()).toHaveLength(1);
  },
  'allocate:twice'() {
    const { raw } = faulty('allocate:twice');
    const answers = raw(Method.Allocate, udp);
    expect(answers).toHaveLength(2);
    expect(answers[0]).toEqual(answers[1]);
  },
  'binding:wrong-id'() {
    const { client } = faulty('binding:wrong-id');
    const request = client.plain(Method.Binding);
    expect(decode(client.send(request)[0]).transactionId).not.toEqual(decode(request).transactionId);
  },
  'allocate:wrong-integrity'() {
    const { client, raw } = faulty('allocate:wrong-integrity');
    const answer = decode(raw(Method.Allocate, udp)[0]);
    expect([codeOf(answer), checkIntegrity(answer, client.key, nodeHashes)]).toEqual([0, 'invalid']);
  },
  'allocate:no-integrity'() {
    const { client, raw } = faulty('allocate:no-integrity');
    const answer = decode(raw(Method.Allocate, udp)[0]);
    expect([codeOf(answer), checkIntegrity(answer, client.key, nodeHashes)]).toEqual([0, 'absent']);
  },
  'any:wrong-fingerprint'() {
    expect(checkFingerprint(faulty('any:wrong-fingerprint').bind())).toBe('invalid');
  },
  'any:empty-realm'() {
    expect(faulty('any:empty-realm').client.challenge().get(Realm)).toBe('');
  },
  'any:no-realm'() {
    const answer = faulty('any:no-realm').client.challenge();
    expect([answer.has(Realm), answer.has(Nonce)]).toEqual([false, true]);
  },
  'any:no-nonce'() {
    const answer = faulty('any:no-nonce').client.challenge();
    expect([answer.has(Realm), answer.has(Nonce)]).toEqual([true, false]);
  },
  'binding:mapped=10.0.0.9'() {
    expect(faulty('binding:mapped=10.0.0.9').bind().get(XorMappedAddress)).toEqual(at('10.0.0.9:40000'));
    expect(faulty('binding:mapped=10.0.0.9:7').bind().get(XorMappedAddress)).toEqual(at('10.0.0.9:7'));
  },
  'binding:no-mapped'() {
    const answer = faulty('binding:no-mapped').bind();
    expect([answer.class, answer.has(XorMappedAddress)]).toEqual(['success', false]);
  },
  'allocate:relayed=192.168.7.7'() {
    const { world, client } = faulty('allocate:relayed=192.168.7.7');
    const relayed = client.request(Method.Allocate, udp).get(XorRelayedAddress);
    expect(relayed?.address).toBe('192.168.7.7');
    expect([...world.relays.values()].map(({ address, port }) => [address, port])).toEqual([
      ['198.51.100.1', relayed?.port],
    ]);
  },
  'refresh:lifetime=0'() {
    const { world, client } = faulty('refresh:lifetime=0');
    client.request(Method.Allocate, udp);
    const answer = client.request(Method.Refresh);
    expect([codeOf(answer), answer.get(Lifetime)]).toEqual([0, 0]);
    expect(world.server.allocations()).toHaveLength(1);
  },
  'allocate:unknown-attribute'() {
    const answer = faulty('allocate:unknown-attribute').client.request(Method.Allocate, udp);
    expect(answer.attributes.map(({ type }) => type)).toContain(0x7fed);
  },
  'allocate:malformed'() {
    const [bytes = new Uint8Array()] = faulty('allocate:malformed').raw(Method.Binding);
    expect(decodeMessage(bytes).ok).toBe(true);
    const { client } = faulty('allocate:malformed');
    const [spoilt = new Uint8Array()] = client.send(client.plain(Method.Allocate, udp));
    expect(decodeMessage(spoilt)).toMatchObject({ ok: false, error: { code: 'attribute-overruns', offset: 20 } });
  },
  'allocate:truncated'() {
    const { client } = faulty('allocate:truncated');
    const [bytes = new Uint8Array()] = client.send(client.plain(Method.Allocate, udp));
    expect(decodeMessage(bytes)).toMatchObject({ ok: false, error: { code: 'length-mismatch' } });
  },
  'binding:garbage'() {
    const [bytes = new Uint8Array()] = faulty('binding:garbage').raw(Method.Binding);
    expect(decodeMessage(bytes)).toMatchObject({ ok: false, error: { code: 'not-stun' } });
    // The same seed, the same garbage.
    expect(faulty('binding:garbage').raw(Method.Binding)).toEqual([bytes]);
  },
  'any:http'() {
    const [bytes = new Uint8Array()] = faulty('any:http').raw(Method.Binding);
    expect(Buffer.from(bytes).toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  },
  'any:from-port'() {
    const { world, client } = faulty('any:from-port');
    const [id, socket] = [...world.relays].find(([, { address }]) => address === '198.51.100.1') ?? [];
    expect(socket?.port).not.toBe(3478);
    client.send(client.plain(Method.Binding));
    expect(world.takeSent().map((sent) => [sent.transport, sent.to])).toEqual([[id, client.address]]);
    setFaults(world, []);
    expect(world.relays.size).toBe(0);
    client.send(client.plain(Method.Binding));
    expect(world.takeSent().map((sent) => sent.transport)).toEqual(['udp4']);
  },
  'any:from=127.0.0.2'() {
    const { world, client } = faulty('any:from=127.0.0.2');
    expect([...world.relays.values()]).toEqual([at('127.0.0.2:3478')]);
    client.send(client.plain(Method.Binding));
    expect(world.takeSent().map((sent) => sent.transport)).toEqual([[...world.relays.keys()][0]]);
  },
  'auth:none'() {
    const { world, client } = faulty('auth:none');
    const answer = decode(client.send(client.plain(Method.Allocate, udp))[0]);
    expect([codeOf(answer), answer.has(XorRelayedAddress), answer.has(MessageIntegrity)]).toEqual([0, true, false]);
    const permission = client.plain(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer));
    expect(codeOf(decode(client.send(permission)[0]))).toBe(0);
    expect(world.server.allocations()).toMatchObject([{ username: '', permissions: [peer.address] }]);
    // Credentials are still checked where somebody sends them.
    const wrong = new SimulatedClient(world, '192.0.2.7:40001', { password: 'wrong' });
    wrong.nonce = 'x';
    expect(codeOf(decode(wrong.send(wrong.signed(Method.Allocate, udp))[0]))).toBe(438);
  },
  'nonce:once'() {
    const { client } = faulty('nonce:once');
    client.request(Method.Allocate, udp);
    const stale = client.request(Method.Refresh);
    expect(codeOf(stale)).toBe(438);
    client.nonce = stale.get(Nonce) ?? '';
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
  },
  'nonce:5'() {
    const { world, client } = faulty('nonce:5');
    client.request(Method.Allocate, udp);
    world.advance(4000);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    world.advance(1000);
    expect(codeOf(client.request(Method.Refresh))).toBe(438);
  },
  'lifetime:permission=2'() {
    const { world, open, toClient } = faulty('lifetime:permission=2');
    open();
    world.advance(1999);
    expect(toClient()).toHaveLength(1);
    world.advance(1);
    expect(toClient()).toEqual([]);
    for (const [what, seconds] of Object.entries({ allocation: 7, channel: 3 })) {
      const other = faulty(`lifetime:${what}=${seconds}`);
      other.open();
      other.world.advance(seconds * 1000 - 1);
      const count = () =>
        other.world.server.allocations()[0]?.[what === 'channel' ? 'channels' : 'relayed'].length ?? 0;
      expect(count()).toBe(1);
      other.world.advance(1);
      expect(count()).toBe(0);
    }
  },
  'redirect:127.0.0.1:3479'() {
    const answer = faulty('redirect:127.0.0.1:3479').client.request(Method.Allocate, udp);
    expect([codeOf(answer), answer.get(AlternateServer)]).toEqual([300, at('127.0.0.1:3479')]);
  },
  'allocation:lost=3'() {
    const { world, client } = faulty('allocation:lost=3');
    client.request(Method.Allocate, udp);
    world.advance(2000);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    world.advance(1000);
    expect(codeOf(client.request(Method.Refresh))).toBe(437);
  },
  'stream:idle=5'() {
    const { world, client } = overTcp('stream:idle=5');
    client.request(Method.Allocate, udp);
    world.takeCommands();
    world.advance(4000);
    client.request(Method.Refresh);
    world.advance(4999);
    expect(world.takeCommands()).toEqual([]);
    world.advance(1);
    expect(world.takeCommands()[0]).toEqual({ type: 'close-stream', transport: 'tcp-1', why: 'idle' });
    expect(world.relays.size).toBe(0);
  },
  'data:drop,to-client,size>1200'() {
    const { world, open, toPeer, toClient } = faulty('data:drop,to-client,size>1200');
    open();
    expect([toClient(1200).length, toClient(1201).length, toPeer(1400).length]).toEqual([1, 0, 1]);
    expect(world.server.allocations()[0]).toMatchObject({ bytesToClient: 1200, bytesToPeers: 1400, packetsDropped: 1 });
  },
  'data:corrupt,to-peer'() {
    const { open, toPeer, toClient } = faulty('data:corrupt,to-peer');
    open();
    expect(toPeer(5)[0]?.bytes).toEqual(Uint8Array.of(0, 0, 1, 0, 0));
    expect(toClient(5)[0]?.bytes).toEqual(Uint8Array.of(0x40, 0, 0, 5, 0, 0, 0, 0, 0));
    const back = faulty('data:corrupt,to-client');
    back.open();
    expect(back.toClient(5)[0]?.bytes).toEqual(Uint8Array.of(0x40, 0, 0, 5, 0, 0, 1, 0, 0));
    const indication = back.toClient(5, at('203.0.113.5:5001'))[0]?.bytes ?? new Uint8Array();
    expect([...indication.subarray(36, 41)]).toEqual([0, 0, 1, 0, 0]);
  },
  'data:rate=256'() {
    const { world, open, toPeer } = faulty('data:rate=256');
    open();
    let passed = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      passed += toPeer(1000).length;
      world.advance(10);
    }
    // 100 packets a second come, 32 fit; the first tenth of a second is credit.
    expect(passed).toBeGreaterThanOrEqual(320);
    expect(passed).toBeLessThanOrEqual(324);
  },
  'client:loss=20%'() {
    const { world, client } = faulty('client:loss=20%');
    for (let i = 0; i < 1000; i++) client.send(client.plain(Method.Binding));
    world.advance(1);
    // 64 % come through both ways.
    const { length } = world.takeSent();
    expect(length).toBeGreaterThan(590);
    expect(length).toBeLessThan(690);
  },
  'client-out:duplicate=50%'() {
    const { world, client } = faulty('client-out:duplicate=50%');
    for (let i = 0; i < 1000; i++) client.send(client.plain(Method.Binding));
    world.advance(1);
    const { length } = world.takeSent();
    expect(length).toBeGreaterThan(1440);
    expect(length).toBeLessThan(1560);
  },
  'client-in:reorder=10%'() {
    const { world, client } = faulty('client-in:reorder=10%');
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) {
      const request = client.plain(Method.Binding);
      ids.push(Buffer.from(decode(request).transactionId).toString('hex'));
      client.send(request);
      world.advance(1);
    }
    world.advance(100);
    const answered = world.takeSent().map((sent) => Buffer.from(decode(sent.bytes).transactionId).toString('hex'));
    expect(answered).not.toEqual(ids);
    expect([...answered].sort()).toEqual([...ids].sort());
  },
  'client:delay=150'() {
    const { world, client } = faulty('client:delay=150');
    client.send(client.plain(Method.Binding));
    world.advance(299);
    expect(world.takeSent()).toEqual([]);
    world.advance(1);
    expect(world.takeSent()).toHaveLength(1);
  },
  'client:jitter=30'() {
    const { world, client } = faulty('client:jitter=30');
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      const start = world.now;
      client.send(client.plain(Method.Binding));
      while (world.takeSent().length === 0) world.advance(1);
      times.push(world.now - start);
      world.advance(100);
    }
    expect(Math.max(...times)).toBeLessThanOrEqual(61);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(25);
  },
};

/** These are for whoever has the sockets: tested with sockets. */
const SOCKET_EXAMPLES = ['tls:expired', 'tls:old-version', 'udp:off', 'tcp:silent', 'tls:swapped'];

describe('faults', () => {
  it.each(Object.entries(BEHAVIOUR))('%s', (_spec, check) => check());

  it('are each a row of the table with an example that is tested', () => {
    const tested = [...Object.keys(BEHAVIOUR), ...SOCKET_EXAMPLES];
    expect(FAULT_TABLE.map((row) => row.example)).toEqual(tested);
  });

  it.each(FAULT_TABLE.map((row) => [row.example, row] as const))('%s is read by its own row', (example, row) => {
    expect(parseFaults([example]).ok).toBe(true);
    const value = example.slice(example.indexOf(':') + 1);
    const readers = FAULT_TABLE.filter(
      (other) => other.subjects.includes(example.split(':')[0] ?? '') && other.value.test(value),
    );
    expect(readers).toEqual([row]);
  });
});

describe('@WHICH', () => {
  function silentRefreshes(which: string): number[] {
    const { client, raw } = faulty(`refresh:silent${which}`);
    client.request(Method.Allocate, udp);
    return Array.from({ length: 6 }, (_, i) => (raw(Method.Refresh).length === 0 ? i + 1 : 0)).filter((n) => n > 0);
  }

  it.each([
    ['', [1, 2, 3, 4, 5, 6]],
    ['@2', [2]],
    ['@3+', [3, 4, 5, 6]],
    ['@2-4', [2, 3, 4]],
  ])('%s', (which, expected) => {
    expect(silentRefreshes(which)).toEqual(expected);
  });

  it('@30% throws dice, the same for the same seed', () => {
    const count = (seed: number) => {
      const { world, client } = faulty();
      setFaults(world, ['binding:silent@30%'], seed);
      let silent = 0;
      for (let i = 0; i < 1000; i++) if (client.send(client.plain(Method.Binding)).length === 0) silent++;
      return silent;
    };
    expect(count(1)).toBe(count(1));
    expect(count(1)).toBeGreaterThan(250);
    expect(count(1)).toBeLessThan(350);
  });

  it('counts error codes for requests with right credentials alone', () => {
    const { client, raw } = faulty('allocate:508@1');
    client.challenge();
    client.challenge();
    expect(codeOf(decode(raw(Method.Allocate, udp)[0]))).toBe(508);
    expect(codeOf(client.request(Method.Allocate, udp))).toBe(0);
  });
});

describe('a challenge made by a fault', () => {
  it.each([401, 438])('%i holds realm and nonce', (code) => {
    const { client, raw } = faulty(`allocate:${code}`);
    client.challenge();
    const answer = decode(raw(Method.Allocate, udp)[0]);
    expect([answer.get(ErrorCodeAttribute)?.code, answer.has(Realm), answer.has(Nonce)]).toEqual([code, true, true]);
  });
});

describe('conditions on data', () => {
  it('until the client has sent there, as behind a stateful firewall', () => {
    const { open, toPeer, toClient } = faulty('data:drop,unsolicited');
    open();
    expect(toClient()).toEqual([]);
    expect(toPeer()).toHaveLength(1);
    expect(toClient()).toHaveLength(1);
  });

  it('by what carries it', () => {
    const { open, toPeer, toClient } = faulty('data:drop,channel');
    open();
    expect([toPeer().length, toClient().length, toClient(10, at('203.0.113.5:9')).length]).toEqual([0, 0, 1]);
  });

  it('by port of the peer and of the relay', () => {
    const byPeer = faulty('data:drop,peer-port=5000');
    byPeer.open();
    expect([byPeer.toClient().length, byPeer.toClient(1, at('203.0.113.5:5001')).length]).toEqual([0, 1]);
    const byRelay = faulty('data:drop,relay-port=1-65535');
    byRelay.open();
    expect(byRelay.toClient()).toEqual([]);
  });

  it('close the direct route while there are any', () => {
    const { world, client, open } = faulty();
    open();
    const data = encodeChannelData(0x4000, new Uint8Array(4), { padded: false });
    const route = () => world.server.routeFromClient('udp4', client.address.address, 40000, data, world.now);
    expect(route()).toBeDefined();
    setFaults(world, ['data:drop@50%']);
    expect(route()).toBeUndefined();
    setFaults(world, ['allocate:486']);
    expect(route()).toBeDefined();
  });
});

describe('a delayed stream', () => {
  it('keeps its order and loses nothing, whatever the jitter', () => {
    const { world, client } = overTcp(
      'client:jitter=50',
      'client:loss=50%',
      'client:reorder=50%',
      'client:duplicate=50%',
    );
    const ids: string[] = [];
    for (let i = 0; i < 100; i++) {
      const request = client.plain(Method.Binding);
      ids.push(Buffer.from(decode(request).transactionId).toString('hex'));
      client.send(request.subarray(0, 7));
      client.send(request.subarray(7));
    }
    world.advance(1000);
    const answers = world.takeSent().map((sent) => Buffer.from(decode(sent.bytes).transactionId).toString('hex'));
    expect(answers).toEqual(ids);
  });
});

describe('a specification that is none', () => {
  it.each([
    ['allocate', '"allocate" is nothing that can go wrong'],
    ['nothing:silent', '"nothing" is nothing that can go wrong'],
    ['allocate:700', '"700" is none of CODE, CODE!, silent'],
    ['allocate:486@0', '@0 is none of @2, @2+, @2-4, @30%'],
    ['allocate:486@4-2', '@4-2 is none of'],
    ['allocate:486@101%', '@101% is none of'],
    ['binding:mapped=example.org', 'example.org is no IP address'],
    ['redirect:127.0.0.1', '127.0.0.1 is not IP:PORT'],
    ['data:drop,sideways', 'sideways is no condition'],
    ['data:drop,relay-port=9-1', '9-1 is no port'],
    ['client:loss=101%', '101% is no percentage'],
    ['client:loss=5', '5 is no percentage'],
    ['tls:ugly', '"ugly" is none of'],
    ['nonce:once@2', 'takes no @'],
    ['', '"" is nothing that can go wrong'],
  ])('%s', (spec, message) => {
    const result = parseFaults(['binding:silent', spec]);
    expect(result.ok ? '' : `${result.error.spec}: ${result.error.message}`).toContain(`${spec}: `);
    expect(result.ok ? '' : result.error.message).toContain(message);
  });
});
