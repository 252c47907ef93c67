import type { CallEvent, PeerRole } from '../../src/core/call/events.ts';
import type { CallPath } from '../../src/core/call/path.ts';
import type {
  CallClock,
  DataChannel,
  IceCandidate,
  LocalDescription,
  PeerConnection,
  SessionDescription,
} from '../../src/core/call/peer-connection.ts';
import { PeerSession } from '../../src/core/call/session.ts';
import type { SessionEnd, SessionOptions } from '../../src/core/call/session-options.ts';
import type { PeerMessage } from '../../src/core/signaling/message.ts';

/** A clock that jumps from one timer to the next. */
export class VirtualClock implements CallClock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Runs until the condition holds, at most so far. */
  async until(isMet: () => boolean, limitMs = 600_000): Promise<void> {
    await settled();
    while (!isMet()) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > limitMs) throw new Error(`nothing more will happen after ${this.#now} ms`);
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settled();
    }
  }
}

/** Lets promises run that wait for nothing but each other. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export interface FakeNetwork {
  readonly clock: VirtualClock;
  readonly delayMs: number;
  /** Whether ICE finds a pair. */
  connects: boolean;
  /** Which message of an unreliable channel is lost. */
  loses: (number: number) => boolean;
  /** Bytes a millisecond that a reliable channel takes. */
  readonly bytesPerMs: number;
}

/** What a session needs of a peer connection, without a network: two of them find each other by their descriptions. */
export class FakePeerConnection implements PeerConnection {
  static #all = new Map<string, FakePeerConnection>();
  static #count = 0;

  readonly id = `fake-${FakePeerConnection.#count++}`;
  readonly network: FakeNetwork;
  readonly candidates: readonly string[];
  connectionState = 'new';
  iceConnectionState = 'new';
  iceGatheringState = 'new';
  signalingState = 'stable';
  localDescription: SessionDescription | null = null;
  remote: FakePeerConnection | undefined;
  added: string[] = [];
  closed = false;
  channels: FakeChannel[] = [];
  onicecandidate: PeerConnection['onicecandidate'] = null;
  onicecandidateerror: PeerConnection['onicecandidateerror'] = null;
  onconnectionstatechange: PeerConnection['onconnectionstatechange'] = null;
  oniceconnectionstatechange: PeerConnection['oniceconnectionstatechange'] = null;
  onicegatheringstatechange: PeerConnection['onicegatheringstatechange'] = null;
  onsignalingstatechange: PeerConnection['onsignalingstatechange'] = null;
  ondatachannel: PeerConnection['ondatachannel'] = null;

  constructor(network: FakeNetwork, candidates: readonly string[]) {
    this.network = network;
    this.candidates = candidates;
    FakePeerConnection.#all.set(this.id, this);
  }

  createDataChannel(label: string, options: { maxRetransmits?: number } = {}): DataChannel {
    const channel = new FakeChannel(label, this.network, options.maxRetransmits === undefined);
    this.channels.push(channel);
    return channel;
  }

  async createOffer(): Promise<LocalDescription> {
    return { type: 'offer', sdp: this.#sdp() };
  }

  async createAnswer(): Promise<LocalDescription> {
    return { type: 'answer', sdp: this.#sdp() };
  }

  async setLocalDescription({ type, sdp = '' }: LocalDescription): Promise<void> {
    this.localDescription = { type, sdp };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    this.onsignalingstatechange?.({});
    this.iceGatheringState = 'gathering';
    this.onicegatheringstatechange?.({});
    this.network.clock.after(this.network.delayMs, () => this.#gather(type, sdp));
    this.#connectIfReady();
  }

  async setRemoteDescription({ sdp, type }: SessionDescription): Promise<void> {
    const id = /^s=(\S+)/m.exec(sdp)?.[1] ?? '';
    this.remote = FakePeerConnection.#all.get(id);
    if (this.remote === undefined) throw new Error('no such description');
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
    this.onsignalingstatechange?.({});
    this.#connectIfReady();
  }

  async addIceCandidate({ candidate }: { candidate: string }): Promise<void> {
    if (this.remote === undefined) throw new Error('no remote description');
    if (candidate.includes('bad')) throw new Error('cannot be parsed');
    this.added.push(candidate);
  }

  async getStats(): Promise<{ forEach(callback: (stat: unknown) => void): void }> {
    if (this.closed) throw new Error('closed');
    const pair = {
      id: 'P',
      type: 'candidate-pair',
      localCandidateId: 'L',
      remoteCandidateId: 'R',
      state: this.iceConnectionState === 'connected' ? 'succeeded' : 'in-progress',
      nominated: true,
    };
    return [
      { id: 'T', type: 'transport', dtlsState: this.connectionState, selectedCandidatePairId: 'P' },
      { id: 'L', type: 'local-candidate', candidateType: 'relay', relayProtocol: 'tcp', url: 'turn:127.0.0.1:9' },
      { id: 'R', type: 'remote-candidate', candidateType: 'host', address: '192.0.2.1', port: 5 },
      pair,
    ];
  }

  setState(state: string): void {
    this.connectionState = state;
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.({});
    this.onconnectionstatechange?.({});
  }

  close(): void {
    this.closed = true;
  }

  #sdp(): string {
    return `v=0\r\ns=${this.id}\r\na=ice-options:trickle\r\n`;
  }

  #gather(type: 'offer' | 'answer' | 'pranswer' | 'rollback', sdp: string): void {
    if (this.closed) return;
    for (const candidate of this.candidates) {
      this.onicecandidate?.({ candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 } satisfies IceCandidate });
    }
    const lines = this.candidates.map((candidate) => `a=${candidate}\r\n`).join('');
    this.localDescription = { type, sdp: sdp + lines };
    this.iceGatheringState = 'complete';
    this.onicegatheringstatechange?.({});
    this.onicecandidate?.({ candidate: null });
  }

  #connectIfReady(): void {
    if (this.localDescription === null || this.remote === undefined || this.connectionState === 'connected') return;
    const { remote } = this;
    this.network.clock.after(this.network.delayMs * 4, () => {
      if (!this.network.connects || remote.remote !== this || this.closed) return;
      this.setState('connected');
      for (const channel of this.channels) {
        const twin = channel.openTo();
        remote.ondatachannel?.({ channel: twin });
        twin.open();
        channel.open();
      }
    });
  }
}

class FakeChannel implements DataChannel {
  readonly label: string;
  readyState = 'connecting';
  bufferedAmount = 0;
  onopen: DataChannel['onopen'] = null;
  onclose: DataChannel['onclose'] = null;
  onmessage: DataChannel['onmessage'] = null;
  readonly #network: FakeNetwork;
  readonly #reliable: boolean;
  #twin: FakeChannel | undefined;
  #sent = 0;
  #freeAt = 0;

  constructor(label: string, network: FakeNetwork, reliable: boolean) {
    this.label = label;
    this.#network = network;
    this.#reliable = reliable;
  }

  openTo(): FakeChannel {
    const twin = new FakeChannel(this.label, this.#network, this.#reliable);
    twin.#twin = this;
    this.#twin = twin;
    return twin;
  }

  open(): void {
    this.readyState = 'open';
    this.onopen?.({});
  }

  send(text: string): void {
    const { clock, delayMs, bytesPerMs, loses } = this.#network;
    if (!this.#reliable && loses(this.#sent++)) return;
    this.bufferedAmount += text.length;
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + text.length / bytesPerMs;
    clock.after(this.#freeAt - clock.now(), () => {
      this.bufferedAmount -= text.length;
    });
    clock.after(this.#freeAt - clock.now() + delayMs, () => this.#twin?.onmessage?.({ data: text }));
  }
}

export interface FakeEnd {
  readonly session: PeerSession;
  readonly connection: FakePeerConnection;
  readonly events: CallEvent[];
  readonly sent: PeerMessage[];
  readonly ends: SessionEnd[];
}

/** Two sessions with signaling between them, which `pass` may change, hold back or repeat. */
export function fakeCall(options: {
  readonly network: FakeNetwork;
  readonly path?: CallPath;
  readonly offerer?: readonly string[];
  readonly answerer?: readonly string[];
  readonly session?: Partial<SessionOptions>;
  readonly pass?: (message: PeerMessage, from: PeerRole) => readonly PeerMessage[];
}): { readonly offerer: FakeEnd; readonly answerer: FakeEnd } {
  const { network, path = 'any', pass = (message) => [message] } = options;
  const ends = new Map<PeerRole, FakeEnd>();
  for (const role of ['offerer', 'answerer'] as const) {
    const connection = new FakePeerConnection(network, options[role] ?? [HOST]);
    const end = { connection, events: [] as CallEvent[], sent: [] as PeerMessage[], ends: [] as SessionEnd[] };
    const session = new PeerSession(
      {
        path,
        role,
        iceServers: [],
        trickle: true,
        loopback: false,
        connectMs: 10_000,
        durationMs: 1000,
        stack: 'fake',
        ...options.session,
      },
      {
        clock: network.clock,
        connect: () => connection,
        onEvent: (event) => end.events.push(event),
        onMessage(message) {
          end.sent.push(message);
          const other = role === 'offerer' ? 'answerer' : 'offerer';
          network.clock.after(network.delayMs, () => {
            for (const each of pass(message, role)) ends.get(other)?.session.receive(each);
          });
        },
        onEnd: (ended) => end.ends.push(ended),
      },
    );
    ends.set(role, { session, ...end });
  }
  const offerer = ends.get('offerer');
  const answerer = ends.get('answerer');
  if (offerer === undefined || answerer === undefined) throw new Error('no ends');
  return { offerer, answerer };
}

export const HOST = 'candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host ufrag abcd';
export const LOOPBACK = 'candidate:2 1 udp 2122260223 127.0.0.1 5000 typ host';
export const SRFLX = 'candidate:3 1 udp 1686052607 198.51.100.1 5000 typ srflx raddr 192.0.2.1 rport 5000';
export const RELAY = 'candidate:4 1 udp 41885439 203.0.113.1 6000 typ relay raddr 198.51.100.1 rport 5000';
