import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SocketAddress } from '../../src/core/address.ts';
import { Secret } from '../../src/core/secret.ts';
import {
  ChannelNumber,
  ErrorCodeAttribute,
  Lifetime,
  Nonce,
  Realm,
  RequestedTransport,
  Username,
  XorPeerAddress,
  XorRelayedAddress,
} from '../../src/core/stun/attributes.ts';
import { longTermKey } from '../../src/core/stun/credentials.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { StreamFramer } from '../../src/core/stun/framing.ts';
import { decodeMessage, type StunMessage } from '../../src/core/stun/message.ts';
import { Method } from '../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../src/core/turn/channel-data.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { systemRandom } from '../../src/net/random.ts';
import type { LocalTurnServer } from '../../src/turn-server/start.ts';

export interface SocketClientOptions {
  readonly transport?: 'udp' | 'tcp' | 'tls';
  readonly timeoutMs?: number;
}

const random = systemRandom();

interface Waiting {
  answered(message: StunMessage): void;
  failed(why: string): void;
}

/** A small TURN client on real sockets: no retransmissions, no keepalive, every request a promise. */
export class TurnSocketClient implements AsyncDisposable {
  readonly #key: (realm: string) => Uint8Array;
  readonly #username: string;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #end: () => Promise<void>;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #isStream: boolean;
  #realm = '';
  #nonce = '';
  /** What comes that is no answer: ChannelData and indications. */
  onData: (bytes: Uint8Array) => void = () => {};
  /** Stops reading, over TCP and TLS. */
  pause: () => void = () => {};
  relayed: SocketAddress | undefined;

  private constructor(
    server: LocalTurnServer,
    timeoutMs: number,
    isStream: boolean,
    write: (bytes: Uint8Array) => void,
    end: () => Promise<void>,
  ) {
    const [{ username, credential } = { username: '', credential: '' }] = server.iceServers;
    this.#username = username;
    this.#key = (realm) => longTermKey(username, realm, new Secret(credential), 'MD5', nodeHashes);
    this.#timeoutMs = timeoutMs;
    this.#isStream = isStream;
    this.#write = write;
    this.#end = end;
  }

  static async open(server: LocalTurnServer, options: SocketClientOptions = {}): Promise<TurnSocketClient> {
    const { transport = 'udp', timeoutMs = 5000 } = options;
    if (transport === 'udp') {
      const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const close = () => new Promise<void>((resolve) => socket.close(() => resolve()));
      const write = (bytes: Uint8Array) => socket.send(bytes, server.port, '127.0.0.1');
      const client = new TurnSocketClient(server, timeoutMs, false, write, close);
      socket.on('message', (bytes) => client.#receive(bytes));
      return client;
    }
    const ca = server.caPem === undefined ? {} : { ca: server.caPem };
    const socket =
      transport === 'tcp'
        ? connect({ port: server.port, host: '127.0.0.1', noDelay: true })
        : connectTls({ port: server.tlsPort, host: '127.0.0.1', servername: 'localhost', ...ca });
    await new Promise<void>((resolve, reject) => {
      socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed before it was open')));
      // A server that accepts and then says nothing.
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`not open in ${timeoutMs} ms`)));
    });
    socket.setTimeout(0);
    // What happens to it later shows in requests that get no answer.
    let why = 'the server ended the connection';
    socket.on('error', (error) => {
      why = error.message;
    });
    const close = () =>
      new Promise<void>((resolve) => {
        if (socket.closed) resolve();
        else socket.once('close', () => resolve());
        socket.destroy();
      });
    const client = new TurnSocketClient(server, timeoutMs, true, (bytes) => socket.write(bytes), close);
    client.pause = () => socket.pause();
    socket.once('close', () => client.#gone(why));
    const framer = new StreamFramer();
    socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) if (frame.kind !== 'error') client.#receive(frame.bytes);
    });
    return client;
  }

  /** The answer; a request that is challenged is sent again with what the challenge says. */
  async request(method: number, add: (builder: MessageBuilder) => void = () => {}): Promise<StunMessage> {
    for (let tries = 0; ; tries++) {
      const answer = await this.#once(method, add);
      const code = answer.get(ErrorCodeAttribute)?.code;
      if ((code !== 401 && code !== 438) || tries === 2) return answer;
      this.#realm = answer.get(Realm) ?? '';
      this.#nonce = answer.get(Nonce) ?? '';
    }
  }

  async allocate(lifetime?: number): Promise<SocketAddress> {
    const answer = await this.request(Method.Allocate, (b) => {
      b.add(RequestedTransport, 17).addOptional(Lifetime, lifetime);
    });
    const relayed = answer.get(XorRelayedAddress);
    if (relayed === undefined) throw new Error(`Allocate: ${JSON.stringify(answer.get(ErrorCodeAttribute))}`);
    this.relayed = relayed;
    return relayed;
  }

  async bind(channel: number, peer: SocketAddress): Promise<void> {
    await this.#succeed(Method.ChannelBind, (b) => b.add(ChannelNumber, channel).add(XorPeerAddress, peer));
  }

  async permit(peer: SocketAddress): Promise<void> {
    await this.#succeed(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer));
  }

  /** Seconds granted. */
  async refresh(lifetime?: number): Promise<number | undefined> {
    return (await this.#succeed(Method.Refresh, (b) => b.addOptional(Lifetime, lifetime))).get(Lifetime);
  }

  sendOn(channel: number, data: Uint8Array): void {
    this.send(encodeChannelData(channel, data, { padded: this.#isStream }));
  }

  /** Bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  close(): Promise<void> {
    return this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #succeed(method: number, add: (builder: MessageBuilder) => unknown): Promise<StunMessage> {
    const answer = await this.request(method, (b) => void add(b));
    const error = answer.get(ErrorCodeAttribute);
    if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.reason}`);
    return answer;
  }

  #once(method: number, add: (builder: MessageBuilder) => void): Promise<StunMessage> {
    const id = random.bytes(12);
    const builder = new MessageBuilder('request', method, id);
    add(builder);
    if (this.#nonce !== '') {
      builder.add(Username, this.#username).add(Realm, this.#realm).add(Nonce, this.#nonce);
      builder.integrity(this.#key(this.#realm), nodeHashes);
    }
    const name = Buffer.from(id).toString('latin1');
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(name);
        act();
      };
      const timer = setTimeout(() => {
        end(() => reject(new Error(`no answer to method ${method} in ${this.#timeoutMs} ms`)));
      }, this.#timeoutMs);
      this.#waiting.set(name, {
        answered: (message) => end(() => resolve(message)),
        failed: (why) => end(() => reject(new Error(`no answer to method ${method}: ${why}`))),
      });
      this.send(builder.build());
    });
  }

  #gone(why: string): void {
    for (const { failed } of [...this.#waiting.values()]) failed(why);
  }

  #receive(bytes: Uint8Array): void {
    if ((bytes[0] ?? 0) >= 0x40 || (bytes[0] === 0 && bytes[1] === 0x17)) {
      this.onData(bytes);
      return;
    }
    const message = decodeMessage(bytes);
    if (message.ok)
      this.#waiting.get(Buffer.from(message.value.transactionId).toString('latin1'))?.answered(message.value);
  }
}
