import { CandidateQueue } from '../signaling/candidate-queue.ts';
import type { PeerMessage } from '../signaling/message.ts';
import { candidatesIn, withoutFragment, withoutTrickle } from './description.ts';
import type { CallEvent, DataSample, PeerState, SignalingEvent } from './events.ts';
import { CONTROL_CHANNEL, Echo, Measuring, PROBE_CHANNEL } from './measuring.ts';
import { type CallPath, configurationFor, givenUrl, kindsFor, reasonToWithhold, withholdFromSdp } from './path.ts';
import type { DataChannel, PeerConnection, SessionDescription } from './peer-connection.ts';
import type { SessionEnd, SessionOptions, SessionWorld } from './session-options.ts';
import { StatsWatch } from './stats-watch.ts';
import { waitsFor } from './waiting.ts';

/** How long gathering may hold up a description without trickle. */
const MOST_GATHERING_MS = 8000;
/**
 * How long the end waits for gathering: an allocation whose answer is still under way when a connection is closed is given
 * back by nobody.
 */
const LAST_GATHERING_MS = 1000;
/** Beyond its planned length, measuring gets this long for its questions and answers. */
const MEASURING_SLACK_MS = 15_000;
/** How long a connection may be interrupted before the offerer starts ICE anew. */
const RESTART_AFTER_MS = 2500;
const MOST_RESTARTS = 2;
/** How long a goodbye may come after the end of the data channel. */
const GOODBYE_MS = 500;
/** Ours and theirs, of one connection. */
const MOST_CANDIDATES = 1000;

/**
 * One end of one peer connection, from its offer or answer to its goodbye: signaling, candidates, states, statistics, a
 * data channel. The same code runs in a child process of the terminal and in a page.
 */
export class PeerSession {
  readonly #options: SessionOptions;
  readonly #world: SessionWorld;
  /** What our candidates are held to. */
  readonly #kinds: CallPath;
  readonly #connection: PeerConnection;
  readonly #watch: StatsWatch;
  readonly #echo: Echo;
  #queue = new CandidateQueue();
  #trickle: boolean;
  #measuring: Measuring | undefined;
  #incoming: Promise<void> = Promise.resolve();
  #cancelDeadline: () => void;
  #cancelRestart: (() => void) | undefined;
  #restarts = 0;
  #wasOpen = false;
  /** Its end has begun: the last statistics are still to come. */
  #isEnding = false;
  #isOver = false;
  readonly #told = new Map<PeerState['machine'], string>();
  /** Candidates that there are to try, ours and theirs, and who has told that there are no more. */
  #candidates = 0;
  #isFlooded = false;
  #ended = { ours: false, theirs: false };

  constructor(options: SessionOptions, world: SessionWorld) {
    this.#options = options;
    this.#world = world;
    this.#trickle = options.trickle;
    this.#kinds = kindsFor(options.path, options.iceServers);
    const { clock } = world;
    this.#echo = new Echo(clock, this.#onSample);
    this.#tell('call', 'started', { stack: options.stack });
    this.#connection = world.connect(configurationFor(options.path, options.iceServers, options.bridges));
    this.#watch = new StatsWatch(this.#connection, clock, options.bridges ?? {}, {
      onPair: (pair) => this.#emit({ type: 'candidate-pair', ...this.#stamp, pair }),
      onDtls: (state) => this.#tell('dtls', state),
      onLook: () => this.#tell('ice', this.#connection.iceConnectionState),
    });
    this.#listen();
    this.#cancelDeadline = clock.after(options.connectMs, () =>
      this.#end('timeout', waitsFor(this.#connection, this.#candidates)),
    );
  }

  /** The offerer's first step; an answerer waits for what comes. */
  start(): void {
    const control = this.#connection.createDataChannel(CONTROL_CHANNEL);
    const probe = this.#connection.createDataChannel(PROBE_CHANNEL, { ordered: false, maxRetransmits: 0 });
    let opened = 0;
    for (const channel of [control, probe]) {
      channel.onopen = () => {
        if (++opened === 2) void this.#measure(probe, control);
      };
      this.#noticeClose(channel);
    }
    void this.#offer({});
  }

  /** From the other end. Messages are handled one after another: each may need the one before it. */
  receive(message: PeerMessage): void {
    if (this.#isEnding || (message.connection !== undefined && message.connection !== this.#options.path)) return;
    this.#incoming = this.#incoming
      .then(() => this.#handle(message))
      .catch((error: unknown) => this.#end('error', wordsOf(error)));
  }

  /** Ends it from outside. */
  close(reason: string): void {
    this.#end('ended', reason);
  }

  get #stamp() {
    return { call: this.#options.path, peer: this.#options.role } as const;
  }

  #emit(event: CallEvent): void {
    if (!this.#isOver) this.#world.onEvent(event);
  }

  #tell(machine: PeerState['machine'], state: string, more: Pick<PeerState, 'stack' | 'reason'> = {}): void {
    if (this.#told.get(machine) === state && machine !== 'gathering') return;
    this.#told.set(machine, state);
    this.#emit({ type: 'peer-state', ...this.#stamp, machine, state, ...more });
  }

  #listen(): void {
    const connection = this.#connection;
    const bridges = this.#options.bridges ?? {};
    connection.onsignalingstatechange = () => this.#tell('signaling', connection.signalingState);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== this.#told.get('gathering')) {
        this.#tell('gathering', connection.iceGatheringState);
      }
    };
    connection.oniceconnectionstatechange = () => {
      this.#tell('ice', connection.iceConnectionState);
      this.#watch.look();
    };
    connection.onconnectionstatechange = () => this.#onConnectionState(connection.connectionState);
    connection.onicecandidate = ({ candidate }) => this.#onCandidate(candidate);
    connection.onicecandidateerror = ({ errorCode, errorText, url }) => {
      const words = `${errorCode ?? ''} ${errorText ?? ''}`.trim();
      this.#emit({
        type: 'peer-state',
        ...this.#stamp,
        machine: 'gathering',
        state: 'error',
        reason: `${givenUrl(url ?? 'a server', bridges)}: ${words === '' ? 'no reason given' : words}`,
      });
    };
    connection.ondatachannel = ({ channel }) => {
      this.#echo.take(channel);
      this.#noticeClose(channel);
      if (channel.label !== CONTROL_CHANNEL) return;
      const opened = (): void => {
        if (!this.#wasOpen) this.#onOpen();
      };
      // Open already where the stack announces it late.
      if (channel.readyState === 'open') opened();
      else channel.onopen = opened;
    };
  }

  #noticeClose(channel: DataChannel): void {
    channel.onclose = () => {
      if (!this.#wasOpen || channel.label !== CONTROL_CHANNEL) return;
      this.#emit({ type: 'data-channel', ...this.#stamp, state: 'closed' });
      // The goodbye comes another way, and where there is none left, not at all.
      this.#world.clock.after(GOODBYE_MS, () => this.#end('ended', 'the other end closed the connection', false));
    };
  }

  #onConnectionState(state: string): void {
    this.#tell('connection', state);
    this.#watch.look();
    if (state === 'connected') {
      this.#cancelRestart?.();
      this.#cancelRestart = undefined;
      return;
    }
    if (state === 'failed') {
      // A person may take longer to carry an answer over than a stack tries.
      if (this.#wasOpen || this.#options.patient !== true) this.#onFailure();
    } else if (state === 'disconnected' && this.#wasOpen) {
      this.#cancelRestart ??= this.#world.clock.after(RESTART_AFTER_MS, () => this.#restart());
    }
  }

  #onFailure(): void {
    if (!this.#wasOpen) this.#end('failed', waitsFor(this.#connection, this.#candidates));
    else if (this.#options.role === 'offerer' && this.#restarts < MOST_RESTARTS) this.#restart();
    // The answerer waits for the offer that starts ICE anew, and for no longer than a connection may take.
    else this.#cancelRestart ??= this.#world.clock.after(this.#options.connectMs, () => this.#lose());
  }

  /** RFC 8445 2.4: new user name fragment and password, new gathering, over the same DTLS association. */
  #restart(): void {
    this.#cancelRestart = this.#world.clock.after(this.#options.connectMs, () => this.#lose());
    if (this.#options.role !== 'offerer' || this.#restarts >= MOST_RESTARTS) return;
    this.#restarts++;
    this.#queue = new CandidateQueue();
    this.#tell('call', `restart ${this.#restarts}`);
    void this.#offer({ iceRestart: true });
  }

  #lose(): void {
    this.#end('lost', 'the path was lost and did not come back');
  }

  async #offer(options: { iceRestart?: boolean }): Promise<void> {
    try {
      await this.#describe(await this.#connection.createOffer(options));
    } catch (error) {
      this.#end('error', wordsOf(error));
    }
  }

  /** Sets our description and tells it: at once with trickle, otherwise once gathering is over. */
  async #describe(description: { readonly type: string; readonly sdp?: string }): Promise<void> {
    const type = description.type === 'offer' ? 'offer' : 'answer';
    const own = { type, sdp: description.sdp ?? '' } as const;
    // Told before it is set: its candidates come as soon as it is, and must not overtake it.
    if (this.#trickle) this.#sendDescription(own);
    await this.#connection.setLocalDescription(own);
    if (this.#trickle) return;
    await this.#gathered(MOST_GATHERING_MS);
    const whole = this.#connection.localDescription ?? own;
    this.#sendDescription({ type, sdp: withoutTrickle(whole.sdp) });
  }

  #sendDescription({ type, sdp }: { readonly type: 'offer' | 'answer'; readonly sdp: string }): void {
    const { loopback } = this.#options;
    this.#send({ type, sdp: withholdFromSdp(this.#kinds, sdp, loopback) }, { message: type, candidate: null });
  }

  async #gathered(limitMs: number): Promise<void> {
    const { clock } = this.#world;
    const until = clock.now() + limitMs;
    const goesOn = (state: string): boolean => (this.#isEnding ? state === 'gathering' : state !== 'complete');
    while (goesOn(this.#connection.iceGatheringState) && clock.now() < until) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
    }
  }

  #onCandidate(candidate: { candidate: string; sdpMid: string | null; sdpMLineIndex: number | null } | null): void {
    if (candidate === null || candidate.candidate === '') {
      if (candidate === null) this.#onLastCandidate();
      return;
    }
    const { loopback } = this.#options;
    const withheld = reasonToWithhold(this.#kinds, candidate.candidate, loopback);
    const seen = { message: 'candidate', candidate: withoutFragment(candidate.candidate) } as const;
    const { sdpMid, sdpMLineIndex } = candidate;
    if (withheld === undefined) this.#candidates++;
    if (withheld !== undefined || !this.#trickle) this.#saw('sent', { ...seen, error: withheld ?? null });
    else {
      const line = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment: null };
      this.#send({ type: 'new-ice-candidate', ...line }, seen);
    }
  }

  #onLastCandidate(): void {
    if (this.#trickle) this.#send({ type: 'end-of-candidates' }, { message: 'end-of-candidates', candidate: null });
    this.#ended.ours = true;
    this.#endIfHopeless();
  }

  /** Neither end has anything to try: nothing is gained by waiting for that. */
  #endIfHopeless(): void {
    if (this.#ended.ours && this.#ended.theirs && this.#candidates === 0) {
      this.#end('failed', 'ice: neither end has a candidate to try');
    }
  }

  #send(message: PeerMessage, seen: Pick<SignalingEvent, 'message' | 'candidate'>): void {
    if (this.#isOver) return;
    this.#saw('sent', seen);
    this.#world.onMessage({ ...message, connection: this.#options.path });
  }

  #saw(
    direction: SignalingEvent['direction'],
    seen: Pick<SignalingEvent, 'message' | 'candidate'> & Partial<SignalingEvent>,
  ): void {
    this.#emit({ type: 'signaling', ...this.#stamp, direction, error: null, ...seen });
  }

  async #handle(message: PeerMessage): Promise<void> {
    if (this.#isEnding) return;
    switch (message.type) {
      case 'offer':
      case 'answer':
        await this.#onDescription(message);
        break;
      case 'new-ice-candidate':
      case 'end-of-candidates': {
        const ready = this.#queue.push(message);
        if (ready === false) this.#refuseMore('too many wait');
        else for (const each of ready) await this.#add(each, false);
        break;
      }
      case 'goodbye':
        this.#saw('received', { message: 'goodbye', candidate: null });
        this.#end('ended', message.reason, false);
        break;
    }
  }

  async #onDescription({ type, sdp }: { readonly type: 'offer' | 'answer'; readonly sdp: string }): Promise<void> {
    this.#saw('received', { message: type, candidate: null });
    const trickles = /^a=ice-options:.*\btrickle\b/m.test(sdp);
    for (const candidate of candidatesIn(sdp)) {
      this.#candidates++;
      this.#saw('received', { message: 'candidate', candidate });
    }
    // A second offer starts ICE anew (RFC 8839 4.4.1.1.1); what is sent for it follows it.
    await this.#connection.setRemoteDescription({ type, sdp } satisfies SessionDescription);
    for (const each of this.#queue.describe()) await this.#add(each, true);
    // RFC 8840 4.1.1: who trickles says so; from whom does not, no more will come.
    if (!trickles) this.#ended.theirs = true;
    if (type === 'answer') {
      this.#endIfHopeless();
      return;
    }
    this.#trickle = trickles;
    await this.#describe(await this.#connection.createAnswer());
  }

  async #add(message: PeerMessage, waited: boolean): Promise<void> {
    const late = waited ? { waited } : {};
    if (message.type === 'end-of-candidates') {
      this.#saw('received', { message: 'end-of-candidates', candidate: null, ...late });
      this.#ended.theirs = true;
      this.#endIfHopeless();
      return;
    }
    if (message.type !== 'new-ice-candidate') return;
    if (this.#candidates >= MOST_CANDIDATES) {
      this.#refuseMore('too many');
      return;
    }
    const { candidate, sdpMid, sdpMLineIndex } = message;
    const seen = { message: 'candidate', candidate: withoutFragment(candidate), ...late } as const;
    this.#candidates++;
    try {
      await this.#connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex });
      this.#saw('received', seen);
    } catch (error) {
      // Of one candidate, and no reason to end what the others may bring about.
      this.#saw('received', { ...seen, error: wordsOf(error) });
    }
  }

  /** Said once: who sends that many would fill our memory with events. */
  #refuseMore(error: string): void {
    if (!this.#isFlooded) this.#saw('received', { message: 'candidate', candidate: null, error });
    this.#isFlooded = true;
  }

  readonly #onSample = (sample: DataSample): void => {
    if (!this.#isEnding) this.#emit({ type: 'data-channel', ...this.#stamp, state: 'measuring', sample });
  };

  #onOpen(): void {
    this.#wasOpen = true;
    this.#cancelDeadline();
    this.#emit({ type: 'data-channel', ...this.#stamp, state: 'open' });
  }

  async #measure(probe: DataChannel, control: DataChannel): Promise<void> {
    this.#onOpen();
    const { clock } = this.#world;
    const measuring = new Measuring(clock, probe, control, this.#options.durationMs, this.#onSample);
    this.#measuring = measuring;
    this.#cancelDeadline = clock.after(this.#options.durationMs + MEASURING_SLACK_MS, () => measuring.stop());
    await measuring.run();
    this.#end('measured', '');
  }

  #end(outcome: SessionEnd['outcome'], reason: string, sayGoodbye = true): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#cancelDeadline();
    this.#cancelRestart?.();
    this.#echo.stop();
    this.#measuring?.stop();
    const measurement = this.#measuring?.result() ?? this.#echo.result;
    if (measurement !== undefined) this.#emit({ type: 'data-channel', ...this.#stamp, state: 'measured', measurement });
    if (sayGoodbye) {
      const words = outcome === 'measured' ? 'done' : outcome;
      this.#send({ type: 'goodbye', reason: words }, { message: 'goodbye', candidate: null });
    }
    this.#tell('call', outcome, { reason });
    void Promise.all([this.#watch.finish(), this.#gathered(LAST_GATHERING_MS)]).then(() => {
      this.#isOver = true;
      this.#connection.close();
      this.#world.onEnd({ outcome, reason });
    });
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
