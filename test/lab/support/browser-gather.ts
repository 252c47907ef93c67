// Runs inside a client's namespace: opens a browser there, gathers with each configuration that comes as a line of JSON on
// standard input, and answers each with a line of JSON. Ends with its input.
import { createInterface } from 'node:readline';
import { type BrowserName, openBrowser } from '../../support/browser.ts';
import type { GatherOrder } from './browser.ts';

const browser = await openBrowser(process.argv[2] as BrowserName);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { configuration, timeoutMs } = JSON.parse(line) as GatherOrder;
  process.stdout.write(`${JSON.stringify(await browser.gather(configuration, timeoutMs))}\n`);
}
await browser.close();
