import { fileURLToPath } from 'node:url';
import { decodePacket } from '../../../src/cli/decode/decode.ts';
import { IntegrityChecker } from '../../../src/cli/decode/integrity.ts';
import { packetsInCapture, unwrap } from '../../../src/cli/decode/packets.ts';
import { prettyPacket } from '../../../src/cli/decode/pretty.ts';
import { FORMATS } from '../../../src/cli/output/formats.ts';
import { readConfiguration } from '../../../src/core/configuration/read.ts';
import { randomInteger } from '../../../src/core/random.ts';
import { Secret } from '../../../src/core/secret.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { PLAIN } from '../../../src/report/style.ts';
import { type FakeRun, runInFakeWorld } from '../../support/context.ts';
import { PROJECT, readFixtureBytes } from '../../support/fixtures.ts';
import { pick } from '../../support/random-message.ts';
import { healthy, inboundBlocked, wrongPassword } from '../../unit/report/samples.ts';
import { demand, type FuzzTarget, textOf, utf8, Violation } from '../target.ts';

const CAPTURES = ['coturn-4.6.1.pcap', 'coturn-4.6.1.pcapng', 'coturn-4.6.1-any.pcap', 'coturn-4.6.1-nanoseconds.pcap'];

export const capture: FuzzTarget = {
  name: 'capture',
  reads: 'pcap and pcapng files, with all that is in them',
  seeds: () => CAPTURES.map((name) => readFixtureBytes(`captures/${name}`)),
  run(input) {
    unwrap(input);
    const found = packetsInCapture(input);
    if (!found.ok) {
      demand(found.error.offset <= input.length, 'the error is placed beyond the end');
      return 'refused';
    }
    demand(found.value.packets.length <= input.length / 4, 'more packets than bytes');
    const checker = new IntegrityChecker({ username: 'alice', password: new Secret('secret') }, nodeHashes);
    for (const packet of found.value.packets.slice(0, 5)) prettyPacket(decodePacket(packet, checker), PLAIN);
    return found.value.packets.length > 0 ? 'read' : 'refused';
  },
};

const CONFIGURATIONS: readonly string[] = [
  '{"iceServers":[{"urls":["stun:stun.example.org","turn:turn.example.org?transport=tcp"],"username":"alice","credential":"x"}],"iceTransportPolicy":"relay"}',
  "const pc = new RTCPeerConnection({ iceServers: [ { urls: 'turn:a.example', username: `b`, credential: 'c' }, /* two */ ] });",
  'export const iceServers = [\n  { url: "turn:a.example" }, // old\n  { urls: process.env.TURN_URL },\n];\n',
  '{"v":{"iceServers":{"urls":"turn:a.example","password":"x"}},"s":"ok"}',
  'TURN_URL=turn:turn.example.org\nTURN_USERNAME="alice"\nexport TURN_PASSWORD=\'x\'\n# c\nSTUN_URLS=stun:a,stun:b\n',
  'listening-port=3478\ntls-listening-port=5349\nfingerprint\nlt-cred-mech\nuser=alice:0x1234\nrealm=example.org\nexternal-ip=192.0.2.1/10.0.0.1\nmin-port=49152\nmax-port=65535\n#cert=/x\nuse-auth-secret\nstatic-auth-secret=x\n',
  'services:\n  coturn:\n    image: coturn/coturn\n    ports:\n      - "3478:3478/tcp"\n      - target: 3478\n        published: 3478\n        protocol: udp\n    command: ["-n", "--user=alice:x", "--realm=a"]\n    environment:\n      - A=b\n',
  'services:\n  turn:\n    image: "coturn/coturn:4.6"\n    network_mode: host\n    command: >\n      -n --listening-port 3478\n      --static-auth-secret=x\n',
];

const CONFIGURATION_WORDS = [
  'iceServers',
  'urls',
  'username',
  'credential',
  'stun:a.example',
  'turn:b.example',
  'services:',
  'image: coturn/coturn',
  'command:',
  'ports:',
  'listening-port=',
  'user=',
  'process.env.X',
  'new RTCPeerConnection(',
  '|-',
];

export const configuration: FuzzTarget = {
  name: 'configuration',
  reads: 'what people paste: JSON, JavaScript, .env, turnserver.conf, compose files',
  words: CONFIGURATION_WORDS,
  seeds: () => CONFIGURATIONS.map(utf8),
  run(input) {
    const text = textOf(input);
    const read = readConfiguration(text);
    const places = read.ok ? [...read.value.servers, ...read.value.remarks] : [read.error];
    // A carriage return alone ends a line for some editors.
    const ways = [text.split(/\r?\n/), text.split(/\r\n|[\n\r]/)];
    for (const { line, column } of places.slice(0, 20)) {
      const exists = ways.some((lines) => column >= 1 && column <= (lines[line - 1]?.length ?? -1) + 1);
      demand(exists, `line ${line}, column ${column}: there is no such place`);
    }
    return read.ok ? 'read' : 'refused';
  },
};

/** The whole way of a configuration: pasted, judged, and told in some format. */
export const lint: FuzzTarget = {
  name: 'lint',
  reads: 'a pasted configuration, to the report and the corrected configuration',
  words: CONFIGURATION_WORDS,
  maxBytes: 16_384,
  seeds: () => CONFIGURATIONS.map(utf8),
  async run(input, random) {
    const format = pick(
      random,
      FORMATS.filter((each) => each !== 'html'),
    );
    return outcome(format, await runInFakeWorld(['lint', '-c', '-', '-f', format], { stdin: textOf(input) }));
  },
};

export const savedRun: FuzzTarget = {
  name: 'saved-run',
  reads: 'saved reports, events and dumps of webrtc-internals, rendered in every format and compared',
  words: [
    'run-started',
    'candidate',
    'stage',
    'finding',
    'error',
    'browser',
    'turn:turn.example.org',
    'srflx',
    '401',
    'complete',
  ],
  seeds: savedRuns,
  async run(input, random) {
    const stdin = textOf(input);
    if (randomInteger(random, 4) === 0)
      return outcome('pretty', await runInFakeWorld(['compare', '-', COMPARED], { stdin }));
    const format = pick(
      random,
      FORMATS.filter((each) => each !== 'html'),
    );
    const redact = randomInteger(random, 3) === 0 ? ['--redact'] : [];
    return outcome(format, await runInFakeWorld(['replay', '-', '-f', format, ...redact], { stdin }));
  },
};

const COMPARED = fileURLToPath(new URL('fixtures/reports/healthy.json', PROJECT));

function savedRuns(): Uint8Array[] {
  const runs = [healthy(), wrongPassword(), inboundBlocked()];
  const dump = {
    UserAgent: 'Mozilla/5.0',
    PeerConnections: {
      '1-1': {
        url: 'https://example.org/',
        rtcConfiguration: JSON.stringify({ iceServers: [{ urls: ['turn:turn.example.org'] }] }),
        updateLog: [
          { type: 'onicegatheringstatechange', value: '"gathering"', timestamp: 1_772_366_400_000 },
          {
            type: 'onicecandidate',
            value: 'sdpMid: 0, candidate: candidate:1 1 udp 1 192.0.2.1 9 typ host',
            time: '1772366400001',
          },
          {
            type: 'onicecandidateerror',
            value: '{"url":"turn:turn.example.org","errorCode":401}',
            timestamp: 1_772_366_400_050,
          },
          { type: 'oniceconnectionstatechange', value: '"failed"', time: '11/22/2026, 6:00:00 PM' },
        ],
        stats: { 'CP1-state': { statsType: 'candidate-pair', values: '["waiting","failed"]' } },
      },
    },
  };
  return [
    ...runs.map((run) => JSON.stringify(run.report())),
    ...runs.map((run) => JSON.stringify(run.report({ withEvents: true }))),
    ...runs.map((run) => run.events.map((event) => `${JSON.stringify(event)}\n`).join('')),
    JSON.stringify(dump),
  ].map(utf8);
}

/** Exit codes as promised, and never 70: for that `run` rejects, which reaches the engine by itself. */
function outcome(format: string, { exitCode, stderr }: FakeRun): 'read' | 'refused' {
  if (![0, 1, 2, 3].includes(exitCode)) throw new Violation(`exit code ${exitCode}`);
  const isRefused = /^iceprobe: /m.test(stderr);
  // Monitors know 2 as CRITICAL.
  demand(isRefused || exitCode !== 2 || format === 'nagios', 'refused without a word');
  return isRefused ? 'refused' : 'read';
}
