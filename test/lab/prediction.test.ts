import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NatBehaviour, predict } from '../../src/core/nat/prediction.ts';
import type { Report } from '../../src/record/report.ts';
import { openLabBrowser } from './support/browser.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { serverAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { startTurn } from './support/servers.ts';

const BIN = join(import.meta.dirname, '../../bin/iceprobe.js');
const KINDS = ['public', 'eim-eif', 'eim-adf', 'eim-apdf', 'adm-apdf', 'apdm-apdf'] as const;
type Kind = (typeof KINDS)[number];
// Each kind twice: one for either end of a call.
const SITES = [...KINDS, ...KINDS];
const siteOf = (kind: Kind, end: 0 | 1): number => KINDS.indexOf(kind) + 1 + end * KINDS.length;

/** ICE_PAIRS=all tries every pair; by itself six that stand for the rest. */
const PAIRS: readonly (readonly [Kind, Kind])[] =
  process.env['ICE_PAIRS'] === 'all'
    ? KINDS.flatMap((a, i) => KINDS.slice(i).map((b) => [a, b] as const))
    : [
        ['eim-apdf', 'eim-apdf'],
        ['eim-apdf', 'apdm-apdf'],
        ['eim-adf', 'apdm-apdf'],
        ['eim-eif', 'adm-apdf'],
        ['public', 'apdm-apdf'],
        ['apdm-apdf', 'apdm-apdf'],
      ];

const server = serverAddresses(1, {});
const stun = `stun:${server.addresses[0]}`;

describeInLab('chromium')('the prediction for two people', () => {
  let lab: Lab;
  const behaviours = new Map<number, NatBehaviour>();

  beforeAll(async () => {
    lab = await startLab({ sites: SITES.map((kind) => NETWORKS[kind]), servers: [{}] });
    await startTurn(lab, 'server1', server, { kind: 'coturn' });
    const sites = new Set(PAIRS.flatMap(([a, b]) => [siteOf(a, 0), siteOf(b, 1)]));
    for (const site of sites) {
      const command = [process.execPath, BIN, 'nat', stun, '-f', 'json'];
      const { stdout } = await lab.run(command, { site, timeoutMs: 30_000 });
      const [nat] = (JSON.parse(stdout) as Report).nat ?? [];
      if (nat !== undefined) behaviours.set(site, nat);
    }
  }, 120_000);
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it.each(PAIRS)(
    '%s with %s: what two Chromiums do with STUN alone',
    async (a, b) => {
      const [one, other] = [behaviours.get(siteOf(a, 0)), behaviours.get(siteOf(b, 1))];
      if (one === undefined || other === undefined) throw new Error('no NAT behaviour was found');
      const { direct, reason } = predict(one, other);
      expect(direct, reason).not.toBe('not-determined');
      expect(await connects(lab, siteOf(a, 0), siteOf(b, 1)), reason).toBe(direct === 'yes');
    },
    90_000,
  );
});

/** How long ICE may take; with the lab's round trips of a millisecond it needs a few hundred. */
const LIMIT_MS = 9000;

async function connects(lab: Lab, a: number, b: number): Promise<boolean> {
  await using caller = await openLabBrowser(lab, 'chromium', lab.client(a));
  await using callee = await openLabBrowser(lab, 'chromium', lab.client(b));
  await Promise.all([caller.evaluate(PAGE), callee.evaluate(PAGE)]);
  const offer = await caller.evaluate<string>(`offer(${JSON.stringify(stun)})`);
  const answer = await callee.evaluate<string>(`answer(${JSON.stringify(stun)}, ${JSON.stringify(offer)})`);
  await caller.evaluate(`accept(${JSON.stringify(answer)})`);
  const [here, there] = await Promise.all([
    caller.evaluate<boolean>(`connected(${LIMIT_MS})`),
    callee.evaluate<boolean>(`connected(${LIMIT_MS})`),
  ]);
  return here && there;
}

/** Runs in the page: a peer connection with a data channel, all candidates in one description. */
const PAGE = `(() => {
  const gathered = (pc) => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve(pc.localDescription.sdp);
    pc.onicegatheringstatechange = look;
    look();
  });
  const open = (url) => (window.pc = new RTCPeerConnection({ iceServers: [{ urls: [url] }] }));
  window.offer = async (url) => {
    const pc = open(url);
    pc.createDataChannel('probe');
    await pc.setLocalDescription();
    return gathered(pc);
  };
  window.answer = async (url, sdp) => {
    const pc = open(url);
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription();
    return gathered(pc);
  };
  window.accept = (sdp) => window.pc.setRemoteDescription({ type: 'answer', sdp });
  window.connected = (limit) => new Promise((resolve) => {
    const look = () => {
      if (window.pc.connectionState === 'connected') resolve(true);
      if (window.pc.connectionState === 'failed') resolve(false);
    };
    window.pc.onconnectionstatechange = look;
    setTimeout(() => resolve(false), limit);
    look();
  });
})()`;
