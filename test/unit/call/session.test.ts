import { describe, expect, it } from 'vitest';
import type { CallEvent, SignalingEvent } from '../../../src/core/call/events.ts';
import { CONTROL_CHANNEL, Echo } from '../../../src/core/call/measuring.ts';
import type { DataChannel } from '../../../src/core/call/peer-connection.ts';
import { type FakeNetwork, fakeCall, HOST, LOOPBACK, RELAY, SRFLX, VirtualClock } from '../../support/fake-peers.ts';

const network = (more: Partial<FakeNetwork> = {}): FakeNetwork => ({
  clock: new VirtualClock(),
  delayMs: 10,
  connects: true,
  loses: () => false,
  bytesPerMs: 1000,
  ...more,
});

const candidatesTold = (events: readonly CallEvent[]): SignalingEvent[] =>
  events.filter((event) => event.type === 'signaling').filter((event) => event.candidate !== null);

describe('a session', () => {
  it('connects, measures, and says goodbye', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0 && answerer.ends.length > 0);
    expect(offerer.ends).toEqual([{ outcome: 'measured', reason: '' }]);
    expect(answerer.ends).toEqual([{ outcome: 'ended', reason: 'done' }]);
    expect([offerer.connection.closed, answerer.connection.closed]).toEqual([true, true]);
    const measured = offerer.events.findLast((event) => event.type === 'data-channel');
    // 500 ms of messages every 20 ms, there and back over 10 ms each way; bulk at the line's 8 Mbit/s.
    expect(measured).toMatchObject({
      state: 'measured',
      measurement: { sent: 25, arrived: 25, returned: 25, lossPercent: 0, rttMs: { p50: expect.closeTo(20, 0) } },
    });
    // The other end tells the same, whichever way the goodbye took.
    expect(answerer.events.findLast((event) => event.type === 'data-channel')).toMatchObject({
      state: 'measured',
      measurement: { sent: 25, returned: 25 },
    });
    const { throughput } = (measured as Extract<CallEvent, { type: 'data-channel' }>).measurement ?? {};
    expect(throughput?.toAnswerer).toBeCloseTo(8e6, -5);
    expect(throughput?.toOfferer).toBeCloseTo(8e6, -5);
  });

  it('tells at both ends how the measuring goes on', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0 && answerer.ends.length > 0);
    const [here = [], there] = [offerer, answerer].map(({ events }) =>
      events.flatMap((event) => (event.type === 'data-channel' ? (event.sample ?? []) : [])),
    );
    expect(there).toEqual(here);
    // Half a second of round trips, a quarter of a second each way, a sample every 50 ms.
    const told = (what: 'rttMs' | 'toAnswerer' | 'toOfferer') => here.flatMap((sample) => sample[what] ?? []);
    expect(told('rttMs').length).toBeGreaterThanOrEqual(9);
    expect(told('rttMs').every((ms) => Math.abs(ms - 20) < 1)).toBe(true);
    for (const what of ['toAnswerer', 'toOfferer'] as const) {
      const total = told(what).reduce((sum, bits) => sum + bits, 0);
      expect(told(what).length).toBeGreaterThanOrEqual(4);
      expect(total / told(what).length).toBeGreaterThan(5e6);
      expect(total / told(what).length).toBeLessThan(10e6);
    }
  });

  it('takes no more samples of the other end than it would make itself', async () => {
    const clock = new VirtualClock();
    let samples = 0;
    const echo = new Echo(clock, () => samples++);
    const channel = { label: CONTROL_CHANNEL, readyState: 'open', bufferedAmount: 0, onopen: null, onclose: null };
    const control: DataChannel = { ...channel, onmessage: null, send: () => {} };
    echo.take(control);
    for (let i = 0; i < 5000; i++) control.onmessage?.({ data: JSON.stringify({ sample: { rttMs: i } }) });
    expect(samples).toBe(400);
  });

  it('counts what is lost on the way', async () => {
    const net = network({ loses: (number) => number % 5 === 0 });
    const { offerer } = fakeCall({ network: net });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    const measured = offerer.events.findLast((event) => event.type === 'data-channel');
    // Each direction loses every fifth of what it is given: 25 go, 20 arrive, 16 return.
    expect(measured).toMatchObject({ measurement: { sent: 25, arrived: 20, returned: 16, lossPercent: 36 } });
  });

  it('tells candidates as they come, each after the description that it belongs to', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net, offerer: [HOST, LOOPBACK, RELAY] });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    expect(offerer.sent.map(({ type }) => type)).toEqual([
      'offer',
      'new-ice-candidate',
      'new-ice-candidate',
      'end-of-candidates',
      'goodbye',
    ]);
    expect(answerer.connection.added).toEqual([HOST, RELAY]);
    const told = candidatesTold(offerer.events).filter(({ direction }) => direction === 'sent');
    expect(told.map(({ error }) => error)).toEqual([null, 'loopback', null]);
    expect(JSON.stringify(offerer.events)).not.toContain('ufrag');
  });

  it('without trickle tells them in the description, once gathering is over', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net, offerer: [HOST, LOOPBACK], session: { trickle: false } });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    expect(offerer.sent.map(({ type }) => type)).toEqual(['offer', 'goodbye']);
    expect(answerer.sent.map(({ type }) => type)).toEqual(['answer']);
    expect(offerer.sent[0]).toMatchObject({ sdp: expect.stringContaining(HOST) });
    expect(offerer.sent[0]).toMatchObject({ sdp: expect.not.stringMatching(/127\.0\.0\.1|trickle/) });
    expect(candidatesTold(answerer.events).map(({ candidate }) => candidate)).toContain(
      HOST.replace(' ufrag abcd', ''),
    );
  });

  it.each([
    ['host', [HOST]],
    ['srflx', [SRFLX]],
    ['relay', [RELAY]],
    ['relay/udp', [RELAY]],
    ['any', [HOST, SRFLX, RELAY]],
  ] as const)('over %s tells nothing else', async (path, expected) => {
    const net = network();
    const session = { iceServers: [{ urls: ['stun:192.0.2.9', 'turn:192.0.2.9'] }] };
    const { offerer, answerer } = fakeCall({ network: net, path, offerer: [HOST, SRFLX, RELAY], session });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    expect(answerer.connection.added).toEqual(expected);
  });

  it('takes part with what it has where it has no such relay', async () => {
    const net = network();
    const session = { iceServers: [{ urls: ['stun:192.0.2.9', 'turn:192.0.2.9'] }] };
    const { offerer, answerer } = fakeCall({ network: net, path: 'relay/tls', offerer: [HOST, SRFLX], session });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    expect(answerer.connection.added).toEqual([HOST, SRFLX]);
  });

  it('lets candidates wait that overtake their description', async () => {
    const net = network();
    let held: Parameters<NonNullable<Parameters<typeof fakeCall>[0]['pass']>>[0] | undefined;
    const { offerer, answerer } = fakeCall({
      network: net,
      pass(message, from) {
        if (from === 'answerer') return [message];
        if (message.type === 'offer') held = message;
        if (message.type === 'end-of-candidates' && held !== undefined) return [message, held];
        return message.type === 'offer' ? [] : [message];
      },
    });
    offerer.session.start();
    await net.clock.until(() => answerer.ends.length > 0);
    expect(answerer.connection.added).toEqual([HOST]);
    expect(candidatesTold(answerer.events).filter(({ waited }) => waited === true)).toHaveLength(1);
    expect(answerer.ends[0]?.outcome).toBe('ended');
  });

  it('reports a candidate that cannot be added, and goes on', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net, offerer: [HOST, `${RELAY} bad 1`] });
    offerer.session.start();
    await net.clock.until(() => answerer.ends.length > 0);
    const failed = candidatesTold(answerer.events).filter(({ error }) => error === 'cannot be parsed');
    expect(failed).toHaveLength(1);
    expect(offerer.ends[0]?.outcome).toBe('measured');
  });

  it('ends at its deadline, and says what it waited for', async () => {
    const net = network({ connects: false });
    const { offerer, answerer } = fakeCall({ network: net });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0 && answerer.ends.length > 0);
    expect(offerer.ends).toEqual([{ outcome: 'timeout', reason: 'ice: no candidate pair answered' }]);
    expect(net.clock.now()).toBeLessThan(11_000);
  });

  it('waits for no answer for ever', async () => {
    const net = network();
    const { offerer } = fakeCall({ network: net, pass: () => [] });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0);
    expect(offerer.ends).toEqual([{ outcome: 'timeout', reason: 'signaling: no answer came' }]);
  });

  it.each([true, false])('does not wait where neither end has a candidate (trickle: %s)', async (trickle) => {
    const net = network({ connects: false });
    const { offerer, answerer } = fakeCall({ network: net, path: 'srflx', session: { trickle } });
    offerer.session.start();
    await net.clock.until(() => offerer.ends.length > 0 && answerer.ends.length > 0);
    expect(offerer.ends[0]?.outcome === 'failed' || answerer.ends[0]?.outcome === 'failed').toBe(true);
    expect(net.clock.now()).toBeLessThan(1000);
  });

  it('begins ICE anew where the path is lost, and goes on over the new one', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net, session: { durationMs: 20_000 } });
    offerer.session.start();
    await net.clock.until(() => offerer.events.some(({ type }) => type === 'data-channel'));
    offerer.connection.setState('disconnected');
    await net.clock.until(() => offerer.sent.filter(({ type }) => type === 'offer').length === 2);
    await net.clock.until(() => offerer.ends.length > 0);
    expect(offerer.ends[0]?.outcome).toBe('measured');
    expect(answerer.sent.filter(({ type }) => type === 'answer')).toHaveLength(2);
    expect(offerer.events).toContainEqual(expect.objectContaining({ machine: 'call', state: 'restart 1' }));
  });

  it('gives up a path that does not come back', async () => {
    const net = network();
    const { offerer } = fakeCall({ network: net, session: { durationMs: 60_000 } });
    offerer.session.start();
    await net.clock.until(() => offerer.events.some(({ type }) => type === 'data-channel'));
    net.connects = false;
    offerer.connection.setState('failed');
    await net.clock.until(() => offerer.ends.length > 0);
    expect(offerer.ends[0]?.outcome).toBe('lost');
    expect(net.clock.now()).toBeLessThan(30_000);
  });

  it('takes nothing that is about another connection', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({
      network: net,
      pass: (message) => [{ type: 'goodbye', reason: 'not yours', connection: 'host' }, message],
    });
    offerer.session.start();
    await net.clock.until(() => answerer.ends.length > 0);
    expect(answerer.ends).toEqual([{ outcome: 'ended', reason: 'done' }]);
  });

  it('bears what a hostile end says', async () => {
    const net = network();
    const { offerer, answerer } = fakeCall({ network: net });
    offerer.session.start();
    for (let i = 0; i < 2000; i++) {
      const candidate = { type: 'new-ice-candidate', candidate: 'x', sdpMid: null, sdpMLineIndex: 0 } as const;
      answerer.session.receive({ ...candidate, usernameFragment: null });
    }
    answerer.session.receive({ type: 'offer', sdp: 'v=0\r\nnothing' });
    await net.clock.until(() => answerer.ends.length > 0);
    expect(answerer.ends).toEqual([{ outcome: 'error', reason: 'no such description' }]);
    expect(answerer.events.length).toBeLessThanOrEqual(520);
  });
});
