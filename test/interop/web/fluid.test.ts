import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/record/events.ts';
import { candidateOf, Run, turnServer } from '../../support/events.ts';
import { describeNeeding } from '../../support/needs.ts';
import { openWebPage, type WebPage } from '../../support/web-page.ts';

const URLS = Array.from({ length: 20 }, (_, index) => `turn:turn${index}.example.org`);

/** 1,000 candidates among 10,000 events. */
function manyEvents(): readonly RunEvent[] {
  const run = new Run({ servers: [turnServer(URLS)] }).gathering();
  for (let index = 0; run.events.length < 9_999; index++) {
    run.at(index);
    if (index % 10 === 0) {
      const url = URLS[index % 20] ?? '';
      run.candidate('relay', `203.0.113.${index % 250}:${1024 + index}`, { url, foundation: String(index) });
    } else {
      const ids = { transport: 't-1', transactionId: index.toString(16).padStart(24, '0') };
      run.record({
        type: 'stun-sent',
        class: 'request',
        method: 'Binding',
        attributes: {},
        length: 20,
        to: '203.0.113.1:3478',
        attempt: 1,
        ...ids,
      } as RunEvent);
    }
  }
  return run.complete().events;
}

describeNeeding('chromium')('the page with 1,000 candidates and 10,000 events', () => {
  let page: WebPage;

  beforeAll(async () => {
    const events = manyEvents();
    page = await openWebPage('chromium', {
      // In bursts over two seconds, as packets come.
      gather: async (_request, onEvent) => {
        for (let at = 0; at < events.length; at += 250) {
          for (const event of events.slice(at, at + 250)) onEvent(event);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    });
  });

  afterAll(() => page?.[Symbol.asyncDispose]());

  it('opens them, and answers a person within a fraction of a second', async () => {
    const events = manyEvents();
    expect(events).toHaveLength(10_000);
    expect(events.filter(({ type }) => type === 'candidate').length).toBeGreaterThanOrEqual(995);
    expect(candidateOf('relay', '203.0.113.1:1', {}).type).toBe('relay');
    const text = events.map((event) => JSON.stringify(event)).join('\n');
    await page.open('many.ndjson', text);
    await page.waitFor(`document.querySelectorAll('.candidates tbody tr').length === 100`);

    /** Milliseconds until the browser has drawn again: the best of three, since others use this machine too. */
    const cost = async (action: string): Promise<number> => {
      const all: number[] = [];
      for (let round = 0; round < 3; round++) {
        all.push(
          await page.browser.evaluate(`new Promise((resolve) => {
            const began = performance.now();
            ${action};
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
          })`),
        );
      }
      return Math.min(...all);
    };
    const sort = await cost(`document.querySelector('.candidates th:nth-child(7) button').click()`);
    const filter = await cost(setFilter('203.0.113.7'));
    expect(await page.text('.toolbar')).toMatch(/ of \d{3}/);
    const clear = await cost(setFilter(''));
    const more = await cost(`document.querySelector('.more').click()`);
    await page.browser.evaluate(`document.querySelector('.more').click(), document.querySelector('.more').click()`);
    console.log(`sort ${ms(sort)}, filter ${ms(filter)}, clear ${ms(clear)}, 200 rows more ${ms(more)}`);
    expect(
      await page.browser.evaluate(`document.querySelectorAll('.candidates tbody tr').length`),
    ).toBeGreaterThanOrEqual(995);
    // A tenth of a second feels immediate; a busy machine may make several of it.
    for (const each of [sort, filter, clear, more]) expect(each).toBeLessThan(1000);
  });

  it('draws on while they come, without a frame that somebody would notice', async () => {
    await page.click('#close-saved');
    await page.click('#run');
    const frames = await page.browser.evaluate<number[]>(`new Promise((resolve) => {
      let last = performance.now();
      const frames = [];
      const frame = () => {
        const now = performance.now();
        frames.push(now - last);
        last = now;
        if (document.querySelector('#run').dataset.running === 'true') requestAnimationFrame(frame);
        else resolve(frames);
      };
      requestAnimationFrame(frame);
    })`);
    expect(await page.text('.toolbar')).toMatch(/ of (?:99\d|1,?\d{3})/);
    const sorted = frames.toSorted((x, y) => x - y);
    const [median = 0, late = 0] = [0.5, 0.95].map((share) => sorted[Math.floor(share * sorted.length)] ?? 0);
    console.log(`${frames.length} frames: median ${ms(median)}, 95 % within ${ms(late)}`);
    expect(median).toBeLessThan(100);
    // A quarter of a second on this machine when it was busy; with five times that for one that is busier.
    expect(late).toBeLessThan(1500);
  });
});

function setFilter(text: string): string {
  return `{ const field = document.getElementById('candidate-filter'); field.value = '${text}'; field.dispatchEvent(new Event('input')) }`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
