// Runs inside a client's namespace: opens a browser there, gathers with each configuration (or evaluates each expression) that
// comes as a line of JSON on standard input, and answers each with a line of JSON. Ends with its input.
import { createInterface } from 'node:readline';
import { type BrowserName, type BrowserOptions, openBrowser } from '../../support/browser.ts';
import type { EvaluateOrder, GatherOrder } from './browser.ts';

const browser = await openBrowser(
  process.argv[2] as BrowserName,
  JSON.parse(process.argv[3] ?? '{}') as BrowserOptions,
);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as GatherOrder | EvaluateOrder;
  const answer =
    'expression' in order
      ? await browser.evaluate(order.expression)
      : await browser.gather(order.configuration, order.timeoutMs);
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
await browser.close();
