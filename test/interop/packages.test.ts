/**
 * Why iceprobe has STUN and TURN of its own (docs/adr/0002): what the packages of npm do with the same bytes. Each case
 * has a control that shows that the question was put rightly. A test that fails here is good news about a package.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import {
  ChannelNumber,
  Data,
  ErrorCodeAttribute,
  EvenPort,
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
import { checkFingerprint } from '../../src/core/stun/fingerprint.ts';
import { checkIntegrity } from '../../src/core/stun/integrity.ts';
import { decodeMessage, type StunMessage } from '../../src/core/stun/message.ts';
import { AttributeType, Method } from '../../src/core/stun/registry.ts';
import { decodeChannelData, encodeChannelData } from '../../src/core/turn/channel-data.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { freePort } from '../support/ports.ts';
import { type BackgroundProcess, startProcess } from '../support/processes.ts';

const require = createRequire(import.meta.url);

/** How long silence has to last to count. On loopback an answer takes under a millisecond. */
const SILENCE_MS = 300;

describe('stun 2.1.0', () => {
  interface Stun {
    decode(bytes: Buffer): { getAttribute(type: number): { value: unknown } };
    validateMessageIntegrity(message: unknown, key: string | Buffer): boolean;
    validateFingerprint(message: unknown): boolean;
    request(url: string, options: object): Promise<unknown>;
  }
  const stun = require('stun') as Stun;

  it('is the version that is spoken of', () => {
    expect((require('stun/package.json') as { version: string }).version).toBe('2.1.0');
  });

  it.each([
    [401, 404],
    [438, 552],
  ])('reads ERROR-CODE %i as %i', (sent, read) => {
    const id = new Uint8Array(12);
    const bytes = new MessageBuilder('error', Method.Binding, id)
      .add(ErrorCodeAttribute, { code: sent, reason: 'x' })
      .build();
    expect(decoded(bytes).get(ErrorCodeAttribute)?.code).toBe(sent);
    expect(stun.decode(Buffer.from(bytes)).getAttribute(AttributeType.ErrorCode).value).toMatchObject({ code: read });
  });

  // RFC 5769 2.1 to 2.3: their padding is not zero, and it is part of what is signed.
  const password = 'VOkJxbRl1RmTxUk/WvJxBt';
  it.each([
    [
      '2.1, a request',
      `000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151
       263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf`,
    ],
    [
      '2.2, an IPv4 response',
      `0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd
       9e90c38c7489f92af9ba53f06be7d780280004c07d4c96`,
    ],
    [
      '2.3, an IPv6 response',
      `010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5be
       d2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c`,
    ],
  ])('holds the vector of RFC 5769 %s, for a forgery', (_, hex) => {
    const bytes = Buffer.from(hex.replace(/\s+/g, ''), 'hex');
    const ours = decoded(bytes);
    expect(checkIntegrity(ours, Buffer.from(password), nodeHashes)).toBe('valid');
    expect(checkFingerprint(ours)).toBe('valid');
    const theirs = stun.decode(bytes);
    expect(stun.validateMessageIntegrity(theirs, password)).toBe(false);
    expect(stun.validateFingerprint(theirs)).toBe(false);
  });

  describe('asked for a binding', () => {
    let server: Socket;
    let heard: number;

    beforeEach(async () => {
      heard = 0;
      server = createSocket({ type: 'udp6' }).on('message', () => heard++);
      server.bind(0, '::');
      await once(server, 'listening');
    });
    afterEach(() => void server.close());

    it.each([
      ['stun://127.0.0.1:PORT', true],
      ['stun:127.0.0.1:PORT', false],
      ['stun://[::1]:PORT', false],
    ])('%s reaches the server: %s', async (url, reaches) => {
      const options = { retries: 0, timeout: SILENCE_MS };
      // Nobody answers: it is rejected in any case, sometimes synchronously. What counts is what was sent.
      await Promise.resolve()
        .then(() => stun.request(url.replace('PORT', String(server.address().port)), options))
        .catch(() => {});
      expect(heard > 0).toBe(reaches);
    });
  });
});

describe('node-turn 0.0.6', () => {
  const realm = 'example.org';
  let port: number;
  let server: BackgroundProcess;
  let client: TurnClient;

  beforeEach(async () => {
    port = await freePort(['127.0.0.1']);
    const script = `
      const Turn = require('node-turn');
      const server = new Turn({ listeningIps: ['127.0.0.1'], listeningPort: ${port}, realm: '${realm}', authMech: 'long-term',
        credentials: { user: 'password' }, debugLevel: 'OFF' });
      server.start();
      server.network.sockets[0].once('listening', () => console.log('ready'));
      process.once('SIGUSR2', () => { server.stop(); console.log('stopped'); });`;
    server = startProcess(process.execPath, ['-e', script], { cwd: new URL('.', import.meta.url).pathname });
    await server.waitForOutput((output) => output.includes('ready\n'), 10_000, 'ready');
    client = await TurnClient.open(port, realm);
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  it('is the version that is spoken of, and gives allocations to its users only', async () => {
    expect((require('node-turn/package.json') as { version: string }).version).toBe('0.0.6');
    expect(errorOf(await client.allocate('user', 'wrong'))).toBe(401);
    expect(errorOf(await client.allocate('nobody', 'password'))).toBe(401);
    const granted = await client.allocate('user', 'password');
    expect(granted?.class).toBe('success');
    expect(granted?.get(XorRelayedAddress)?.address).toBe('127.0.0.1');
  });

  it.each([
    ['constructor', 'function Object() { [native code] }'],
    ['toString', 'function toString() { [native code] }'],
    ['__proto__', '[object Object]'],
  ])('takes %s for a user, with a password that anyone can know', async (name, password) => {
    expect((await client.allocate(name, password))?.class).toBe('success');
  });

  it('speaks UDP only', async () => {
    const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it.each([
    ['nothing', ''],
    ['one byte', '00'],
    ['two bytes like a channel', '4000'],
    ['three bytes like a channel', '400000'],
  ])('ends when a permitted peer sends %s', async (_, hex) => {
    const relayed = (await client.allocate('user', 'password'))?.get(XorRelayedAddress);
    const peer = await Peer.open();
    await client.permit(peer.port);
    peer.socket.send('control', relayed?.port ?? 0, '127.0.0.1');
    expect(Buffer.from(decoded(await client.next()).get(Data) ?? []).toString()).toBe('control');

    peer.socket.send(Buffer.from(hex, 'hex'), relayed?.port ?? 0, '127.0.0.1');
    await expect.poll(() => server.exit()?.status, { timeout: 5000 }).toBe(1);
    expect(server.output()).toMatch(/RangeError[\s\S]*channelMsg\.read/);
    peer.socket.close();
  });

  it('drops ChannelData from the client', async () => {
    const relayed = (await client.allocate('user', 'password'))?.get(XorRelayedAddress);
    const peer = await Peer.open();
    const bound = await client.request(Method.ChannelBind, (message) =>
      message.add(ChannelNumber, 0x4000).add(XorPeerAddress, { family: 4, address: '127.0.0.1', port: peer.port }),
    );
    expect(bound?.class).toBe('success');
    // In the other direction the channel is there ...
    peer.socket.send('to the client', relayed?.port ?? 0, '127.0.0.1');
    const arrived = decodeChannelData(await client.next());
    expect(arrived.ok && Buffer.from(arrived.value.data).toString()).toBe('to the client');
    // ... and so is the way to the peer, but only for Send indications.
    client.send(encodeChannelData(0x4000, Buffer.from('by channel'), { padded: false }));
    client.send(
      new MessageBuilder('indication', Method.Send, transactionId())
        .add(XorPeerAddress, { family: 4, address: '127.0.0.1', port: peer.port })
        .add(Data, Buffer.from('by indication'))
        .build(),
    );
    expect(await peer.heardUntilSilence()).toEqual(['by indication']);
    peer.socket.close();
  });

  it('answers every Refresh with lifetime 0 and ends the allocation', async () => {
    await client.allocate('user', 'password');
    expect((await client.permit(9))?.class).toBe('success');
    const refreshed = await client.request(Method.Refresh, (message) => message.add(Lifetime, 600));
    expect(refreshed?.class).toBe('success');
    expect(refreshed?.get(Lifetime)).toBe(0);
    await expect.poll(async () => errorOf(await client.permit(9)), { timeout: 5000 }).toBe(437);
  });

  it('does not answer an Allocate with EVEN-PORT', async () => {
    expect(await client.allocate('user', 'password', (message) => message.add(EvenPort, false))).toBeUndefined();
    expect((await client.allocate('user', 'password'))?.class).toBe('success');
  });

  it('gives a second allocation to the same 5-tuple instead of 437', async () => {
    const first = await client.allocate('user', 'password');
    const second = await client.allocate('user', 'password');
    expect(second?.class).toBe('success');
    expect(second?.get(XorRelayedAddress)?.port).not.toBe(first?.get(XorRelayedAddress)?.port);
  });

  it('does not answer a request with an unknown attribute, where 420 is due', async () => {
    const odd = (message: MessageBuilder): MessageBuilder => message.addRaw(0x7f7f, new Uint8Array(4));
    expect(await client.allocate('user', 'password', odd)).toBeUndefined();
  });

  it('keeps the relay socket of an allocation that was given back, and stays alive when stopped', async () => {
    const relayed = (await client.allocate('user', 'password'))?.get(XorRelayedAddress);
    await client.request(Method.Refresh, (message) => message.add(Lifetime, 0));
    await expect.poll(async () => errorOf(await client.permit(9)), { timeout: 5000 }).toBe(437);
    const taker = createSocket('udp4').bind(relayed?.port ?? 0, '127.0.0.1');
    const [error] = (await once(taker, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
    taker.close();

    process.kill(server.pid, 'SIGUSR2');
    await server.waitForOutput((output) => output.includes('stopped\n'), 5000, 'stop');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(server.exit()).toBeUndefined();
  });
});

function errorOf(message: StunMessage | undefined): number | undefined {
  return message?.get(ErrorCodeAttribute)?.code;
}

function decoded(bytes: Uint8Array): StunMessage {
  const result = decodeMessage(bytes);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function transactionId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(12));
}

/** The plainest client there can be: one socket, one request at a time. */
class TurnClient {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #realm: string;
  #credentials: { readonly username: string; readonly password: string; readonly nonce: string } | undefined;

  private constructor(socket: Socket, port: number, realm: string) {
    this.#socket = socket;
    this.#port = port;
    this.#realm = realm;
  }

  static async open(port: number, realm: string): Promise<TurnClient> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TurnClient(socket, port, realm);
  }

  /** The answer to an authenticated Allocate; undefined if none comes. */
  async allocate(
    username: string,
    password: string,
    more: (message: MessageBuilder) => MessageBuilder = (message) => message,
  ): Promise<StunMessage | undefined> {
    this.#credentials = undefined;
    const challenge = await this.request(Method.Allocate, (message) => message.add(RequestedTransport, 17));
    expect(errorOf(challenge)).toBe(401);
    this.#credentials = { username, password, nonce: challenge?.get(Nonce) ?? '' };
    return this.request(Method.Allocate, (message) => more(message.add(RequestedTransport, 17)));
  }

  permit(port: number): Promise<StunMessage | undefined> {
    const peer = { family: 4, address: '127.0.0.1', port } as const;
    return this.request(Method.CreatePermission, (message) => message.add(XorPeerAddress, peer));
  }

  async request(method: number, build: (message: MessageBuilder) => MessageBuilder): Promise<StunMessage | undefined> {
    const message = build(new MessageBuilder('request', method, transactionId()));
    if (this.#credentials !== undefined) {
      const { username, password, nonce } = this.#credentials;
      const key = longTermKey(username, this.#realm, new Secret(password), 'MD5', nodeHashes);
      message.add(Username, username).add(Realm, this.#realm).add(Nonce, nonce).integrity(key, nodeHashes);
    }
    this.send(message.build());
    const answer = await this.next(SILENCE_MS).catch(() => undefined);
    return answer === undefined ? undefined : decoded(answer);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#port, '127.0.0.1');
  }

  async next(timeoutMs = 5000): Promise<Buffer> {
    const [bytes] = (await once(this.#socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
    return bytes;
  }

  close(): void {
    this.#socket.close();
  }
}

class Peer {
  readonly socket: Socket;
  readonly #heard: string[] = [];

  private constructor(socket: Socket) {
    this.socket = socket.on('message', (bytes) => this.#heard.push(bytes.toString()));
  }

  static async open(): Promise<Peer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Peer(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  async heardUntilSilence(): Promise<string[]> {
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    return this.#heard;
  }
}
