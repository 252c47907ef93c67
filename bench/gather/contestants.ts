import { createHash, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { bundleScript } from '../../scripts/bundle-script.mjs';
import { openLabBrowser } from '../../test/lab/support/browser.ts';
import type { Lab } from '../../test/lab/support/lab.ts';

export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

export interface GatherOrder {
  readonly iceServers: readonly IceServer[];
  readonly caPem: string;
  readonly limitMs: number;
}

export interface GatherTime {
  /** From the call, or the making of the connection, to `complete` as its caller hears it; null: not in time. */
  readonly completeMs: number | null;
  readonly relays: number;
}

/** Who gathers, in a process of its own that is started once and lives for all rounds. */
export interface Contestant {
  readonly name: string;
  gather(order: GatherOrder): Promise<GatherTime>;
}

/** @param second where @roamhq/wrtc gathers, a client without loopback interface unless the server is there */
export async function openContestants(lab: Lab, certPem: string, second: string): Promise<readonly Contestant[]> {
  const own = await openScript(lab, lab.client(), 'iceprobe', 'own.ts');
  const wrtc = await openScript(lab, second, '@roamhq/wrtc', 'wrtc.ts');
  return [own, await openChromium(lab, certPem), wrtc];
}

async function openScript(lab: Lab, client: string, name: string, file: string): Promise<Contestant> {
  const script = await bundleScript(join(import.meta.dirname, file));
  const process = lab.sandbox.spawn(client, [globalThis.process.execPath, script]);
  await process.waitFor(/\{"ready":true\}\n/, 30_000);
  let answers = 1;
  return {
    name,
    async gather(order) {
      process.stdin.write(`${JSON.stringify(order)}\n`);
      const [, line = ''] = await process.waitFor(
        new RegExp(`^(?:.*\\n){${answers++}}(.*)\\n`),
        order.limitMs + 20_000,
      );
      return JSON.parse(line) as GatherTime;
    },
  };
}

async function openChromium(lab: Lab, certPem: string): Promise<Contestant> {
  const key = new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'der' });
  const spki = createHash('sha256').update(key).digest('base64');
  const flags = [
    `--ignore-certificate-errors-spki-list=${spki}`,
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
  ];
  const browser = await openLabBrowser(lab, 'chromium', lab.client(), { flags });
  // With a camera it looks at every interface, as the others do; without one it asks each server twice.
  await browser.evaluate(
    'navigator.mediaDevices.getUserMedia({ video: true }).then((stream) => stream.getTracks().forEach((track) => track.stop()))',
  );
  return {
    name: 'Chromium',
    async gather({ iceServers, limitMs }) {
      const { states, candidates } = await browser.gather({ iceServers }, limitMs);
      return {
        completeMs: states.find(({ state }) => state === 'complete')?.ms ?? null,
        relays: candidates.filter(({ type }) => type === 'relay').length,
      };
    },
  };
}
