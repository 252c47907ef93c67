import { describe, expect, it } from 'vitest';
import { WIDTH } from '../../../src/report/layout.ts';
import { pretty } from '../../../src/report/pretty.ts';
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
});
