import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import { EventLog } from '../../../src/record/event-log.ts';
import type { EventBody, RunEvent } from '../../../src/record/events.ts';
import { observe } from '../../../src/record/observation.ts';
import { Recorder } from '../../../src/record/recorder.ts';
import { Run, stunServer } from '../../support/events.ts';

const sent: EventBody = {
  type: 'stun-sent',
  transport: 't1',
  class: 'request',
  method: 'Binding',
  transactionId: '000102030405060708090a0b',
  attributes: {},
  length: 20,
  to: '198.51.100.7:3478',
  attempt: 1,
};

function filled(limit: number, bodies: readonly EventBody[]): { log: EventLog; sizes: number[]; all: RunEvent[] } {
  const log = new EventLog(limit);
  const sizes: number[] = [];
  const all: RunEvent[] = [];
  let ms = 0;
  const recorder = new Recorder(() => ms++);
  recorder.subscribe(log.add);
  recorder.subscribe((event) => {
    all.push(event);
    sizes.push(log.events.length);
  });
  for (const body of bodies) recorder.record(body);
  return { log, sizes, all };
}

describe('EventLog', () => {
  it('folds the oldest packets into counts, keeps the rest, and says so', () => {
    const state: EventBody = { type: 'gathering-state', url: null, state: 'gathering' };
    const { log, sizes } = filled(100, [state, ...new Array<EventBody>(250).fill(sent)]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(log.events[0]?.type).toBe('gathering-state');
    expect(log.events.at(-1)?.seq).toBe(251);
    const kept = log.events.filter((event) => event.type === 'stun-sent').length;
    expect(log.folded.get('stun-sent')).toBe(250 - kept);
    expect(log.observation().notes).toEqual([
      `More than 100 events: the oldest, up to ${log.folded.get('stun-sent')} ms, are kept as counts only (${250 - kept} stun-sent).`,
    ]);
  });

  it('says nothing within the bound', () => {
    const { log } = filled(100, new Array<EventBody>(100).fill(sent));
    expect(log.events).toHaveLength(100);
    expect(log.observation().notes).toBeUndefined();
  });

  it('stays within the bound where there are no packets to fold', () => {
    const state: EventBody = { type: 'gathering-state', url: null, state: 'gathering' };
    const { log, sizes } = filled(50, new Array<EventBody>(500).fill(state));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(log.events.at(-1)?.seq).toBe(500);
  });

  it('folds packets first, then steps, then the rest, the oldest of each, and keeps the order', () => {
    const bodies: readonly EventBody[] = [
      sent,
      { type: 'progress', text: 'waiting' },
      { type: 'gathering-state', url: null, state: 'gathering' },
    ];
    const random = seededRandom(7);
    for (let round = 0; round < 20; round++) {
      const mixed = Array.from(random.bytes(200), (byte) => bodies[byte % (1 + (round % 3))] ?? sent);
      const { log, all } = filled(40, mixed);
      // The same by its definition: of each event that is too many, a tenth more with it.
      let held: RunEvent[] = [];
      for (const event of all) {
        held.push(event);
        let excess = held.length > 40 ? held.length - 40 + 4 : 0;
        for (const types of [['stun-sent'], ['progress'], ['gathering-state']]) {
          if (excess === 0 || (types[0] !== 'stun-sent' && held.length <= 40)) break;
          held = held.filter((each) => !types.includes(each.type) || excess-- <= 0);
          excess = Math.max(0, excess);
        }
      }
      expect(log.events).toEqual(held);
      expect([...log.folded.values()].reduce((sum, each) => sum + each, 0)).toBe(200 - held.length);
    }
  });

  it('loses nothing of the report', () => {
    const run = new Run({ servers: [stunServer('stun:stun.example.org')] }).gathering();
    run.candidate('host', '192.168.1.23:51022');
    run.attempt('stun:stun.example.org').pass('binding');
    const bodies = [...run.events, ...new Array<EventBody>(300).fill(sent)] as EventBody[];
    const { log, all } = filled(20, bodies);
    const { notes, ...rest } = log.observation();
    expect(notes).toHaveLength(1);
    expect(rest).toEqual(observe(all));
  });
});
