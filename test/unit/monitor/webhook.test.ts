import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/monitor/health.ts';
import { OwnFigures } from '../../../src/monitor/own.ts';
import { type PostOutcome, Webhook } from '../../../src/monitor/webhook.ts';
import { MOST_QUEUED } from '../../../src/monitor/webhook-queue.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

function change(number: number): Change {
  return { at: '2030-01-01T00:00:00.000Z', target: `t${number}`, change: 'down', text: 'it is down' };
}

/** A receiver that answers as told, and a webhook that posts to it. */
function world(answer: () => PostOutcome | Promise<PostOutcome>) {
  const clock = new VirtualClock();
  const own = new OwnFigures('0.0.0', clock.wall());
  const remarks: string[] = [];
  const posts: { readonly at: number; readonly targets: string[]; readonly text: string }[] = [];
  const webhook = new Webhook({
    name: 'https://hook.example.org',
    clock,
    own,
    onRemark: (text) => remarks.push(text),
    post: async (body) => {
      const { schema, text, changes } = JSON.parse(body) as { schema: string; text: string; changes: Change[] };
      expect(schema).toBe('iceprobe.changes/1');
      posts.push({ at: clock.monotonic(), targets: changes.map(({ target }) => target), text });
      return answer();
    },
  });
  return { clock, own, remarks, posts, webhook };
}

const refused: PostOutcome = { ok: false, isFinal: false, why: 'the connection was refused' };

describe('the webhook', () => {
  it('posts each change once, in order, what came meanwhile together', async () => {
    let answer: (outcome: PostOutcome) => void = () => {};
    const { webhook, posts, own } = world(() => new Promise((resolve) => (answer = resolve)));
    webhook.tell(change(1));
    webhook.tell(change(2));
    webhook.tell(change(3));
    await settled();
    expect(posts.map(({ targets }) => targets)).toEqual([['t1']]);
    answer({ ok: true });
    await settled();
    expect(posts.map(({ targets }) => targets)).toEqual([['t1'], ['t2', 't3']]);
    expect(posts[1]?.text).toBe('down t2: it is down\ndown t3: it is down');
    answer({ ok: true });
    await settled();
    expect(own.webhook.get('delivered')).toBe(3);
    expect(own.webhookQueued?.()).toBe(0);
  });

  it('tries again, later each time, for as long as it takes, and says so once', async () => {
    let outcome: PostOutcome = refused;
    const { webhook, posts, clock, remarks, own } = world(() => outcome);
    webhook.tell(change(1));
    await clock.pass(400_000);
    expect(posts.map(({ at }) => at / 1000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
    outcome = { ok: true };
    await clock.pass(60_000);
    expect(posts).toHaveLength(13);
    expect(own.webhook.get('delivered')).toBe(1);
    expect(remarks).toEqual([
      'the webhook at https://hook.example.org does not take changes: the connection was refused; it is tried again',
      'the webhook at https://hook.example.org takes changes again',
    ]);
    await clock.pass(3_600_000);
    expect(posts).toHaveLength(13);
    expect(clock.timers).toBe(0);
  });

  it('holds so many and no more: the oldest go, and their number is told', async () => {
    let outcome: PostOutcome = refused;
    const { webhook, posts, clock, remarks, own } = world(() => outcome);
    for (let i = 0; i < MOST_QUEUED + 250; i++) {
      webhook.tell(change(i));
      if (i === 0) await clock.pass(0);
    }
    expect(own.webhookQueued?.()).toBe(MOST_QUEUED);
    outcome = { ok: true };
    posts.splice(0);
    await clock.pass(60_000);
    const got = posts.flatMap(({ targets }) => targets);
    expect(got).toEqual(Array.from({ length: MOST_QUEUED }, (_, index) => `t${index + 250}`));
    expect(Math.max(...posts.map(({ targets }) => targets.length))).toBeLessThanOrEqual(100);
    expect(own.webhook.get('dropped')).toBe(250);
    expect(remarks.at(-1)).toMatch(/takes changes again; 250 were dropped meanwhile/);
  });

  it('does not repeat what is refused for good', async () => {
    const outcomes: PostOutcome[] = [{ ok: false, isFinal: true, why: 'it answers 400 Bad Request' }, { ok: true }];
    const { webhook, posts, clock, own } = world(() => outcomes.shift() ?? { ok: true });
    webhook.tell(change(1));
    await clock.pass(10);
    webhook.tell(change(2));
    await clock.pass(100_000);
    expect(posts.map(({ targets }) => targets)).toEqual([['t1'], ['t2']]);
    expect(Object.fromEntries(own.webhook)).toEqual({ dropped: 1, delivered: 1 });
  });

  it('gives the last changes a chance when it closes, and says what was not delivered', async () => {
    let answer: (outcome: PostOutcome) => void = () => {};
    const first = world(() => new Promise((resolve) => (answer = resolve)));
    first.webhook.tell(change(1));
    const closing = first.webhook.close(1000);
    await settled();
    answer({ ok: true });
    await closing;
    expect(first.remarks).toEqual([]);
    const second = world(() => new Promise(() => {}));
    second.webhook.tell(change(1));
    second.webhook.tell(change(2));
    const late = second.webhook.close(1000);
    await second.clock.pass(1000);
    await late;
    expect(second.remarks).toEqual(['2 changes were not delivered to the webhook at https://hook.example.org']);
    expect(second.clock.timers).toBe(0);
  });

  it('does not wait for a receiver that is away already', async () => {
    const { webhook, clock, remarks } = world(() => refused);
    webhook.tell(change(1));
    await clock.pass(100);
    await webhook.close(1000);
    expect(remarks.at(-1)).toBe('1 change was not delivered to the webhook at https://hook.example.org');
  });
});
