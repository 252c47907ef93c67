import type { IncomingMessage } from 'node:http';
import { showPath } from '../../../src/check/targets/problem.ts';
import { readTargets } from '../../../src/check/targets/read.ts';
import { resolveTarget, type TargetWorld } from '../../../src/check/targets/resolve.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { CandidateQueue } from '../../../src/core/signaling/candidate-queue.ts';
import { parsePeerMessage } from '../../../src/core/signaling/message.ts';
import { normaliseCode, ROOM_LIMITS, Rooms } from '../../../src/core/signaling/rooms.ts';
import type { WitnessMessage } from '../../../src/core/signaling/witness-message.ts';
import type { WitnessInput } from '../../../src/core/witness/types.ts';
import { Witness } from '../../../src/core/witness/witness.ts';
import { FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';
import { makeReport } from '../../../src/diagnosis/make-report.ts';
import { cookieOf, isEmbedded, isOurHost, isOurOrigin, placeOf } from '../../../src/web/server/guard.ts';
import { readPageMessage } from '../../../src/web/server/messages.ts';
import { PEER_REPORTS } from '../peer-reports.ts';
import { demand, type FuzzTarget, textOf, utf8 } from '../target.ts';

export const signaling: FuzzTarget = {
  name: 'signaling',
  reads: 'messages of peers, and codes of rooms',
  words: [
    'offer',
    'answer',
    'new-ice-candidate',
    'goodbye',
    'witness',
    'hello',
    'sent',
    'heard',
    '198.51.100.2:5000',
    'candidate',
    'v=0\\r\\n',
    'ABC-DEF',
  ],
  seeds: () =>
    [
      { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' },
      { type: 'answer', sdp: 'v=0\r\n' },
      {
        type: 'new-ice-candidate',
        candidate: 'candidate:1 1 udp 2130706431 192.0.2.1 54321 typ host',
        sdpMid: '0',
        sdpMLineIndex: 0,
        usernameFragment: 'abcd',
      },
      { type: 'end-of-candidates' },
      { type: 'goodbye', reason: 'done' },
      { type: 'witness', step: 'hello', ...WITNESS },
      { type: 'witness', step: 'sent', phase: 1, counts: [10, 10, 0, 0] },
      { type: 'witness', step: 'heard', counts: [9], from: ['198.51.100.2:5000'], answered: 3, ear: null },
    ].map((each) => utf8(JSON.stringify(each))),
  run(input, random) {
    const text = textOf(input);
    const rooms = new Rooms(seededRandom(1));
    const room = rooms.open(0);
    demand(room.ok, 'no room');
    for (let tries = 0; tries < 40; tries++) rooms.join(text.slice(0, 40), tries);
    demand(rooms.size <= ROOM_LIMITS.rooms && normaliseCode(text).length <= 3 * text.length, 'a code grows');
    const parsed = parsePeerMessage(text);
    if (!parsed.ok) return 'refused';
    const again = parsePeerMessage(JSON.stringify(parsed.value));
    demand(
      again.ok && JSON.stringify(again.value) === JSON.stringify(parsed.value),
      'told again it is another message',
    );
    const { value } = parsed;
    const queue = new CandidateQueue(1 + (random.bytes(1)[0] ?? 0));
    if (value.type === 'new-ice-candidate') {
      for (let n = 0; n < 300; n++) queue.push(value);
      demand(queue.waiting <= 256, 'more waits than may');
    }
    if (value.type === 'witness') believe(value);
    return 'read';
  },
};

const WITNESS = {
  token: '0123456789abcdef',
  ear: '198.51.100.2:5000',
  mouth: '198.51.100.2:5001',
  relays: ['203.0.113.7:50000'],
  call: true,
};

/** An end whose other end says this over and over comes to its end, and sends no more than it may. */
function believe(message: WitnessMessage): void {
  const witness = new Witness();
  let sent = 0;
  let now = 0;
  const drain = (): void => {
    for (let output = witness.poll(); output !== undefined; output = witness.poll()) {
      if (output.kind === 'command' && output.command.type === 'send') sent++;
    }
  };
  const handle = (input: WitnessInput): void => {
    witness.handle(input, now);
    drain();
  };
  handle({ type: 'start' });
  handle({ type: 'message', message: { type: 'witness', step: 'ready' } });
  handle({ type: 'opened', hello: { ...WITNESS, ear: '198.51.100.1:5000', mouth: '198.51.100.1:5001' } });
  for (let steps = 0; steps < 400 && !witness.finished; steps++) {
    handle({ type: 'message', message });
    handle({ type: 'permitted' });
    now = Math.max(now, witness.deadline?.at ?? now);
    witness.handleTimeout(now);
    drain();
  }
  demand(witness.finished || witness.deadline === undefined, 'it never ends');
  demand(sent <= 80, `${sent} packets are sent`);
}

export const pageMessages: FuzzTarget = {
  name: 'page-messages',
  reads: 'what a page sends to the terminal',
  words: [
    ...['run', 'stop', 'event', 'finished', 'local-server', 'iceServers', 'urls', 'browser', 'relay', 'candidate'],
    ...['peer', 'report', 'peer-state', 'candidate-pair', 'data-channel', 'offerer', 'any', 'sample', 'measurement'],
  ],
  seeds: () =>
    [
      {
        type: 'run',
        iceServers: [{ urls: ['turn:turn.example.org'], username: 'alice', credential: 'x' }],
        iceTransportPolicy: 'all',
        timeoutMs: 10_000,
      },
      { type: 'stop' },
      { type: 'local-server' },
      { type: 'finished' },
      {
        type: 'event',
        event: { seq: 1, ms: 1.5, type: 'gathering-state', vantage: 'browser', state: 'new', url: null },
      },
      ...PEER_REPORTS.map((report) => ({ type: 'peer', report })),
    ].map((each) => utf8(JSON.stringify(each))),
  run(input) {
    const parsed = readPageMessage(textOf(input));
    if (!parsed.ok) return 'refused';
    const again = readPageMessage(JSON.stringify(parsed.value));
    demand(
      again.ok && JSON.stringify(again.value) === JSON.stringify(parsed.value),
      'told again it is another message',
    );
    const { value } = parsed;
    if (value.type === 'event') makeReport([value.event]);
    if (value.type === 'peer' && value.report.type === 'event') {
      const { event, at } = value.report;
      const [call] = makeReport([{ ...event, seq: 1, ms: at, vantage: 'browser' }]).calls ?? [];
      demand(call?.path === event.call, 'the call of an event is lost');
    }
    return 'read';
  },
};

const PLACES = [placeOf('127.0.0.1', 4321, 'http'), placeOf('::', 443, 'https', ['192.0.2.1', '2001:db8::1'])];

export const httpHeaders: FuzzTarget = {
  name: 'http-headers',
  reads: 'the headers by which the page lets in and keeps out: one a line',
  words: [
    'host',
    'origin',
    'cookie',
    'sec-fetch-site',
    'sec-fetch-dest',
    'localhost:4321',
    '127.0.0.1:4321',
    'null',
    'http://',
  ],
  maxBytes: 16_384,
  seeds: () =>
    [
      'host: 127.0.0.1:4321\norigin: http://127.0.0.1:4321\ncookie: a=b; iceprobe-session=x',
      'host: LOCALHOST:4321\nsec-fetch-site: cross-site\nsec-fetch-dest: iframe',
      'host: evil.example\norigin: http://evil.example',
      'host: [2001:db8::1]:443\norigin: https://[2001:db8::1]:443',
    ].map(utf8),
  run(input) {
    const headers: Record<string, string> = {};
    for (const line of textOf(input).split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    const request = { headers } as unknown as IncomingMessage;
    let isIn = false;
    for (const place of PLACES) {
      const ours = isOurHost(request, place);
      // The check that keeps rebinding out must hold whatever else is there.
      demand(!ours || place.hosts.has(String(headers['host']).toLowerCase()), 'a foreign host is taken for ours');
      isIn ||= ours && isOurOrigin(request, place) && !isEmbedded(request);
    }
    cookieOf(request, 'iceprobe-session');
    return isIn ? 'read' : 'refused';
  },
};

export const targetsFile: FuzzTarget = {
  name: 'targets-file',
  reads: 'iceprobe.config.json: targets, what is expected of them, what the environment holds',
  words: [
    'targets',
    'defaults',
    'iceServers',
    'urls',
    'env',
    'expect',
    'require',
    'allow',
    'interval',
    'TURN_SECRET',
    '10s',
  ],
  maxBytes: 16_384,
  seeds: () =>
    [
      {
        $schema: './config.schema.json',
        concurrency: 2,
        defaults: { timeout: 5, expect: ['findings.count == 0'], require: ['relay/udp'] },
        targets: {
          'eu-1': {
            iceServers: [{ urls: ['turn:turn.example.org'], username: 'a', credential: { env: 'TURN_SECRET' } }],
          },
          us: { iceServers: [{ urls: 'turns:us.example.org', secret: { env: 'NONE' } }], allow: ['net.no-hairpin'] },
        },
      },
      { targets: { a: { iceServers: [{ urls: 'stun:stun.example.org' }] } } },
    ].map((each) => utf8(JSON.stringify(each))),
  run(input) {
    let value: unknown;
    try {
      value = JSON.parse(textOf(input));
    } catch {
      return 'refused';
    }
    const read = readTargets(value, FINDING_IDS);
    if (!read.ok) {
      demand(
        read.error.length > 0 && read.error.every(({ path }) => typeof showPath(path) === 'string'),
        'no problem named',
      );
      return 'refused';
    }
    const world: TargetWorld = {
      env: { TURN_SECRET: 'x' },
      mint: (secret, user = '') => ({ username: `1767225600:${user}`, credential: secret }),
    };
    for (const plan of read.value.targets.slice(0, 10)) {
      const target = resolveTarget(plan, world);
      if (target.ok) demand(target.value.servers().length === plan.config.iceServers.length, 'a server is missing');
    }
    return 'read';
  },
};
