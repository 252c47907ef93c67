import type { BrowserGathering, BrowserName, PeerConfiguration } from '../../support/browser.ts';
import { buildScript } from './build.ts';
import type { Lab } from './lab.ts';

export interface GatherOrder {
  readonly configuration: PeerConfiguration;
  readonly timeoutMs: number;
}

/** A browser that lives in a client's network. */
export interface LabBrowser extends AsyncDisposable {
  /** One gathering at a time. Ends after `timeoutMs` (default 20 s), complete or not. */
  gather(configuration: PeerConfiguration, timeoutMs?: number): Promise<BrowserGathering>;
}

/** Opens a headless browser on a client of the lab. It ends with the lab. */
export async function openLabBrowser(lab: Lab, name: BrowserName, client = lab.client()): Promise<LabBrowser> {
  const process = lab.sandbox.spawn(client, [
    globalThis.process.execPath,
    await buildScript('browser-gather.ts'),
    name,
  ]);
  await process.waitFor(/\{"ready":true\}\n/, 30_000);
  let answers = 1;
  return {
    async gather(configuration, timeoutMs = 20_000) {
      const order: GatherOrder = { configuration, timeoutMs };
      process.stdin.write(`${JSON.stringify(order)}\n`);
      answers += 1;
      const pattern = new RegExp(`^(?:.*\\n){${answers - 1}}(.*)\\n`);
      const [, line = ''] = await process.waitFor(pattern, timeoutMs + 10_000);
      return JSON.parse(line) as BrowserGathering;
    },
    [Symbol.asyncDispose]: () => process.end(),
  };
}
