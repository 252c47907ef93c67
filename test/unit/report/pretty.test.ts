import { describe, expect, it } from 'vitest';
import { WIDTH } from '../../../src/report/layout.ts';
import { liveLines } from '../../../src/report/live.ts';
import { pretty, prettySummary } from '../../../src/report/pretty.ts';
import { Run, stunServer, turnServer } from '../../support/events.ts';

const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org';
const TURN_TCP = 'turn:turn.example.org?transport=tcp';

/** Home network, STUN and TURN that work, one interface with both families. */
function healthy(): Run {
  const run = new Run({ servers: [stunServer(STUN), turnServer([TURN, TURN_TCP])] });
  run.interface('eth0', '192.168.1.23').interface('eth0', '2001:db8::23');
  run.gathering().at(1);
  run.candidate('host', '192.168.1.23:51022').candidate('host', '[2001:db8:12:3456:89ab:cdef:1234:5678]:51025');
  run.at(12).candidate('srflx', '203.0.113.7:41022', { url: STUN });
  run.attempt(STUN).pass('binding', { mappedAddress: '203.0.113.7:41022' });
  run
    .at(48)
    .candidate('relay', '203.0.113.99:49161', { url: TURN, relatedAddress: '203.0.113.7', relatedPort: 41_022 });
  run.attempt(TURN).allocated();
  run.at(61).candidate('relay', '203.0.113.99:49162', {
    url: TURN_TCP,
    relayProtocol: 'tcp',
    relatedAddress: '203.0.113.7',
    relatedPort: 50_321,
  });
  run.attempt(TURN_TCP).pass('connect').allocated('203.0.113.99:49162');
  return run.omitted('srflx', '203.0.113.7:41022', 'same as its base').at(62).complete();
}

function wrongPassword(): Run {
  const run = new Run({ servers: [stunServer(STUN), turnServer([TURN, TURN_TCP])] });
  run.gathering().at(1).candidate('host', '192.168.1.23:51022');
  run.at(12).candidate('srflx', '203.0.113.7:41022', { url: STUN });
  run.attempt(STUN).pass('binding', { mappedAddress: '203.0.113.7:41022' });
  run.at(31).error(TURN, 401, 'Unauthorized');
  run.attempt(TURN).rejected(401, { software: 'Coturn-4.6.1' });
  run.at(40).error(TURN_TCP, 401, 'Unauthorized');
  run.attempt(TURN_TCP).pass('connect').rejected(401, { software: 'Coturn-4.6.1' });
  return run.at(62).complete();
}

/** The relay ports are behind a stateful firewall; a second server is silent, and TCP was tried to tell why. */
function inboundBlocked(): Run {
  const run = new Run({ command: 'doctor', servers: [turnServer(TURN), stunServer(STUN)] });
  run.interface('eth0', '192.168.1.23');
  const attempt = run.at(900).attempt(TURN);
  attempt.pass('binding', { mappedAddress: '203.0.113.7:41022', rttMs: 21 }, 21).allocated('203.0.113.99:49161');
  attempt.pass('permission', {}, 20).burst('peer-first', 60, 0).burst('relay-to-peer', 60, 60);
  attempt.burst('peer-after-relay', 60, 60, [20, 21, 20.5, 22]);
  attempt.fail('relay-data', 'timeout', {
    relay: {
      witness: 'second-socket',
      egressAddress: '203.0.113.99',
      control: 'pass',
      ports: [{ port: 49_161, sent: 60, received: 60 }],
    },
  });
  attempt.pass('channel').pass('refresh', { lifetime: 600 }).pass('release');
  run.at(1800).attempt(STUN, { address: '198.51.100.9' }).silent();
  run
    .attempt('stun:stun.example.org:53', { address: '198.51.100.9' })
    .asControl('is only this port silent?')
    .silent('binding', 4, 800);
  return run;
}

/** The deadline came first, behind a NAT that gives each destination another port. */
function cutOff(): Run {
  const run = new Run({ command: 'doctor', servers: [stunServer(STUN)] });
  run.interface('eth0', '192.168.1.23');
  run.gathering().at(3).candidate('host', '192.168.1.23:51022');
  run
    .at(10_000)
    .attempt(STUN)
    .stage('binding', 'unknown', 'the deadline came first, while waiting for the answer of 198.51.100.7:3478', {
      cause: 'not-run',
    });
  for (const [destination, port] of [
    ['198.51.100.9:3478', 41_022],
    ['198.51.100.10:3478', 41_099],
  ] as const) {
    run.record({
      type: 'nat-test',
      test: 'mapping',
      interface: 'eth0',
      family: 4,
      local: '192.168.1.23:51022',
      destination,
      answerFrom: destination,
      mappedAddress: `203.0.113.7:${port}`,
      tries: 1,
      outcome: 'yes',
      via: 'stun',
    });
  }
  return run.complete();
}

function expectFits(text: string): void {
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(WIDTH);
}

describe('pretty', () => {
  it('shows a healthy gathering', async () => {
    const text = pretty(healthy().report());
    expectFits(text);
    await expect(text).toMatchFileSnapshot('./golden/healthy.txt');
  });

  it('puts the cause of a failure first', async () => {
    const text = pretty(wrongPassword().report());
    expectFits(text);
    await expect(text).toMatchFileSnapshot('./golden/wrong-password.txt');
  });

  it('shows what crosses a relay and what does not, controls included', async () => {
    const text = pretty(inboundBlocked().report());
    expectFits(text);
    await expect(text).toMatchFileSnapshot('./golden/inbound-blocked.txt');
  });

  it('says what is not determined, and why', async () => {
    const text = pretty(cutOff().report());
    expectFits(text);
    await expect(text).toMatchFileSnapshot('./golden/not-determined.txt');
  });

  it('shows which expectations are met', async () => {
    const expectations = [
      { text: 'relay/udp', met: true, value: 1 },
      { text: 'relay/tls', met: false, value: 0, because: 'no such candidate', finding: 'tls.expired' },
      { text: 'max-rtt 100 ms', met: null, value: null, because: 'nothing was measured' },
    ];
    await expect(pretty(healthy().report({ expectations }))).toMatchFileSnapshot('./golden/expectations.txt');
  });

  it('reads the same with colours, once they are taken away', () => {
    const colour = (text: string): string => `\u001b[31m${text}\u001b[39m`;
    const style = { bold: colour, dim: colour, error: colour, warning: colour, good: colour, accent: colour };
    for (const run of [healthy(), wrongPassword(), inboundBlocked(), cutOff()]) {
      const plain = pretty(run.report(), style).replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', '');
      expect(plain).toBe(pretty(run.report()));
    }
  });

  it('lets no server move the cursor', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).rejected(401, { software: 'evil\u001b[2J\r\nok    all is well', reason: '\u202eno' });
    const text = pretty(run.complete().report());
    expect(text).toContain('evil\\x1b[2J\\x0d\\x0aok');
    for (const evil of ['\u001b', '\r', '\u202e']) expect(text).not.toContain(evil);
    const live = liveLines();
    const [, line] = live({
      ...run.events[0],
      seq: 9,
      ms: 1,
      vantage: 'terminal',
      type: 'candidate-error',
      gathering: null,
      url: TURN,
      errorCode: 701,
      errorText: '\u001b[31mred',
      address: null,
      port: null,
      family: null,
    });
    expect(line).toContain('\\x1b[31mred');
  });

  it('shows live what the report shows afterwards', () => {
    const run = healthy();
    const live = liveLines();
    const table = run.events.flatMap((event) => live(event));
    expect(`${table.join('\n')}\n\n${prettySummary(run.report())}`).toBe(pretty(run.report()));
  });
});
