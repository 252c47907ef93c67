import { describe, expect, it } from 'vitest';
import { predict } from '../../../src/core/nat/prediction.ts';
import { parsePeerMessage } from '../../../src/core/signaling/message.ts';
import type { WitnessMessage } from '../../../src/core/signaling/witness-message.ts';
import { readWitnessPacket, witnessPacket, witnessTarget } from '../../../src/core/witness/packet.ts';
import { crossedDirectly } from '../../../src/core/witness/types.ts';
import { type EndOptions, ends, run } from './world.ts';

const ALL = { sent: 10, received: 10 };
const NONE = { sent: 10, received: 0 };
const NOT_ASKED = { sent: 0, received: 0 };
const HOME: EndOptions = { nat: { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' } };
const OFFICE: EndOptions = { nat: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' } };

describe('two ends that witness for each other', () => {
  it('tell a relay that is open to all', () => {
    const { a, b } = run(ends({ relay: 'open' }, HOME));
    expect(a.problem).toBeNull();
    expect(b.problem).toBeNull();
    expect(a.result?.relays).toEqual([{ first: ALL, out: ALL, after: ALL, egress: '203.0.113.1:49200' }]);
    expect(a.result?.unasked).toEqual(ALL);
    expect(a.result?.sources).toEqual(['198.51.100.2']);
    // Nobody had sent from there to the other end.
    expect(b.result?.unasked).toEqual(NONE);
  });

  it('tell a firewall before the relay ports from one before the end itself', () => {
    const firewalled = run(ends({ relay: 'stateful' }, HOME)).a.result;
    expect(firewalled?.relays[0]).toMatchObject({ first: NONE, out: ALL, after: ALL });
    const here = run(ends({ relay: 'open', egress: ({ port }) => port === 3478 }, HOME)).a.result;
    expect(here?.relays[0]).toMatchObject({ first: ALL, out: ALL, after: ALL });
    expect(here?.there).toEqual(NONE);
  });

  it('send no more than ten to an address from which nothing came', () => {
    const { a, b } = run(ends({ relay: 'closed' }, HOME));
    expect(a.result?.relays[0]).toEqual({ first: NONE, out: NONE, after: NOT_ASKED, egress: null });
    expect(b.sent.filter(({ to }) => to.address === '203.0.113.1')).toHaveLength(10);
  });

  it.each([
    [HOME, HOME],
    [HOME, OFFICE],
    [OFFICE, OFFICE],
    [{ nat: { mapping: 'endpoint-independent', filtering: 'address-dependent' } }, OFFICE],
    [{ nat: { mapping: 'endpoint-independent', filtering: 'endpoint-independent' } }, OFFICE],
    [{}, OFFICE],
    [{}, {}],
  ] as const)('cross directly where that is predicted: %o with %o', (one: EndOptions, other: EndOptions) => {
    const behaviour = ({ nat }: EndOptions) => nat ?? { mapping: 'none', filtering: 'endpoint-independent' };
    const { direct } = predict(behaviour(one) as never, behaviour(other) as never);
    const { a, b } = run(ends(one, other));
    for (const { result } of [a, b]) expect(result && crossedDirectly(result)).toBe(direct === 'yes');
    expect(a.result?.there).toEqual(b.result?.back);
    expect(a.result?.back).toEqual(b.result?.there);
  });

  it('come to the same where a tenth of the packets is lost', () => {
    const { a } = run(ends({ relay: 'stateful' }, HOME, 10));
    expect(a.result?.relays[0]?.first).toEqual(NONE);
    expect(a.result?.relays[0]?.after.received).toBeGreaterThan(3);
  });

  it('say how each is seen by the other', () => {
    const { a, b } = run(ends(HOME, {}));
    expect(a.result?.seen).toEqual([
      { by: '198.51.100.2:50001', as: a.result?.back ? expect.stringMatching(/^198\.51\.100\.1:/) : '' },
      { by: '198.51.100.2:50002', as: expect.stringMatching(/^198\.51\.100\.1:/) },
    ]);
    expect(b.result?.seen).toEqual([{ by: expect.any(String), as: '198.51.100.2:50002' }]);
  });
});

describe('an end whose other end is not as it should be', () => {
  it('gives up where that never begins, and where it falls silent', () => {
    const alone = ends({}, {});
    alone.a.input({ type: 'start' });
    expect(alone.world.run()).toBeLessThanOrEqual(90_000);
    expect(alone.a.problem).toContain('waiting for the end of its own tests');
    for (const step of ['hello', 'sent', 'heard', 'verdict'] as const) {
      const pair = ends({ relay: 'open' }, {});
      pair.b.tamper = (message) => (message.step === step ? undefined : message);
      run(pair);
      expect(pair.a.problem, step).toContain('silent');
      expect(pair.world.now, step).toBeLessThan(120_000);
    }
  });

  it('ends at once where it leaves', () => {
    const pair = ends({ relay: 'open' }, {});
    pair.b.tamper = (message) => {
      if (message.step === 'sent') pair.a.input({ type: 'left', reason: 'the other end left the room' });
      return message;
    };
    run(pair);
    expect(pair.a).toMatchObject({ problem: 'the other end left the room', result: undefined });
  });

  it('sends to none but plausible addresses, however it is asked', () => {
    const victims = ['192.168.1.1:5000', '127.0.0.1:6000', '198.51.100.9:53', '224.0.0.1:5000', '255.255.255.255:5000'];
    for (const victim of [...victims, '[2001:db8::1]:5000', '169.254.1.1:5000', '0.0.0.0:5000']) {
      const pair = ends({}, {});
      pair.b.tamper = (message) =>
        message.step === 'hello' ? { ...message, ear: victim, mouth: victim, relays: [victim] } : message;
      run(pair);
      expect(
        pair.a.sent.filter(({ to }) => victim.includes(to.address)),
        victim,
      ).toEqual([]);
    }
  });

  it('sends ten to each address that is named, whatever is said and however often', () => {
    const pair = ends({}, {});
    const victim = '198.51.100.99:5000';
    const hello = (message: WitnessMessage) =>
      message.step === 'hello' ? { ...message, ear: victim, mouth: victim, relays: [victim, victim, victim] } : message;
    pair.b.tamper = (message) => {
      for (let i = 0; i < 50; i++) pair.a.input({ type: 'message', message: hello(message) });
      for (const phase of [0, 1, 2, 3, 1, 2, 3]) {
        pair.a.input({ type: 'message', message: { type: 'witness', step: 'sent', phase, counts: [10, 10, 10, 10] } });
      }
      return hello(message);
    };
    run(pair);
    // By its name as ear and relays, and by that as mouth: fewer small packets than a browser's checks for one candidate.
    expect(pair.a.sent.filter(({ to }) => victim.startsWith(to.address))).toHaveLength(20);
  });

  it('counts no packet twice, none without its token, and believes in no more than was sent', () => {
    const pair = ends({ relay: 'open' }, {});
    pair.b.tamper = (message) => (message.step === 'sent' ? { ...message, counts: [1, 1, 0, 0] } : message);
    const strange = witnessPacket('ffffffffffffffff', { phase: 1, index: 0, number: 3 });
    pair.world.after(500, () =>
      pair.a.input({ type: 'received', at: 'ear', from: { family: 4, address: '192.0.2.9', port: 9 }, bytes: strange }),
    );
    run(pair);
    expect(pair.a.result?.unasked).toEqual({ sent: 1, received: 1 });
    expect(pair.a.result?.relays[0]?.first).toEqual({ sent: 1, received: 1 });
  });
});

describe('what the ends say', () => {
  const hello = {
    type: 'witness',
    step: 'hello',
    token: '0123456789abcdef',
    ear: null,
    mouth: null,
    relays: [],
    call: true,
  };

  it('is read field by field', () => {
    const nat = { mapping: 'none', filtering: 'not-determined', hairpinning: null, mappedAddress: '192.0.2.1' };
    for (const message of [
      { type: 'witness', step: 'ready' },
      hello,
      { ...hello, ear: '192.0.2.1:5000', relays: ['[2001:db8::1]:5000'] },
      { type: 'witness', step: 'sent', phase: 3, counts: [10, 0, 0, 0] },
      { type: 'witness', step: 'heard', counts: [1], from: [null], answered: 2, ear: null },
      { type: 'witness', step: 'verdict', nat },
      { type: 'witness', step: 'verdict', nat: null },
    ]) {
      expect(parsePeerMessage(JSON.stringify({ ...message, password: 'x' }))).toEqual({ ok: true, value: message });
    }
  });

  it.each([
    { ...hello, token: '0123' },
    { ...hello, ear: 'example.org:5000' },
    { ...hello, ear: '192.0.2.1' },
    { ...hello, relays: Array(4).fill('192.0.2.1:5000') },
    { ...hello, relays: [null] },
    { ...hello, call: 1 },
    { type: 'witness', step: 'sent', phase: 4, counts: [] },
    { type: 'witness', step: 'sent', phase: 1, counts: [11] },
    { type: 'witness', step: 'sent', phase: 1, counts: [1, 1, 1, 1, 1] },
    { type: 'witness', step: 'heard', counts: [], from: ['x'], answered: 0, ear: null },
    { type: 'witness', step: 'verdict' },
    { type: 'witness', step: 'verdict', nat: { mapping: 'symmetric' } },
    { type: 'witness', step: 'shout' },
    { type: 'witness' },
  ])('is refused otherwise: %o', (message) => {
    expect(parsePeerMessage(JSON.stringify(message))).toMatchObject({ ok: false, error: { code: 'bad-field' } });
  });

  it('goes into packets that only their receiver can ask for', () => {
    const packet = { phase: 2, index: 3, number: 9 };
    const bytes = witnessPacket('0123456789abcdef', packet);
    expect(bytes).toHaveLength(20);
    expect(readWitnessPacket('0123456789abcdef', bytes)).toEqual(packet);
    expect(readWitnessPacket('0123456789abcdee', bytes)).toBeUndefined();
    expect(readWitnessPacket('0123456789abcdef', bytes.subarray(1))).toBeUndefined();
    expect(readWitnessPacket('0123456789abcdef', new Uint8Array(20))).toBeUndefined();
  });

  it('names private addresses to those alone who are private themselves', () => {
    expect(witnessTarget('10.0.0.1:5000', '10.9.9.9:6000')?.address).toBe('10.0.0.1');
    expect(witnessTarget('10.0.0.1:5000', '198.51.100.1:6000')).toBeUndefined();
    expect(witnessTarget('127.0.0.1:5000', '127.0.0.1:6000')?.port).toBe(5000);
    expect(witnessTarget('127.0.0.1:5000', null)).toBeUndefined();
  });
});
