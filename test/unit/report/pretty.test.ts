import { describe, expect, it } from 'vitest';
import { WIDTH } from '../../../src/report/layout.ts';
import { liveLines } from '../../../src/report/live.ts';
import { pretty, prettySummary } from '../../../src/report/pretty.ts';
import { Run, turnServer } from '../../support/events.ts';
import { cutOff, healthy, inboundBlocked, TURN, wrongPassword } from './samples.ts';

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
