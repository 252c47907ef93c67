import { formatSocketAddress, parseSocketAddress, type SocketAddress } from '../core/address.ts';
import type { AttemptKey, OutsideWitness, Stage, StageStatus } from '../core/attempt.ts';
import { toHex } from '../core/bytes.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { PeerMessage } from '../core/signaling/message.ts';
import { WITNESS_RELAYS, type WitnessHello, type WitnessNat } from '../core/signaling/witness-message.ts';
import type { LongTermCredentials } from '../core/stun/long-term.ts';
import { crossedDirectly, type WitnessCommand, type WitnessResult } from '../core/witness/types.ts';
import { Witness } from '../core/witness/witness.ts';
import type { ProbeEnvironment } from './environment.ts';
import { Peer } from './peer.ts';
import type { SessionTarget } from './session-machine.ts';
import { PROBE_TIMING } from './timing.ts';
import { openSession, type TurnSession } from './turn-session.ts';

/** A relay that the other end is to be witness of. */
export interface WitnessWay {
  readonly url: string;
  readonly attempt: AttemptKey;
  readonly target: SessionTarget & { readonly credentials?: LongTermCredentials };
}

export interface WitnessTask {
  readonly ways: readonly WitnessWay[];
  /** Servers that answered STUN over UDP, and the address of ours from which. */
  readonly servers: readonly SocketAddress[];
  readonly local: LocalAddress;
  /** Whether a call can be made here. */
  readonly canCall: boolean;
  readonly say: (message: PeerMessage) => void;
  /** Takes what the other end says from now on. */
  readonly listen: (listener: (message: PeerMessage) => void) => void;
  readonly closed: Promise<string>;
  /** What is known of our NAT once the witness's tests are on record. */
  readonly nat: () => WitnessNat | null;
  readonly signal: AbortSignal;
}

/** How long a STUN server is asked what it sees of a socket. */
const MAPPED_WAIT_MS = 400;
const SERVERS_ASKED = 3;

/** Two ends as each other's witness: records what the other one saw of us. True where both can make a call now. */
export async function witnessEachOther(task: WitnessTask, environment: ProbeEnvironment): Promise<boolean> {
  const end = new WitnessEnd(task, environment);
  try {
    return await end.run();
  } finally {
    await end.close();
  }
}

interface Relay {
  readonly way: WitnessWay;
  readonly session: TurnSession;
  readonly relayed: SocketAddress;
  /** Whether the other end may send to it; undefined where it was not asked for. */
  permission?: Stage;
}

class WitnessEnd {
  readonly #task: WitnessTask;
  readonly #environment: ProbeEnvironment;
  readonly #machine = new Witness();
  readonly #relays: Relay[] = [];
  readonly #sessions: TurnSession[] = [];
  #opening: Promise<void> | undefined;
  #isClosed = false;
  #ear: Peer | undefined;
  #mouth: Peer | undefined;
  #hello: WitnessHello | undefined;
  #result: WitnessResult | undefined;
  #timer: NodeJS.Timeout | undefined;
  #finish: (canCall: boolean) => void = () => {};

  constructor(task: WitnessTask, environment: ProbeEnvironment) {
    this.#task = task;
    this.#environment = environment;
  }

  async run(): Promise<boolean> {
    const { closed, listen, signal } = this.#task;
    const finished = new Promise<boolean>((resolve) => {
      this.#finish = resolve;
    });
    listen((message) => {
      if (message.type === 'witness') this.#handle({ type: 'message', message });
      else if (message.type === 'goodbye' && message.connection === undefined) this.#leave(message.reason);
    });
    void closed.then((reason) => this.#leave(reason));
    const abort = (): void => this.#leave('the run was ended here');
    // The second where something of ours is at fault.
    const ends = [signal, this.#environment.kill];
    for (const each of ends) each.addEventListener('abort', abort, { once: true });
    this.#handle({ type: 'start' });
    if (signal.aborted) abort();
    return await finished.finally(() => {
      for (const each of ends) each.removeEventListener('abort', abort);
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    // What is just being opened comes to its end by that, too.
    await Promise.all(this.#sessions.map((session) => session.release()));
    await this.#opening;
    clearTimeout(this.#timer);
    this.#ear?.close();
    this.#mouth?.close();
  }

  #leave(reason: string): void {
    this.#handle({ type: 'left', reason });
  }

  #handle(input: Parameters<Witness['handle']>[0]): void {
    this.#machine.handle(input, this.#environment.clock.now());
    this.#drain();
  }

  #drain(): void {
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) {
      if (output.kind === 'command') this.#obey(output.command);
      else if (output.event.type === 'measured') this.#onMeasured(output.event.result);
      else this.#onFinished(output.event.nat, output.event.problem);
    }
    clearTimeout(this.#timer);
    const { deadline } = this.#machine;
    if (deadline === undefined) return;
    const wake = (): void => {
      this.#machine.handleTimeout(this.#environment.clock.now());
      this.#drain();
    };
    this.#timer = setTimeout(wake, Math.max(1, deadline.at - this.#environment.clock.now()));
  }

  #obey(command: WitnessCommand): void {
    switch (command.type) {
      case 'say':
        this.#task.say(command.message);
        break;
      case 'open':
        this.#environment.record({ type: 'progress', text: 'the other end and this one are witnesses for each other' });
        this.#opening = this.#open().then(
          (hello) => this.#handle({ type: 'opened', hello }),
          (error) => this.#environment.fault(error),
        );
        break;
      case 'permit': {
        const { peer } = command;
        const permitted = this.#relays.map(async (relay) => {
          if (peer !== null) relay.permission = await relay.session.permit([peer]);
        });
        void Promise.all(permitted).then(() => this.#handle({ type: 'permitted' }));
        break;
      }
      case 'send':
        if (typeof command.by === 'number') this.#relays[command.by]?.session.send(command.to, command.bytes);
        else this.#mouth?.send(command.to, command.bytes);
        break;
    }
  }

  async #open(): Promise<WitnessHello> {
    const [ear, mouth] = await Promise.all([this.#openSocket('ear'), this.#openSocket('mouth')]);
    this.#ear = ear?.socket;
    this.#mouth = mouth?.socket;
    await Promise.all(this.#task.ways.slice(0, WITNESS_RELAYS).map((way) => this.#allocate(way)));
    const nameOf = (mapped: SocketAddress | undefined): string | null =>
      mapped === undefined ? null : formatSocketAddress(mapped);
    this.#hello = {
      token: toHex(this.#environment.random.bytes(8)),
      ear: nameOf(ear?.mapped),
      mouth: nameOf(mouth?.mapped),
      relays: this.#relays.map(({ relayed }) => formatSocketAddress(relayed)),
      call: this.#task.canCall,
    };
    return this.#hello;
  }

  async #openSocket(at: 'ear' | 'mouth') {
    const { local, servers } = this.#task;
    const socket = await Peer.open(local, this.#environment);
    if (socket === undefined) return undefined;
    for (const server of servers.slice(0, SERVERS_ASKED)) {
      const mapped = await socket.mappedBy(server, MAPPED_WAIT_MS, this.#environment);
      if (mapped === undefined) continue;
      socket.onPacket = (bytes, from) => this.#handle({ type: 'received', at, from, bytes });
      return { socket, mapped };
    }
    socket.close();
    return undefined;
  }

  async #allocate(way: WitnessWay): Promise<void> {
    if (this.#isClosed) return;
    const session = openSession(way.target, PROBE_TIMING, this.#environment);
    this.#sessions.push(session);
    const allocated = (await session.open()) ? await session.allocate() : undefined;
    if (allocated?.ok !== true || allocated.allocation.relayed.family !== this.#task.local.family) {
      await session.release();
      return;
    }
    const at = this.#relays.push({ way, session, relayed: allocated.allocation.relayed }) - 1;
    // A machine must not be fed while it is drained.
    session.onData = ({ peer, bytes }) =>
      queueMicrotask(() => this.#handle({ type: 'received', at, from: peer, bytes }));
  }

  #onMeasured(result: WitnessResult): void {
    this.#result = result;
    this.#recordNat(result);
    const mouth = parseSocketAddress(result.other.mouth ?? '')?.address;
    // From an address that it did not name its packets are none that our relays let in.
    const isHeard = result.sources.length > 0 && result.sources.every((address) => address === mouth);
    for (const [i, relay] of this.#relays.entries()) {
      const counts = result.relays[i];
      if (counts !== undefined) this.#recordRelay(relay, counts, isHeard);
    }
    const nat = this.#task.nat();
    queueMicrotask(() => this.#handle({ type: 'judged', nat }));
  }

  #recordRelay(
    { way: { url, attempt }, relayed, permission }: Relay,
    { first, out, after, egress }: WitnessResult['relays'][number],
    isHeard: boolean,
  ): void {
    const directions: OutsideWitness['directions'] = [
      { direction: 'peer-first', ...first },
      { direction: 'relay-to-peer', ...out },
      ...(after.sent === 0 ? [] : [{ direction: 'peer-after-relay' as const, ...after }]),
    ];
    const relayedAddress = formatSocketAddress(relayed);
    const words = directions.map(
      ({ direction, sent, received }) => `${direction.replaceAll('-', ' ')} ${received}/${sent}`,
    );
    // What is seen in one direction alone may be the other end's NAT.
    const isBlocked = first.sent > 0 && first.received === 0 && after.received > 0 && isHeard;
    const crosses = first.received > 0 && out.received > 0;
    const status: StageStatus = crosses ? 'pass' : isBlocked ? 'fail' : 'skip';
    const common = { type: 'stage', stage: 'witness', durationMs: 0, url, attempt, transport: null } as const;
    if (permission?.status !== 'pass') {
      const why = permission === undefined ? 'it has no address to be let in from' : permission.detail;
      const { errorCode } = permission?.data ?? {};
      const data = errorCode === undefined ? {} : { errorCode };
      this.#environment.record({ ...common, status: 'skip', detail: `the other end may not send to it: ${why}`, data });
      return;
    }
    const detail = `from another place: ${words.join(', ')}`;
    const outside = { relayedAddress, directions, egressAddress: egress, isHeard };
    this.#environment.record({ ...common, status, detail, data: { outside } });
  }

  /** The other end is one more destination that sees us, and one more sender that we had never sent to. */
  #recordNat({ other, unasked, seen, back, relays }: WitnessResult): void {
    const [server] = this.#task.servers;
    const [ear, mouth, there] = [this.#hello?.ear, this.#hello?.mouth, other.mouth].map((each) => each ?? null);
    const [earLocal, mouthLocal] = [this.#ear?.local, this.#mouth?.local];
    if (server === undefined || mouth == null || there == null || earLocal === undefined) return;
    const addressOf = (text: string): string | undefined => parseSocketAddress(text)?.address;
    // Behind one NAT neither sees what others would; on a server's own address the other end is no new sender.
    const strangers = [addressOf(mouth), ...this.#task.servers.map(({ address }) => address)];
    if (strangers.includes(addressOf(there))) return;
    const { family, interface: name } = this.#task.local;
    const base = { type: 'nat-test', interface: name === '' ? null : name, family, via: 'peer' } as const;
    const gotOut = back.received > 0 || relays.some(({ first }) => first.received > 0);
    const isFiltered = unasked.sent > 0 && gotOut;
    this.#environment.record({
      ...base,
      test: 'filtering',
      local: formatSocketAddress(earLocal),
      destination: there,
      answerFrom: null,
      mappedAddress: ear ?? null,
      tries: unasked.sent,
      sender: 'other-address',
      outcome: unasked.received > 0 ? 'yes' : isFiltered ? 'no' : 'not-determined',
    });
    const samples = [{ by: formatSocketAddress(server), as: mouth }, ...seen];
    if (mouthLocal === undefined || samples.length === 1) return;
    for (const { by, as } of samples) {
      const local = formatSocketAddress(mouthLocal);
      const sample = { ...base, test: 'mapping', local, destination: by, answerFrom: by } as const;
      this.#environment.record({ ...sample, mappedAddress: as, tries: 1, outcome: 'yes' });
    }
  }

  #onFinished(nat: WitnessNat | null, problem: string | null): void {
    const { there, back, other } = this.#result ?? {};
    const none = { sent: 0, received: 0 };
    this.#environment.record({
      type: 'peer',
      nat,
      there: there ?? none,
      back: back ?? none,
      crossed: this.#result === undefined ? null : crossedDirectly(this.#result),
      problem,
    });
    this.#finish(problem === null && other?.call === true && this.#task.canCall);
  }
}
