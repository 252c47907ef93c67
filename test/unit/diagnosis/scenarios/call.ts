import type { CandidatePair, PeerRole, PeerState } from '../../../../src/core/call/events.ts';
import { Run, turnServer } from '../../../support/events.ts';
import { type Scenario, TURN, TURNS, withInterfaces } from './scenario.ts';

const HOST = 'candidate:1 1 udp 2122260223 192.168.1.23 5000 typ host';

type Kind = CandidatePair['local']['candidateType'];

/** One connection of a call, told by its ends. */
class Connection {
  readonly run: Run;
  readonly #call: string;
  #peer: PeerRole = 'offerer';

  constructor(run: Run, call: string) {
    this.run = run;
    this.#call = call;
  }

  by(peer: PeerRole): this {
    this.#peer = peer;
    return this;
  }

  at(ms: number): this {
    this.run.at(ms);
    return this;
  }

  state(machine: PeerState['machine'], state: string, reason?: string): this {
    const more = reason === undefined ? {} : { reason };
    this.run.record({ type: 'peer-state', call: this.#call, peer: this.#peer, machine, state, ...more });
    return this;
  }

  /** Descriptions both ways. */
  described(answerAfterMs = 10, from = 0): this {
    const [out, back] = this.#peer === 'offerer' ? (['sent', 'received'] as const) : (['received', 'sent'] as const);
    return this.at(from)
      .#says(out, 'offer')
      .at(from + answerAfterMs)
      .#says(back, 'answer');
  }

  candidate(direction: 'sent' | 'received', candidate = HOST, error: string | null = null): this {
    return this.#says(direction, 'candidate', candidate, error);
  }

  /** A candidate each way. */
  candidates(): this {
    return this.candidate('sent').candidate('received');
  }

  pair(kinds: readonly [Kind, Kind], counts: Partial<CandidatePair> = {}): this {
    const end = (candidateType: Kind) =>
      ({ candidateType, address: '192.168.1.23', port: 5000, protocol: 'udp', relayProtocol: null }) as const;
    const pair: CandidatePair = {
      id: kinds.join(),
      local: end(kinds[0]),
      remote: end(kinds[1]),
      state: 'in-progress',
      nominated: false,
      selected: false,
      requestsSent: 9,
      responsesReceived: 0,
      requestsReceived: 0,
      responsesSent: 0,
      bytesSent: 0,
      bytesReceived: 0,
      rttMs: null,
      ...counts,
    };
    this.run.record({ type: 'candidate-pair', call: this.#call, peer: this.#peer, pair });
    return this;
  }

  connected(iceMs: number, dtlsMs = iceMs + 5, openMs = dtlsMs + 5): this {
    this.at(iceMs).state('ice', 'connected').at(dtlsMs).state('dtls', 'connected').state('connection', 'connected');
    this.at(openMs).run.record({ type: 'data-channel', call: this.#call, peer: this.#peer, state: 'open' });
    return this;
  }

  timedOut(reason = 'ice: no candidate pair answered', ms = 15_000): this {
    return this.at(ms).state('connection', 'failed').state('call', 'timeout', reason);
  }

  #says(
    direction: 'sent' | 'received',
    message: 'offer' | 'answer' | 'candidate',
    candidate: string | null = null,
    error: string | null = null,
  ): this {
    const stamp = { call: this.#call, peer: this.#peer } as const;
    this.run.record({ type: 'signaling', ...stamp, direction, message, candidate, error });
    return this;
  }
}

function callRun(): Run {
  return withInterfaces(new Run({ command: 'call', servers: [turnServer([TURN, `${TURN}:443?transport=tcp`])] }));
}

function connection(path = 'any', run = callRun()): Connection {
  return new Connection(run, path).at(run.events.at(-1)?.ms ?? 0).state('call', 'started');
}

const SELECTED = { state: 'succeeded', selected: true, nominated: true, responsesReceived: 4, requestsReceived: 4 };

const good = (path = 'any', run = callRun()): Connection =>
  connection(path, run).described().candidates().connected(40).pair(['host', 'host'], SELECTED);

/** Paths that an end has no candidate for, each by the server that gave it none. */
export function withoutServers(urls: Readonly<Record<string, string>>): Run {
  const run = callRun();
  for (const [path, url] of Object.entries(urls)) {
    const call = connection(path, run).described(10, run.events.at(-1)?.ms ?? 0);
    call.state('gathering', 'error', `${url}: 701 no answer`).candidate('received').timedOut();
  }
  return run;
}

const blocked = (path = 'any', run = callRun()): Connection =>
  connection(path, run).described().candidates().pair(['host', 'host']).pair(['host', 'srflx']).timedOut();

export const callScenarios: readonly Scenario[] = [
  {
    id: 'call.no-path',
    raise: () => blocked().run,
    finding: { severity: 'error', locus: 'path', confidence: 'likely', subject: 'path any' },
    near: [
      { name: 'it connected', run: () => good().run },
      {
        name: 'there was nothing to try',
        run: () => connection('srflx').described().state('gathering', 'complete').timedOut().run,
      },
      { name: 'a direct path alone, where an application connects', run: () => blocked('host', good().run).run },
      { name: 'the run ended before', run: () => connection().described().candidates().run },
    ],
  },
  {
    id: 'call.no-path',
    raise: () => connection().described(undefined).at(5).timedOut('signaling: no answer came').run,
    near: [{ name: 'it crashed', run: () => connection().state('call', 'crashed', 'SIGSEGV').run }],
  },
  {
    id: 'call.no-path',
    raise: () =>
      connection('relay/tcp')
        .described()
        .state('gathering', 'error', 'turn:turn.example.org?transport=tcp: 401 Unauthorized')
        .candidate('received')
        .timedOut().run,
    finding: { confidence: 'certain' },
    near: [
      {
        name: 'one server failed, and another one did it',
        run: () =>
          connection('relay/tcp').described().state('gathering', 'error', 'turn:x: 701').candidates().connected(50).run,
      },
    ],
  },
  {
    id: 'call.no-path',
    raise: () => withoutServers({ 'relay/udp': TURN, 'relay/tcp': `${TURN}?transport=tcp`, 'relay/tls': TURNS }),
    finding: { subject: 'paths relay/udp, relay/tcp, relay/tls', confidence: 'certain' },
    near: [],
  },
  {
    id: 'call.one-way',
    raise: () =>
      connection()
        .described()
        .candidates()
        .pair(['host', 'prflx'], { requestsReceived: 7, responsesSent: 7 })
        .timedOut().run,
    finding: { confidence: 'likely', locus: 'path' },
    near: [
      { name: 'nothing came from there either', run: () => blocked().run },
      {
        name: 'too few checks to tell it from loss',
        run: () =>
          connection()
            .described()
            .candidates()
            .pair(['host', 'prflx'], { requestsSent: 2, requestsReceived: 1 })
            .timedOut().run,
      },
      {
        name: 'both ends hear each other',
        run: () =>
          connection()
            .described()
            .candidates()
            .pair(['host', 'host'], { requestsReceived: 3 })
            .by('answerer')
            .candidates()
            .pair(['host', 'host'], { requestsReceived: 3 })
            .timedOut().run,
      },
    ],
  },
  {
    id: 'call.one-way',
    raise: () =>
      connection()
        .described()
        .candidates()
        .pair(['host', 'host'])
        .by('answerer')
        .candidates()
        .pair(['host', 'prflx'], { requestsReceived: 8, responsesSent: 8 })
        .timedOut().run,
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'call.dtls-failed',
    raise: () =>
      connection()
        .described()
        .candidates()
        .at(40)
        .state('ice', 'connected')
        .pair(['host', 'host'], SELECTED)
        .timedOut('dtls: the handshake did not end').run,
    finding: { confidence: 'likely' },
    near: [
      { name: 'it ended', run: () => good().run },
      { name: 'ICE did not connect', run: () => blocked().run },
      {
        name: 'DTLS stands, and the channel does not open',
        run: () =>
          connection()
            .described()
            .candidates()
            .at(40)
            .state('ice', 'connected')
            .state('dtls', 'connected')
            .timedOut('data channel: it did not open').run,
      },
    ],
  },
  {
    id: 'call.dtls-failed',
    raise: () =>
      connection().described().candidates().at(40).state('ice', 'connected').state('dtls', 'failed').timedOut('dtls')
        .run,
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'call.late-candidates',
    raise: () =>
      connection().described().candidate('sent').at(9000).candidate('received').pair(['host', 'host']).timedOut().run,
    finding: { severity: 'error' },
    near: [
      { name: 'they came in time', run: () => blocked().run },
      {
        name: 'one came late, after others',
        run: () => connection().described().candidates().at(9000).candidate('received').timedOut().run,
      },
    ],
  },
  {
    id: 'call.late-candidates',
    raise: () =>
      connection()
        .described()
        .candidate('sent')
        .candidate('received', HOST, 'Error processing ICE candidate')
        .timedOut().run,
    near: [
      {
        name: 'one of them could not be added',
        run: () => connection().described().candidates().candidate('received', HOST, 'no').timedOut().run,
      },
    ],
  },
  {
    id: 'call.late-candidates',
    raise: () => connection().described().candidate('sent').at(4000).candidate('received').connected(4050).run,
    finding: { severity: 'warning' },
    near: [{ name: 'it connected soon', run: () => good().run }],
  },
  {
    id: 'call.consent-lost',
    raise: () =>
      good()
        .at(9000)
        .state('connection', 'disconnected')
        .at(30_000)
        .state('connection', 'failed')
        .state('call', 'lost', 'gone').run,
    finding: { severity: 'error', confidence: 'certain' },
    near: [
      {
        name: 'interrupted for a moment',
        run: () => good().at(9000).state('connection', 'disconnected').at(9500).state('connection', 'connected').run,
      },
      { name: 'never connected', run: () => blocked().run },
    ],
  },
  {
    id: 'call.consent-lost',
    raise: () =>
      good()
        .at(9000)
        .state('connection', 'disconnected')
        .at(11_500)
        .state('call', 'restart 1')
        .at(12_000)
        .state('connection', 'connected')
        .at(20_000)
        .state('call', 'measured').run,
    finding: { severity: 'warning' },
    near: [],
  },
  {
    id: 'call.slow-connect',
    raise: () => connection().described().candidates().connected(6000).run,
    finding: { severity: 'warning', params: expectStep('checks') },
    near: [
      { name: 'it took less than two seconds', run: () => connection().described().candidates().connected(1500).run },
      { name: 'it did not connect', run: () => blocked().run },
      {
        name: 'the candidates were late',
        run: () => connection().described().candidate('sent').at(4000).candidate('received').connected(4050).run,
      },
    ],
  },
  {
    id: 'call.slow-connect',
    raise: () => connection().described(5000).candidates().connected(5050).run,
    finding: { params: expectStep('signaling') },
    near: [],
  },
  {
    id: 'call.relay-only',
    raise: () => connection().described().candidates().connected(90).pair(['relay', 'host'], SELECTED).run,
    finding: { severity: 'info', confidence: 'likely' },
    near: [
      { name: 'it is direct', run: () => good().run },
      {
        name: 'a relay was asked for',
        run: () =>
          connection('relay/udp').described().candidates().connected(90).pair(['relay', 'relay'], SELECTED).run,
      },
    ],
  },
  {
    id: 'call.stack-crashed',
    raise: () => connection().described().state('call', 'crashed', 'libwebrtc ended (SIGSEGV)').run,
    near: [{ name: 'it ended by itself', run: () => good().state('call', 'measured').run }],
  },
];

/** The step that a slow connection is put down to, among its other parameters. */
function expectStep(step: string): Record<string, string> {
  return { step };
}
