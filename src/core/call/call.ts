import type { SignalingChannel } from '../signaling/channel.ts';
import type { PeerMessage } from '../signaling/message.ts';
import type { CallEvent, PeerRole } from './events.ts';
import { type Participant, PeerCrash, type PeerListener } from './participant.ts';
import { type Bridges, type CallIceServer, type CallPath, isCallPath } from './path.ts';

export interface CallOptions {
  readonly iceServers: readonly CallIceServer[];
  /** Servers that the peer reaches by another URL. */
  readonly bridges: Bridges;
  /** Candidates as they are found; otherwise all within the descriptions. */
  readonly trickle: boolean;
  /** Both ends are on one machine: candidates on its loopback interface are good. */
  readonly loopback: boolean;
  /** How long each connection may take until its data channel is open, milliseconds. */
  readonly connectMs: number;
  /** How long each connection is measured, milliseconds. */
  readonly durationMs: number;
  /** People carry the messages: one connection, and however long they take. */
  readonly patient?: boolean;
  /** Ends the call; what servers hold is given back. */
  readonly signal: Interruption;
}

/** What a call needs of an AbortSignal, by its shape. */
export interface Interruption {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One end of a call: a peer, its way to the other end, and where its events go. */
export interface CallEnd {
  /** A new one where the last one has crashed. */
  readonly peer: () => Promise<Participant>;
  readonly channel: SignalingChannel;
  /** `ms`: of the run, where it is not that of the call. */
  readonly record: (
    event: (CallEvent & { readonly ms?: number }) | { readonly type: 'progress'; readonly text: string },
  ) => void;
  /** The run's time, milliseconds, at an instant of the peers' clock. */
  readonly msOf: (at: number) => number;
}

/** Makes a connection for each of the paths, one after another, and tells the other end when that is all. */
export async function offerCalls(paths: readonly CallPath[], end: CallEnd, options: CallOptions): Promise<void> {
  const inbox = new Inbox(end.channel);
  const closed = goneOf(end.channel);
  for (const path of paths) {
    if (options.signal.aborted || closed.reason !== undefined) break;
    end.record({ type: 'progress', text: `connecting over ${path}` });
    await takePart('offerer', path, end, inbox, options);
  }
  end.channel.send({ type: 'goodbye', reason: 'all done' });
}

/** Answers every connection that the other end offers, until it says that this is all or is gone. */
export async function answerCalls(end: CallEnd, options: CallOptions): Promise<string> {
  const inbox = new Inbox(end.channel);
  const ended = end.channel.closed.then(() => undefined);
  const aborted = new Promise<undefined>((resolve) => {
    options.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!options.signal.aborted) {
    const offer = await Promise.race([inbox.next(), ended, aborted]);
    if (offer === undefined) return 'the channel ended';
    if (offer.type === 'goodbye' && offer.connection === undefined) return offer.reason;
    if (offer.type !== 'offer') continue;
    const path = offer.connection ?? 'any';
    if (isCallPath(path)) {
      await takePart('answerer', path, end, inbox, options, offer);
      // Nobody carries a second one.
      if (options.patient === true) return 'done';
    } else end.channel.send({ type: 'goodbye', reason: `"${path}" is no path that is known here`, connection: path });
  }
  return 'interrupted';
}

async function takePart(
  role: PeerRole,
  path: CallPath,
  end: CallEnd,
  inbox: Inbox,
  options: CallOptions,
  first?: PeerMessage,
): Promise<void> {
  const { signal } = options;
  const peer = await end.peer();
  const listener: PeerListener = {
    onEvent(event, at) {
      // What happened is told with its own time, not with that of its arrival here.
      end.record({ ...event, ms: end.msOf(at) });
    },
    onMessage: (message) => end.channel.send(message),
  };
  const hangUp = (): void => peer.hangUp('interrupted');
  signal.addEventListener('abort', hangUp, { once: true });
  void end.channel.closed.then((reason) => peer.hangUp(reason));
  try {
    const ended = peer.take({ ...sessionOptions(options), path, role }, listener);
    if (first !== undefined) peer.receive(first);
    inbox.begin(path, (message) => peer.receive(message));
    await ended;
  } catch (error) {
    if (!(error instanceof PeerCrash)) throw error;
    const reason = error.message;
    end.record({ type: 'peer-state', call: path, peer: role, machine: 'call', state: 'crashed', reason });
    end.channel.send({ type: 'goodbye', reason: 'crashed', connection: path });
  } finally {
    signal.removeEventListener('abort', hangUp);
    inbox.end();
  }
}

/** What a session takes; a request may hold more, which is nobody's business in another process. */
function sessionOptions(options: CallOptions) {
  const { iceServers, bridges, trickle, loopback, connectMs, durationMs, patient } = options;
  const base = { iceServers, bridges, trickle, loopback, connectMs, durationMs };
  return patient === undefined ? base : { ...base, patient };
}

/** Sorts what comes by the connection that it is about: to the session under way, or kept for the one that will be next. */
class Inbox {
  #connection: string | undefined;
  #taker: ((message: PeerMessage) => void) | undefined;
  #waiting: PeerMessage[] = [];
  #wake: (() => void) | undefined;

  constructor(channel: SignalingChannel) {
    channel.listen((message) => this.#on(message));
  }

  /** From now on what is about this connection goes to `taker`, what has come already first. */
  begin(connection: string, taker: (message: PeerMessage) => void): void {
    this.#connection = connection;
    this.#taker = taker;
    const own = this.#waiting.filter((message) => this.#isCurrent(message));
    this.#waiting = this.#waiting.filter((message) => !this.#isCurrent(message));
    own.forEach(taker);
  }

  end(): void {
    this.#connection = undefined;
    this.#taker = undefined;
  }

  /** The next offer, or the goodbye to the whole call. What is left of connections that are over goes. */
  async next(): Promise<PeerMessage> {
    for (;;) {
      const at = this.#waiting.findIndex(
        ({ type, connection }) => type === 'offer' || (type === 'goodbye' && connection === undefined),
      );
      const [found] = at < 0 ? [] : this.#waiting.splice(0, at + 1).slice(-1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #on(message: PeerMessage): void {
    if (this.#taker !== undefined && this.#isCurrent(message)) this.#taker(message);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(message);
    this.#wake?.();
  }

  #isCurrent({ type, connection }: PeerMessage): boolean {
    // A goodbye that names no connection is to the whole call.
    return (connection ?? (type === 'goodbye' ? undefined : 'any')) === this.#connection;
  }
}

const MOST_WAITING = 1000;

function goneOf(channel: SignalingChannel): { readonly reason: string | undefined } {
  const state: { reason: string | undefined } = { reason: undefined };
  void channel.closed.then((reason) => {
    state.reason = reason;
  });
  return state;
}
