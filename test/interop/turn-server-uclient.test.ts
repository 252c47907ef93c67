import { expect } from 'vitest';
import { startTurnServer } from '../../src/index.ts';
import { certificate } from '../support/certificates.ts';
import { startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';
import { runUclient } from '../support/turnutils.ts';
import { startUdpEcho } from '../support/udp-echo.ts';

describeNeeding('coturn').concurrent('turnutils_uclient loses nothing through the local server', (it) => {
  const load = ['-m', '10', '-n', '200', '-l', '172'];
  it.each([
    ['UDP, channels', []],
    ['UDP, indications', ['-s']],
    ['TCP, channels', ['-t']],
    ['TCP, indications', ['-t', '-s']],
  ])('%s', async (_what, args) => {
    await using server = await startTurnServer({ users: { user: 'password' } });
    // Without `-c` every second allocation is for RTCP: EVEN-PORT, a reservation, and the peer's next port.
    await using echo = await startUdpEcho('127.0.0.1', 2);
    const peer = ['-u', 'user', '-w', 'password', '-e', echo.address, '-r', String(echo.port)];
    const run = await runUclient({ port: server.port, args: [...peer, ...load, ...args] });
    expect(run).toMatchObject({ sent: 2000, received: 2000, lost: 0 });
    expect(echo.received).toBe(2000);
    expect(server.bytesRelayed).toBe(2 * 2000 * 172);
  });
});

describeNeeding('coturn')('turnutils_uclient over TLS', (it) => {
  // The tool reports some loss over TLS on any server, so what it says of coturn in the same run is the measure.
  it.for([
    ['channels', []],
    ['indications', ['-s']],
  ] as const)('loses no more than through coturn: %s', async ([_what, args]) => {
    const tls = certificate('good');
    await using coturn = await startCoturn({ tls, users: { user: 'password' }, listen: ['127.0.0.1'] });
    await using server = await startTurnServer({ users: { user: 'password' } });
    await using echo = await startUdpEcho('127.0.0.1', 2);
    const peer = ['-u', 'user', '-w', 'password', '-e', echo.address, '-r', String(echo.port)];
    const load = [...peer, '-t', '-S', '-m', '10', '-n', '200', '-l', '172', ...args];
    const [theirs, ours] = await Promise.all([
      runUclient({ port: coturn.tlsPort, args: load }),
      runUclient({ port: server.tlsPort, args: load }),
    ]);
    expect(ours.sent).toBe(2000);
    // Ten of 2,000 is what the tool makes up in one run and not in the next.
    expect(ours.lost).toBeLessThanOrEqual(Math.max(theirs.lost, 10));
  });
});
