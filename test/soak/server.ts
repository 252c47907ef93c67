import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Random, randomInteger, seededRandom } from '../../src/core/random.ts';
import { FAULT_TABLE } from '../../src/core/turn/server/faults/table.ts';
import type { LocalTurnServer } from '../../src/turn-server/start.ts';
import { PROJECT } from '../support/fixtures.ts';
import { mutate } from '../support/mutate.ts';
import { pick } from '../support/random-message.ts';
import { SimulatedClient, SimulatedTurn } from '../support/simulated-turn.ts';
import { clientPackets } from '../support/turn-mutations.ts';
import { TurnSocketClient } from '../support/turn-socket-client.ts';
import { startUdpEcho, type UdpEcho } from '../support/udp-echo.ts';
import { type Figures, leaks, showFigures } from './figures.ts';
import { Stalls } from './stalls.ts';

export interface ServerSoak {
  /** Clients that came, over all rounds, and those that got all they asked for while nothing was made to fail. */
  readonly clients: number;
  readonly served: number;
  readonly hostilePackets: number;
  readonly faults: number;
  readonly pauses: readonly Figures[];
  /** Empty if all is well. */
  readonly problems: readonly string[];
}

const CLIENTS_AT_A_TIME = 12;

/** Of a round, in milliseconds: under load with faults, then under load alone, then in peace until all is gone. */
const ROUND = { faulty: 3000, good: 2000 };

/** The local server as it ships, in rounds of mixed load, faults and hostile packets, until the time is over. */
export async function soakServer(
  milliseconds: number,
  seed: number,
  say: (line: string) => void,
  round = ROUND,
): Promise<ServerSoak> {
  const random = seededRandom(seed);
  const load = await Load.start(random, say);
  const pauses: Figures[] = [];
  const problems: string[] = [];
  try {
    await load.begin();
    const end = performance.now() + milliseconds;
    do {
      await load.round(round);
      const figures = await load.pause();
      pauses.push(figures);
      if (pauses.length % 10 === 1) say(`round ${pauses.length}: ${showFigures(figures)}`);
      // One round alone would show no growth.
    } while ((performance.now() < end || pauses.length < 2) && load.isAlive);
    if (!load.isAlive) problems.push(`the server ended: ${load.lastWords}`);
    if (load.unserved.length > 0) problems.push(`${load.unserved.length} clients not served: ${load.unserved[0]}`);
    if (load.served < pauses.length) problems.push(`only ${load.served} clients were served`);
    problems.push(...leaks(pauses));
    const last = pauses.at(-1);
    if (last !== undefined) say(`round ${pauses.length}: ${showFigures(last)}`);
    return {
      clients: load.clients,
      served: load.served,
      hostilePackets: load.hostile,
      faults: load.faults,
      pauses,
      problems,
    };
  } finally {
    await load.stop();
  }
}

/** RFC 8656 7.4: the client may try again from another port. */
function mismatch(error: Error): undefined {
  if (!error.message.includes('"code":437')) throw error;
}

class Load {
  clients = 0;
  served = 0;
  hostile = 0;
  faults = 0;
  /** Clients that got less than they asked for although nothing was made to fail. */
  readonly unserved: string[] = [];
  lastWords = '';
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #child: ChildProcess;
  readonly #server: LocalTurnServer;
  readonly #echo: UdpEcho;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #originals: readonly Uint8Array[];
  readonly #stalls = new Stalls();
  #questions = 0;
  #idleSockets = 0;
  #isFaulty = false;

  static async start(random: Random, say: (line: string) => void): Promise<Load> {
    const script = fileURLToPath(new URL('test/soak/server-process.mjs', PROJECT));
    const child = fork(script, [new URL('dist/index.js', PROJECT).href], { execArgv: ['--expose-gc'], silent: true });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the server ended at once, with ${code}`)));
    });
    const echo = await startUdpEcho();
    const server = await new Promise<LocalTurnServer>((resolve) => {
      child.once('message', ({ answer }: { readonly answer: LocalTurnServer }) => resolve(answer));
      child.send({ id: -1, ask: 'server' });
    });
    return new Load(random, say, child, server, echo);
  }

  private constructor(
    random: Random,
    say: (line: string) => void,
    child: ChildProcess,
    server: LocalTurnServer,
    echo: UdpEcho,
  ) {
    this.#random = random;
    this.#say = say;
    this.#child = child;
    this.#server = server;
    this.#echo = echo;
    const simulated = new SimulatedClient(new SimulatedTurn(), '192.0.2.66:2000');
    simulated.challenge();
    this.#originals = clientPackets(simulated, random);
    child.on('message', ({ id, answer }: { readonly id: number; readonly answer: unknown }) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    child.once('exit', () => {
      for (const resolve of this.#waiting.values()) resolve(undefined);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords += text;
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it holds before anybody came. */
  async begin(): Promise<void> {
    this.#idleSockets = ((await this.#ask('figures')) as Figures).sockets;
  }

  async round({ faulty, good }: typeof ROUND): Promise<void> {
    this.#isFaulty = true;
    const specs = [pick(this.#random, FAULT_TABLE).example];
    if (randomInteger(this.#random, 2) === 0) specs.push(pick(this.#random, FAULT_TABLE).example);
    await this.#ask('faults', specs);
    this.faults += specs.length;
    await this.#under(faulty);
    await this.#ask('drop');
    await this.#ask('faults', []);
    this.#isFaulty = false;
    await this.#under(good);
  }

  /** Until nothing is left of the clients that vanished; at most for as long as the server may remember them, and a second. */
  async pause(): Promise<Figures> {
    const end = performance.now() + 30_000;
    for (;;) {
      const figures = (await this.#ask('figures')) as Figures | undefined;
      if (figures === undefined) throw new Error(`the server ended: ${this.lastWords}`);
      if (
        (figures.allocations === 0 && figures.sockets <= this.#idleSockets) ||
        performance.now() > end ||
        !this.isAlive
      )
        return figures;
      await wait(100);
    }
  }

  async stop(): Promise<void> {
    this.#stalls.stop();
    await this.#echo[Symbol.asyncDispose]();
    if (!this.isAlive) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.#ask('close');
    this.#child.disconnect();
    await gone;
  }

  #ask(ask: string, faults?: readonly string[]): Promise<unknown> {
    const id = ++this.#questions;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, ask, faults }, (error) => error !== null && resolve(undefined));
    });
  }

  async #under(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    const repeat = async (work: () => Promise<void>): Promise<void> => {
      while (performance.now() < end && this.isAlive) await work();
    };
    await Promise.all([
      ...Array.from({ length: CLIENTS_AT_A_TIME }, () => repeat(() => this.#client())),
      repeat(() => this.#shoot()),
      repeat(() => this.#knock()),
    ]);
  }

  /** Comes, is relayed, and leaves in good order, or vanishes. */
  async #client(): Promise<void> {
    const transport = pick(this.#random, ['udp', 'udp', 'tcp', 'tls'] as const);
    const faulty = this.#isFaulty;
    const startedAt = performance.now();
    this.clients++;
    let client: TurnSocketClient | undefined;
    try {
      const options = { transport, timeoutMs: faulty ? 300 : 8000 };
      client = await TurnSocketClient.open(this.#server, options);
      while ((await client.allocate().catch(mismatch)) === undefined) {
        // The allocation of one that vanished: the system gives its port to somebody else sooner than the server forgets it.
        await client.close();
        client = await TurnSocketClient.open(this.#server, options);
      }
      const peer = { family: 4, address: this.#echo.address, port: this.#echo.port } as const;
      await client.bind(0x4000, peer);
      let back = 0;
      client.onData = () => back++;
      for (let n = 0; n < 20; n++) client.sendOn(0x4000, this.#random.bytes(randomInteger(this.#random, 1200)));
      await client.refresh();
      for (let n = 0; n < 200 && back === 0; n++) {
        await wait(50);
        // Datagrams may be lost where sockets are full: asked again, as those do who need them.
        client.sendOn(0x4000, new Uint8Array(20));
      }
      if (back === 0) throw new Error('nothing came back from the peer');
      if (randomInteger(this.#random, 3) > 0) await client.refresh(0);
      this.served += faulty ? 0 : 1;
    } catch (error) {
      // One that began while things were made to fail may end after that.
      if (!faulty && this.isAlive) {
        const ours = this.#stalls.longestSince(startedAt);
        const why = error instanceof Error ? error.message : error;
        const text = `over ${transport}: ${why} (the server stood still for up to ${await this.#ask('stall')} ms, we for ${ours} ms)`;
        // A connection that says nothing for two seconds is ended, and rightly.
        if (ours > 1500) this.#say(`not counted: ${text}`);
        else this.unserved.push(text);
      }
    } finally {
      await client?.close();
    }
  }

  /** Packets that are nearly right, from a socket of their own. */
  async #shoot(): Promise<void> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
    for (let n = 0; n < 50; n++) {
      const packet = mutate(this.#random, pick(this.#random, this.#originals), this.#originals);
      socket.send(packet, this.#server.port, '127.0.0.1');
      this.hostile++;
    }
    await wait(20);
    socket.close();
  }

  /** A connection that says something wrong, or half of something right, or nothing. */
  async #knock(): Promise<void> {
    const port = randomInteger(this.#random, 2) === 0 ? this.#server.port : this.#server.tlsPort;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const packet = mutate(this.#random, pick(this.#random, this.#originals), this.#originals);
    const hello = Uint8Array.of(0x16, 3, 1, 2, 0, 1);
    socket.write(pick(this.#random, [packet, hello, Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
    this.hostile++;
    socket.resume();
    await wait(randomInteger(this.#random, 60));
    if (randomInteger(this.#random, 2) === 0) socket.resetAndDestroy();
    else socket.destroy();
    await gone;
  }
}
