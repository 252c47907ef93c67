import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NatResult, Report } from '../../src/record/report.ts';
import { expectReport } from '../support/schema.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { type AccessNetwork, BLACK_HOLE, serverAddresses, siteAddresses } from './support/network.ts';
import { NATS, NETWORKS } from './support/networks.ts';
import { PASSWORD, startTurn, USER } from './support/servers.ts';

const BIN = join(import.meta.dirname, '../../bin/iceprobe.js');
const EIM = 'endpoint-independent';
const ADM = 'address-dependent';
const APDM = 'address-and-port-dependent';
const UNKNOWN = 'not-determined';

/** NAT_RUNS=20 asks each question so often, and holds what is not determined to one in ten. */
const RUNS = Number(process.env['NAT_RUNS'] ?? 1);
const TIME = 30_000 + RUNS * 20_000;
const loss = { lossPercent: 20 };
const SITES = {
  public: NETWORKS.public,
  'eim-eif': NETWORKS['eim-eif'],
  'eim-adf': NETWORKS['eim-adf'],
  'eim-apdf': NETWORKS['eim-apdf'],
  'adm-apdf': NETWORKS['adm-apdf'],
  'apdm-apdf': NETWORKS['apdm-apdf'],
  hairpin: NETWORKS.hairpin,
  'carrier-grade': NETWORKS['carrier-grade'],
  'no-udp': NETWORKS['no-udp'],
  'public, 20 % lost each way': { ...NETWORKS.public, ...loss },
  'eim-eif, 20 % lost each way': { ...NETWORKS['eim-eif'], ...loss },
  'eim-adf, 20 % lost each way': { ...NETWORKS['eim-adf'], ...loss },
  'eim-apdf, 20 % lost each way': { ...NETWORKS['eim-apdf'], ...loss },
  'apdm-apdf, 20 % lost each way': { ...NETWORKS['apdm-apdf'], ...loss },
  'short-binding': NETWORKS['short-binding'],
  'binding of 30 s': { nats: [{ ...NATS['eim-apdf'], bindingSeconds: 30 }] },
  'binding of 60 s': { nats: [{ ...NATS['eim-apdf'], bindingSeconds: 60 }] },
} as const satisfies Record<string, AccessNetwork>;
type SiteName = keyof typeof SITES;
const names = Object.keys(SITES) as SiteName[];
const siteOf = (name: SiteName): number => names.indexOf(name) + 1;

// The first speaks RFC 5780; the others are ordinary TURN servers with one address each.
const full = serverAddresses(1, {});
const ordinary = serverAddresses(2, {});
const second = serverAddresses(3, {});

describeInLab('go')('iceprobe nat', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({ sites: names.map((name) => SITES[name]), servers: [{}, {}, {}], zone: {} });
    await Promise.all([
      startTurn(lab, 'server1', full, { kind: 'coturn' }),
      startTurn(lab, 'server2', ordinary, { kind: 'coturn', rfc5780: false }),
      startTurn(lab, 'server3', second, { kind: 'coturn', rfc5780: false }),
    ]);
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const nat = async (name: SiteName, ...args: string[]): Promise<{ report: Report; result: NatResult | undefined }> => {
    const env = { ICEPROBE_USERNAME: USER, ICEPROBE_CREDENTIAL: PASSWORD };
    const command = [process.execPath, BIN, 'nat', ...args, '-f', 'json'];
    const { stdout, stderr } = await lab.run(command, { site: siteOf(name), env, timeoutMs: 180_000 });
    const report = JSON.parse(stdout === '' ? `{"error":${JSON.stringify(stderr)}}` : stdout) as Report;
    expectReport(report);
    const [result, ...more] = report.nat ?? [];
    expect(more).toEqual([]);
    return { report, result };
  };

  // These boxes map TCP as they map UDP.
  const withRfc5780: [SiteName, string, string, boolean | null][] = [
    ['public', 'none', EIM, null],
    ['eim-eif', EIM, EIM, false],
    ['eim-adf', EIM, ADM, false],
    ['eim-apdf', EIM, APDM, false],
    ['adm-apdf', ADM, APDM, false],
    ['apdm-apdf', APDM, APDM, false],
    ['hairpin', EIM, ADM, true],
    ['carrier-grade', EIM, APDM, false],
  ];
  it.concurrent.each(withRfc5780)(
    '%s with RFC 5780: %s mapping, %s filtering, hairpinning %s',
    async (name, mapping, filtering, hairpinning) => {
      for (let run = 0; run < RUNS; run++) {
        const { report, result } = await nat(name, `stun:${full.addresses[0]}`);
        expect(result).toMatchObject({ mapping, tcpMapping: mapping, filtering, hairpinning });
        expect(siteAddresses(siteOf(name), SITES[name]).mapped).toContain(result?.mappedAddress);
        expect(report.exitCode).toBe(0);
      }
    },
    TIME,
  );

  const withTurn: [SiteName, string, string][] = [
    ['public', 'none', UNKNOWN],
    ['eim-eif', UNKNOWN, UNKNOWN],
    ['eim-adf', UNKNOWN, UNKNOWN],
    ['eim-apdf', UNKNOWN, APDM],
    ['apdm-apdf', APDM, APDM],
  ];
  it.concurrent.each(withTurn)(
    '%s with one TURN server: %s mapping, %s filtering',
    async (name, mapping, filtering) => {
      const { report, result } = await nat(name, `turn:${ordinary.addresses[0]}`);
      expect(result).toMatchObject({ mapping, filtering });
      const open = [mapping, filtering].includes(UNKNOWN);
      expect(report.exitCode).toBe(open ? 3 : 0);
      if (open)
        expect(result).toMatchObject({
          settledBy: expect.arrayContaining([expect.stringContaining('second address')]),
        });
    },
  );

  const withTwo: [SiteName, string, string][] = [
    ['eim-eif', EIM, EIM],
    ['eim-adf', EIM, ADM],
    ['eim-apdf', EIM, APDM],
    ['apdm-apdf', APDM, APDM],
  ];
  it.concurrent.each(withTwo)(
    '%s with two TURN servers: %s mapping, %s filtering',
    async (name, mapping, filtering) => {
      for (let run = 0; run < RUNS; run++) {
        const { result } = await nat(name, `turn:${ordinary.addresses[0]}`, `turn:${second.addresses[0]}`);
        expect(result).toMatchObject({ mapping, filtering });
      }
    },
    TIME,
  );

  it.concurrent('--server settles what one TURN server leaves open, and is no finding where it is silent', async () => {
    const alone = ['eim-adf', `turn:${ordinary.addresses[0]}`] as const;
    const mapping = await nat(...alone, '--server', second.addresses[0]);
    expect(mapping.result).toMatchObject({ mapping: EIM, tcpMapping: EIM });
    const all = await nat(...alone, '--server', `stun:${full.addresses[0]}`);
    expect(all.result).toMatchObject({ mapping: EIM, filtering: ADM, settledBy: [] });
    expect(all.report.exitCode).toBe(0);
    const silent = await nat(...alone, '--server', BLACK_HOLE, '--server', 'no.such.name');
    expect(silent.result).toMatchObject({ mapping: UNKNOWN });
    expect(silent.report.notes?.join()).toContain('--server stun:no.such.name: no address is known for it');
    expect(silent.report.findings.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
    expect(silent.report.exitCode).toBe(3);
  });

  const lossy: [SiteName, string, string][] = [
    ['public, 20 % lost each way', 'none', EIM],
    ['eim-eif, 20 % lost each way', EIM, EIM],
    ['eim-adf, 20 % lost each way', EIM, ADM],
    ['eim-apdf, 20 % lost each way', EIM, APDM],
    ['apdm-apdf, 20 % lost each way', APDM, APDM],
  ];
  it.concurrent.each(lossy)(
    '%s: never wrong, seldom not determined',
    async (name, mapping, filtering) => {
      let undetermined = 0;
      for (let run = 0; run < RUNS; run++) {
        const { result } = await nat(name, `stun:${full.addresses[0]}`);
        expect([mapping, UNKNOWN]).toContain(result?.mapping);
        expect([filtering, UNKNOWN]).toContain(result?.filtering);
        if (result?.mapping === UNKNOWN || result?.filtering === UNKNOWN) undetermined++;
      }
      if (RUNS > 1) console.log(`${name}: not determined in ${undetermined} of ${RUNS} runs`);
      if (RUNS >= 10) expect(undetermined).toBeLessThanOrEqual(RUNS / 10);
    },
    TIME,
  );

  it.concurrent('where no UDP passes nothing is claimed', async () => {
    const { report, result } = await nat('no-udp', `stun:${full.addresses[0]}`);
    expect(result).toMatchObject({ mapping: UNKNOWN, filtering: UNKNOWN, mappedAddress: null });
    expect([1, 3]).toContain(report.exitCode);
    expect(result?.tcpMapping).toBe(EIM);
  });

  // NAT_LIFETIMES=all measures the longer ones too, which takes a minute and a half.
  const lifetimes: [SiteName, number][] = [
    ['short-binding', 5],
    ...(process.env['NAT_LIFETIMES'] === 'all'
      ? ([
          ['binding of 30 s', 30],
          ['binding of 60 s', 60],
        ] satisfies [SiteName, number][])
      : []),
  ];
  it.concurrent.each(lifetimes)(
    '%s: %i seconds are measured, and called short below 30',
    async (name, seconds) => {
      const limit = String(seconds * 2);
      const { report, result } = await nat(name, `turn:${ordinary.addresses[0]}`, '--lifetime', limit);
      if (seconds > 5) console.log(`${name}: measured ${result?.bindingLifetimeSeconds} s`);
      expect(result?.bindingLifetimeSeconds).toBeGreaterThan(seconds * 0.85);
      expect(result?.bindingLifetimeSeconds).toBeLessThan(seconds * 1.15);
      if (seconds < 25) expect(report.findings.map(({ id }) => id)).toContain('nat.short-binding');
    },
    200_000,
  );
});
