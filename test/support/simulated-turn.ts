import type { Family, SocketAddress, TransportKind } from '../../src/core/address.ts';
import { canonicalAddress } from '../../src/core/address.ts';
import { seededRandom } from '../../src/core/random.ts';
import { Secret } from '../../src/core/secret.ts';
import {
  ErrorCodeAttribute,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  type PasswordAlgorithmValue,
  Realm,
  Userhash,
  Username,
} from '../../src/core/stun/attributes.ts';
import { longTermKey, type PasswordAlgorithmName, userhash } from '../../src/core/stun/credentials.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../src/core/stun/integrity.ts';
import { decodeMessage, type StunMessage } from '../../src/core/stun/message.ts';
import type { TurnServerCommand, TurnServerEvent } from '../../src/core/turn/server/io.ts';
import { EVERY_PEER } from '../../src/core/turn/server/peer-policy.ts';
import { TurnServer } from '../../src/core/turn/server/server.ts';
import {
  DEFAULT_LIFETIMES,
  DEFAULT_QUOTAS,
  DEFAULT_RELAY_PORTS,
  type TurnServerSettings,
} from '../../src/core/turn/server/settings.ts';
import { listedUsers } from '../../src/core/turn/server/users.ts';
import { nodeHashes } from '../../src/net/hashes.ts';

export const REALM = 'example.org';

/** 2026-01-01T00:00:00Z. */
export const UNIX_AT_ZERO = 1_767_225_600;

export interface Sent {
  readonly transport: string;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478`. */
export function at(text: string): SocketAddress {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? plain ?? '');
  if (address === undefined) throw new Error(`no address: ${text}`);
  return { family: bracketed === undefined ? 4 : 6, address, port: Number(port) };
}

export function settings(overrides: Partial<TurnServerSettings> = {}): TurnServerSettings {
  return {
    realm: REALM,
    users: listedUsers(
      [
        ['alice', new Secret('wonderland')],
        ['bob', new Secret('builder')],
      ],
      REALM,
      nodeHashes,
    ),
    relays: { 4: { bind: '198.51.100.1' }, 6: { bind: '2001:db8:51::1' } },
    relayPorts: DEFAULT_RELAY_PORTS,
    lifetimes: DEFAULT_LIFETIMES,
    quotas: DEFAULT_QUOTAS,
    peers: EVERY_PEER,
    unixAtZero: UNIX_AT_ZERO,
    tcpRelaying: true,
    ...overrides,
  };
}

/** A server on a network that is nothing but lists: what it sends, what it tells, what it opens. In virtual time. */
export class SimulatedTurn {
  readonly server: TurnServer;
  now = 0;
  /** Every output since the last look, by kind. */
  sent: Sent[] = [];
  events: TurnServerEvent[] = [];
  commands: TurnServerCommand[] = [];
  /** Relays that are open now. */
  readonly relays = new Map<string, SocketAddress>();
  /** Ports that somebody else holds. */
  readonly occupied = new Set<number>();
  /** What the system says of an address that it does not have. */
  readonly unavailable = new Set<string>();
  /** False: `bind-relay` waits for `answerBinds`. */
  bindAtOnce = true;
  readonly #waiting: Extract<TurnServerCommand, { type: 'bind-relay' }>[] = [];

  constructor(overrides: Partial<TurnServerSettings> = {}, seed = 1) {
    this.server = new TurnServer(settings(overrides), nodeHashes, seededRandom(seed));
    this.server.handle({ type: 'listener-opened', transport: 'udp4', local: at('198.51.100.1:3478') }, 0);
    this.server.handle({ type: 'listener-opened', transport: 'udp6', local: at('[2001:db8:51::1]:3478') }, 0);
    this.drain();
  }

  receive(transport: string, from: SocketAddress, bytes: Uint8Array): void {
    this.server.handle({ type: 'received', transport, from, bytes }, this.now);
    this.drain();
  }

  receiveAtRelay(relay: string, from: SocketAddress, bytes: Uint8Array): void {
    this.server.handle({ type: 'relay-received', relay, from, bytes }, this.now);
    this.drain();
  }

  handle(input: Parameters<TurnServer['handle']>[0]): void {
    this.server.handle(input, this.now);
    this.drain();
  }

  /** Lets time pass, deadline by deadline. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; ; steps++) {
      if (steps > 1_000_000) throw new Error('time stands still');
      const deadline = this.server.deadline;
      if (deadline === undefined || deadline.at > end) break;
      this.now = Math.max(this.now, deadline.at);
      this.server.handleTimeout(this.now);
      this.drain();
    }
    this.now = end;
  }

  /** What was sent since the last look. */
  takeSent(): Sent[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }

  takeEvents(): TurnServerEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  takeCommands(): TurnServerCommand[] {
    const { commands } = this;
    this.commands = [];
    return commands;
  }

  relayAt(address: SocketAddress): string {
    for (const [id, bound] of this.relays) {
      if (bound.address === address.address && bound.port === address.port) return id;
    }
    throw new Error(`nothing is bound to ${address.address}:${address.port}`);
  }

  answerBinds(): void {
    for (const command of this.#waiting.splice(0)) this.#bind(command);
    this.drain();
  }

  drain(): void {
    for (let output = this.server.poll(); output !== undefined; output = this.server.poll()) {
      if (output.kind === 'transmit') this.sent.push(output);
      else if (output.kind === 'event') this.events.push(output.event);
      else this.#carryOut(output.command);
    }
  }

  #carryOut(command: TurnServerCommand): void {
    this.commands.push(command);
    if (command.type === 'close-relay') {
      if (!this.relays.delete(command.relay)) throw new Error(`${command.relay} is not open`);
    } else if (command.type === 'bind-relay') {
      if (this.bindAtOnce) this.#bind(command);
      else this.#waiting.push(command);
    }
  }

  #bind(command: Extract<TurnServerCommand, { type: 'bind-relay' }>): void {
    const { relay, family, address, port } = command;
    if (this.unavailable.has(address)) {
      this.server.handle({ type: 'relay-failed', relay, code: 'EADDRNOTAVAIL' }, this.now);
    } else if (this.occupied.has(port)) {
      this.server.handle({ type: 'relay-failed', relay, code: 'EADDRINUSE' }, this.now);
    } else {
      this.relays.set(relay, { family, address, port });
      this.server.handle({ type: 'relay-bound', relay }, this.now);
    }
  }
}

export interface ClientOptions {
  readonly username?: string;
  readonly password?: string;
  readonly transport?: string;
  readonly kind?: TransportKind;
  readonly algorithm?: PasswordAlgorithmName;
  /** Sign with MESSAGE-INTEGRITY-SHA256, and say who we are by USERHASH. */
  readonly modern?: boolean;
}

/** A client that speaks the long-term mechanism; each request is a fresh transaction answered at once. */
export class SimulatedClient {
  readonly address: SocketAddress;
  readonly transport: string;
  readonly #world: SimulatedTurn;
  readonly #options: ClientOptions;
  readonly #random;
  nonce = '';
  realm = REALM;
  algorithms: readonly PasswordAlgorithmValue[] | undefined;

  constructor(world: SimulatedTurn, address: string, options: ClientOptions = {}) {
    this.#world = world;
    this.address = at(address);
    this.transport = options.transport ?? (this.address.family === 4 ? 'udp4' : 'udp6');
    this.#options = options;
    this.#random = seededRandom(this.address.port);
  }

  get key(): Uint8Array {
    const { username = 'alice', password = 'wonderland', algorithm = 'MD5' } = this.#options;
    return longTermKey(username, this.realm, new Secret(password), algorithm, nodeHashes);
  }

  transactionId(): Uint8Array {
    return this.#random.bytes(12);
  }

  /** Sends bytes; what came back to this client. */
  send(bytes: Uint8Array): Uint8Array[] {
    const before = this.#world.sent.length;
    this.#world.receive(this.transport, this.address, bytes);
    return this.#world.sent
      .slice(before)
      .filter((sent) => sent.transport === this.transport && sent.to.port === this.address.port)
      .map((sent) => sent.bytes);
  }

  /** An unsigned request. */
  plain(method: number, add: (builder: MessageBuilder) => void = () => {}): Uint8Array {
    const builder = new MessageBuilder('request', method, this.transactionId());
    add(builder);
    return builder.build();
  }

  /** A request signed with the nonce at hand. */
  signed(method: number, add: (builder: MessageBuilder) => void = () => {}, id = this.transactionId()): Uint8Array {
    const { username = 'alice', modern = false, algorithm } = this.#options;
    const builder = new MessageBuilder('request', method, id);
    add(builder);
    if (modern) builder.add(Userhash, userhash(username, this.realm, nodeHashes));
    else builder.add(Username, username);
    builder.add(Realm, this.realm).add(Nonce, this.nonce);
    if (algorithm !== undefined) {
      builder.addOptional(PasswordAlgorithms, this.algorithms);
      builder.add(PasswordAlgorithm, { algorithm: algorithm === 'MD5' ? 1 : 2, parameters: new Uint8Array() });
    }
    return modern
      ? builder.integritySha256(this.key, nodeHashes).build()
      : builder.integrity(this.key, nodeHashes).build();
  }

  /** Fetches a nonce by the challenge that every first request gets. */
  challenge(): StunMessage {
    const answer = decode(this.send(this.plain(0x003))[0]);
    this.nonce = answer.get(Nonce) ?? '';
    this.realm = answer.get(Realm) ?? '';
    this.algorithms = answer.get(PasswordAlgorithms);
    return answer;
  }

  /** A signed request and its answer, whose integrity must be right unless it is a challenge. */
  request(method: number, add: (builder: MessageBuilder) => void = () => {}): StunMessage {
    if (this.nonce === '') this.challenge();
    const [bytes] = this.send(this.signed(method, add));
    const answer = decode(bytes);
    const code = answer.get(ErrorCodeAttribute)?.code;
    if (code !== 401 && code !== 438 && code !== 400) {
      const verdict =
        this.#options.modern === true
          ? checkIntegritySha256(answer, this.key, nodeHashes)
          : checkIntegrity(answer, this.key, nodeHashes);
      if (verdict !== 'valid') throw new Error(`the answer's integrity is ${verdict}`);
    }
    return answer;
  }
}

export function decode(bytes: Uint8Array | undefined): StunMessage {
  if (bytes === undefined) throw new Error('no answer');
  const message = decodeMessage(bytes);
  if (!message.ok) throw new Error(message.error.message);
  return message.value;
}

/** 0 for a success. */
export function codeOf(answer: StunMessage): number {
  return answer.get(ErrorCodeAttribute)?.code ?? 0;
}

export type { Family };
