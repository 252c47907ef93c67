import type { BrowserGathering, BrowserName, BrowserOptions, PeerConfiguration } from '../../support/browser.ts';
import { buildScript } from './build.ts';
import type { Lab } from './lab.ts';

export interface GatherOrder {
  readonly configuration: PeerConfiguration;
  readonly timeoutMs: number;
}

export interface EvaluateOrder {
  readonly expression: string;
}

/** A browser that lives in a client's network. */
export interface LabBrowser extends AsyncDisposable {
  /** One gathering at a time. Ends after `timeoutMs` (default 20 s), complete or not. */
  gather(configuration: PeerConfiguration, timeoutMs?: number): Promise<BrowserGathering>;
  /** The value of an expression in the browser's page; awaited if it is a promise. One at a time, like gatherings. */
  evaluate<T>(expression: string, timeoutMs?: number): Promise<T>;
}

/** Opens a headless browser on a client of the lab. It ends with the lab. */
export async function openLabBrowser(
  lab: Lab,
  name: BrowserName,
  client = lab.client(),
  options: BrowserOptions = {},
): Promise<LabBrowser> {
  const process = lab.sandbox.spawn(client, [
    globalThis.process.execPath,
    await buildScript('browser-gather.ts'),
    name,
    JSON.stringify(options),
  ]);
  await process.waitFor(/\{"ready":true\}\n/, 30_000);
  let answers = 1;
  const ask = async (order: GatherOrder | EvaluateOrder, timeoutMs: number): Promise<unknown> => {
    process.stdin.write(`${JSON.stringify(order)}\n`);
    answers += 1;
    const pattern = new RegExp(`^(?:.*\\n){${answers - 1}}(.*)\\n`);
    const [, line = ''] = await process.waitFor(pattern, timeoutMs);
    return JSON.parse(line);
  };
  return {
    gather: async (configuration, timeoutMs = 20_000) =>
      (await ask({ configuration, timeoutMs }, timeoutMs + 10_000)) as BrowserGathering,
    evaluate: async <T>(expression: string, timeoutMs = 30_000) => (await ask({ expression }, timeoutMs)) as T,
    [Symbol.asyncDispose]: () => process.end(),
  };
}
