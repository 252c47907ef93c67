import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../src/core/address.ts';
import { Secret } from '../../src/core/secret.ts';
import {
  AdditionalAddressFamily,
  ChannelNumber,
  Data,
  ErrorCodeAttribute,
  Lifetime,
  Nonce,
  Realm,
  RequestedAddressFamily,
  Software,
  Username,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '../../src/core/stun/attributes.ts';
import { longTermKey } from '../../src/core/stun/credentials.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { StreamFramer } from '../../src/core/stun/framing.ts';
import { checkIntegrity } from '../../src/core/stun/integrity.ts';
import { decodeMessage, type MessageClass, type StunMessage } from '../../src/core/stun/message.ts';
import { Method, methodName } from '../../src/core/stun/registry.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import type { Endpoint, Packet, Simulator } from './simulator.ts';

export const USER = 'alice';
export const PASSWORD = 'open sesame';
export const CREDENTIALS = { username: USER, password: new Secret(PASSWORD) };
export const REALM = 'example.org';

export interface FakeRequest {
  readonly message: StunMessage;
  readonly from: SocketAddress;
  /** Whether it carries an integrity that is right. */
  readonly authentic: boolean;
  /** 1 for the first request of all that is no retransmission, and so on. */
  readonly number: number;
  readonly server: FakeTurnServer;
}

export interface FakeReply {
  readonly bytes: Uint8Array;
  /** Another source address than the one asked. */
  readonly from?: SocketAddress;
  readonly delayMs?: number;
}

/** Undefined: as a good server would. An empty list: silence. */
export type FakeScript = (request: FakeRequest) => readonly (Uint8Array | FakeReply)[] | undefined;

interface FakeAllocation {
  readonly client: SocketAddress;
  readonly relayed: SocketAddress;
  expiresAt: number;
  readonly channels: Map<number, SocketAddress>;
}

/**
 * The least TURN server that a client can work with, to be bent by a script into anything that goes wrong. Peers echo.
 */
export class FakeTurnServer implements Endpoint {
  readonly address: SocketAddress;
  readonly allocations: FakeAllocation[] = [];
  /** `Allocate`, and `Allocate+` where it carried credentials. Retransmissions count. */
  readonly requests: string[] = [];
  nonce = 'nonce-1';
  lifetime = 600;
  /** Where its relayed IPv4 addresses are. */
  relayHost = '203.0.113.9';
  /** Whether ADDITIONAL-ADDRESS-FAMILY is heeded. */
  bothFamilies = false;
  readonly #simulator: Simulator;
  readonly #script: FakeScript;
  readonly #stream: boolean;
  readonly #framers = new Map<string, StreamFramer>();
  readonly #seen = new Set<string>();

  constructor(simulator: Simulator, address: SocketAddress, script: FakeScript = () => undefined, stream = false) {
    this.#simulator = simulator;
    this.address = address;
    this.#script = script;
    this.#stream = stream;
    simulator.add(this);
  }

  readonly wakeAt = undefined;

  wake(): void {}

  owns(address: SocketAddress): boolean {
    return sameSocketAddress(address, this.address);
  }

  receive(packet: Packet): void {
    if (!this.#stream) {
      this.#packet(packet.from, packet.bytes);
      return;
    }
    const name = formatSocketAddress(packet.from);
    const framer = this.#framers.get(name) ?? new StreamFramer();
    this.#framers.set(name, framer);
    for (const frame of framer.push(packet.bytes)) {
      if (frame.kind === 'error') throw new Error(`the client's stream is broken: ${frame.message}`);
      this.#packet(packet.from, frame.bytes);
    }
  }

  /** Sends bytes to a client from the server's address, or from another. */
  say(to: SocketAddress, reply: Uint8Array | FakeReply): void {
    const { bytes, from = this.address, delayMs = 0 } = reply instanceof Uint8Array ? { bytes: reply } : reply;
    this.#simulator.after(delayMs, () => this.#simulator.send({ from, to, bytes, stream: this.#stream }));
  }

  /** An answer with the key of the user, as a server that knows the password protects it. */
  success(
    request: StunMessage,
    add: (builder: MessageBuilder) => MessageBuilder = (b) => b,
    password = PASSWORD,
  ): Uint8Array {
    const builder = add(answer(request, 'success')).add(Software, 'fake');
    return request.has(Username) ? builder.integrity(key(password), nodeHashes).build() : builder.build();
  }

  challenge(request: StunMessage, code = 401, reason = 'Unauthorized', realm: string | null = REALM): Uint8Array {
    return error(request, code, reason, (builder) =>
      builder
        .addOptional(Realm, realm ?? undefined)
        .add(Nonce, this.nonce)
        .add(Software, 'fake'),
    );
  }

  #packet(from: SocketAddress, bytes: Uint8Array): void {
    if ((bytes[0] ?? 0) >= 0x40) {
      this.#channelData(from, bytes);
      return;
    }
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(`the client sent no STUN: ${decoded.error.message}`);
    const message = decoded.value;
    if (message.class === 'indication') {
      this.#sendIndication(from, message);
      return;
    }
    this.#seen.add(message.transactionId.join());
    const authentic = message.has(Username) && checkIntegrity(message, key(PASSWORD), nodeHashes) === 'valid';
    this.requests.push(`${methodName(message.method)}${message.has(Username) ? '+' : ''}`);
    const request: FakeRequest = { message, from, authentic, number: this.#seen.size, server: this };
    for (const reply of this.#script(request) ?? [this.#answer(request)]) this.say(from, reply);
  }

  #answer({ message, from, authentic }: FakeRequest): Uint8Array {
    if (message.method === Method.Binding) return this.success(message, (b) => b.add(XorMappedAddress, from));
    if (!authentic) return this.challenge(message);
    if (message.get(Nonce) !== this.nonce) return this.challenge(message, 438, 'Stale Nonce');
    const existing = this.allocations.find(
      ({ client, expiresAt }) => sameSocketAddress(client, from) && expiresAt > this.#simulator.now,
    );
    if (message.method === Method.Allocate) return this.#allocate(message, from, existing);
    if (existing === undefined) return error(message, 437, 'Allocation Mismatch');
    switch (message.method) {
      case Method.Refresh: {
        const lifetime = message.get(Lifetime) === 0 ? 0 : this.lifetime;
        existing.expiresAt = this.#simulator.now + 1000 * lifetime;
        return this.success(message, (b) => b.add(Lifetime, lifetime));
      }
      case Method.ChannelBind: {
        const channel = message.get(ChannelNumber);
        const peer = message.get(XorPeerAddress);
        if (channel === undefined || peer === undefined) return error(message, 400, 'Bad Request');
        existing.channels.set(channel, peer);
        return this.success(message);
      }
      default:
        return this.success(message);
    }
  }

  #allocate(message: StunMessage, from: SocketAddress, existing: FakeAllocation | undefined): Uint8Array {
    if (existing !== undefined) return error(message, 437, 'Allocation Mismatch');
    const port = 50_000 + this.allocations.length;
    const relayed: SocketAddress =
      message.get(RequestedAddressFamily) === 6
        ? { family: 6, address: '2001:db8:9::9', port }
        : { family: 4, address: this.relayHost, port };
    this.allocations.push({
      client: from,
      relayed,
      expiresAt: this.#simulator.now + 1000 * this.lifetime,
      channels: new Map(),
    });
    const second: SocketAddress = { family: 6, address: '2001:db8:9::9', port };
    return this.success(message, (b) =>
      b
        .add(XorRelayedAddress, relayed)
        .addOptional(XorRelayedAddress, this.bothFamilies && message.has(AdditionalAddressFamily) ? second : undefined)
        .add(XorMappedAddress, from)
        .add(Lifetime, this.lifetime),
    );
  }

  #sendIndication(from: SocketAddress, message: StunMessage): void {
    const peer = message.get(XorPeerAddress);
    const data = message.get(Data);
    if (peer === undefined || data === undefined) return;
    this.say(
      from,
      new MessageBuilder('indication', Method.Data, message.transactionId)
        .add(XorPeerAddress, peer)
        .add(Data, data)
        .build(),
    );
  }

  #channelData(from: SocketAddress, bytes: Uint8Array): void {
    this.say(from, bytes.slice());
  }
}

/** An error response without integrity, as nearly all servers send them. */
export function error(
  request: StunMessage,
  code: number,
  reason: string,
  add: (builder: MessageBuilder) => MessageBuilder = (b) => b,
): Uint8Array {
  return add(answer(request, 'error').add(ErrorCodeAttribute, { code, reason })).build();
}

export function answer(request: StunMessage, messageClass: MessageClass): MessageBuilder {
  return new MessageBuilder(messageClass, request.method, request.transactionId);
}

function key(password: string): Uint8Array {
  return longTermKey(USER, REALM, new Secret(password), 'MD5', nodeHashes);
}
