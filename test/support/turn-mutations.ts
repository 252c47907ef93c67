import assert from 'node:assert/strict';
import type { Random } from '../../src/core/random.ts';
import {
  AdditionalAddressFamily,
  ChannelNumber,
  Data,
  EvenPort,
  Lifetime,
  Nonce,
  Realm,
  RequestedTransport,
  Username,
  XorPeerAddress,
} from '../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { decodeMessage } from '../../src/core/stun/message.ts';
import { AttributeType, Method } from '../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../src/core/turn/channel-data.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { pick, randomMessage } from './random-message.ts';
import { at, codeOf, REALM, SimulatedClient, type SimulatedTurn } from './simulated-turn.ts';

/** Whom both clients talk with. */
export const PEER = at('203.0.113.5:5000');
export const HELLO = Uint8Array.of(1, 2, 3, 4, 5);

/** A client that does everything right, all along: whatever others send, it is served. */
export class GoodClient {
  readonly #world: SimulatedTurn;
  readonly #client: SimulatedClient;
  #relay = '';

  constructor(world: SimulatedTurn) {
    this.#world = world;
    this.#client = new SimulatedClient(world, '192.0.2.1:1000');
    const answer = this.#client.request(Method.Allocate, (b) => b.add(RequestedTransport, 17));
    if (codeOf(answer) !== 0) throw new Error('the good client got no allocation');
    this.#relay = [...world.relays.keys()].at(-1) ?? '';
    this.check();
  }

  check(): void {
    const world = this.#world;
    if (codeOf(this.#client.request(Method.Refresh)) === 438) this.#client.challenge();
    assert.equal(codeOf(this.#client.request(Method.Refresh)), 0);
    const bind = (b: MessageBuilder) => b.add(ChannelNumber, 0x4000).add(XorPeerAddress, PEER);
    assert.equal(codeOf(this.#client.request(Method.ChannelBind, bind)), 0);
    world.takeSent();
    world.receive('udp4', this.#client.address, encodeChannelData(0x4000, HELLO, { padded: false }));
    const relayed = world.takeSent().map(({ to, bytes }) => ({ to, bytes }));
    assert.deepEqual(relayed, [{ to: PEER, bytes: HELLO }]);
    world.receiveAtRelay(this.#relay, PEER, HELLO);
    assert.equal(world.takeSent().length, 1);
    world.takeEvents();
    world.takeCommands();
  }
}

/** Whole packets of every kind that a client sends. */
export function clientPackets(client: SimulatedClient, random: Random): Uint8Array[] {
  const add =
    (...adds: ((b: MessageBuilder) => unknown)[]) =>
    (b: MessageBuilder) => {
      for (const each of adds) each(b);
    };
  const to = (b: MessageBuilder) => b.add(XorPeerAddress, PEER);
  const udp = (b: MessageBuilder) => b.add(RequestedTransport, 17);
  return [
    client.plain(Method.Binding),
    client.plain(Method.Allocate, (b) => void udp(b)),
    client.signed(Method.Allocate, (b) => void udp(b)),
    client.signed(
      Method.Allocate,
      add(udp, (b) => b.add(EvenPort, true)),
    ),
    client.signed(
      Method.Allocate,
      add(udp, (b) => b.add(AdditionalAddressFamily, 6)),
    ),
    client.signed(Method.Allocate, (b) => void b.add(RequestedTransport, 6)),
    client.signed(Method.Refresh, (b) => void b.add(Lifetime, 600)),
    client.signed(Method.CreatePermission, (b) => void to(b)),
    client.signed(
      Method.ChannelBind,
      add(to, (b) => b.add(ChannelNumber, 0x4001)),
    ),
    client.signed(Method.Connect, (b) => void to(b)),
    client.signed(Method.ConnectionBind, (b) => void b.addRaw(AttributeType.ConnectionId, random.bytes(4))),
    new MessageBuilder('indication', Method.Send, random.bytes(12)).add(XorPeerAddress, PEER).add(Data, HELLO).build(),
    encodeChannelData(0x4001, HELLO, { padded: true }),
    randomMessage(random).bytes,
  ];
}

/** The attributes of a spoilt packet, signed afresh by somebody who may: past the door, to where it hurts. */
export function signedAgain(client: SimulatedClient, spoilt: Uint8Array, random: Random): Uint8Array {
  const message = decodeMessage(spoilt);
  if (!message.ok) return spoilt;
  const method = pick(random, Object.values(Method));
  const builder = new MessageBuilder('request', method, client.transactionId());
  for (const { type, value } of message.value.attributes) {
    if (!CREDENTIALS.has(type)) builder.addRaw(type, value);
  }
  builder.add(Username, 'bob').add(Realm, REALM).add(Nonce, client.nonce);
  return builder.integrity(client.key, nodeHashes).build();
}

const CREDENTIALS: ReadonlySet<number> = new Set<number>([
  AttributeType.Username,
  AttributeType.Realm,
  AttributeType.Nonce,
  AttributeType.MessageIntegrity,
  AttributeType.MessageIntegritySha256,
  AttributeType.Fingerprint,
]);
