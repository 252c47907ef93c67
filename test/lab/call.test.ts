import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NatBehaviour, predict } from '../../src/core/nat/prediction.ts';
import type { Report } from '../../src/record/report.ts';
import { certificate } from '../support/certificates.ts';
import { expectReport } from '../support/schema.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { serverAddresses } from './support/network.ts';
import { NATS, NETWORKS } from './support/networks.ts';
import type { SandboxProcess } from './support/sandbox.ts';
import { installCertificate, PASSWORD, startTurn, USER } from './support/servers.ts';

const BIN = join(import.meta.dirname, '../../bin/iceprobe.js');
const KINDS = ['public', 'eim-eif', 'eim-adf', 'eim-apdf', 'adm-apdf', 'apdm-apdf'] as const;
type Kind = (typeof KINDS)[number];
const EXTRA = ['public', 'public'] as const;
// Each kind twice: one for either end of a call.
const SITES = [...KINDS, ...KINDS, ...EXTRA];
const siteOf = (kind: Kind, end: 0 | 1): number => KINDS.indexOf(kind) + 1 + end * KINDS.length;
const NARROW_SITE = 2 * KINDS.length + 1;
const DEAF_SITE = NARROW_SITE + 1;

/** CALL_PAIRS=all tries every pair; by itself six that stand for the rest. */
const PAIRS: readonly (readonly [Kind, Kind])[] =
  process.env['CALL_PAIRS'] === 'all'
    ? KINDS.flatMap((a) => KINDS.map((b) => [a, b] as const))
    : [
        ['eim-apdf', 'eim-apdf'],
        ['apdm-apdf', 'eim-adf'],
        ['eim-eif', 'adm-apdf'],
        ['apdm-apdf', 'public'],
        ['eim-apdf', 'apdm-apdf'],
        ['apdm-apdf', 'apdm-apdf'],
      ];

const coturn = serverAddresses(1, {});
const own = serverAddresses(2, {});
const stun = `stun:${coturn.addresses[0]}`;
/** How long an end may try to connect, seconds, where the rest of the machine is busy too. */
const LIMIT = 10;

describeInLab()('a call between two networks', () => {
  let lab: Lab;
  let rooms: SandboxProcess;
  let via: string;
  let ca: string;

  beforeAll(async () => {
    lab = await startLab({ sites: SITES.map((name) => NETWORKS[name]), servers: [{}, {}] });
    const good = await installCertificate(lab, certificate('good'));
    ca = good.authority;
    await startTurn(lab, 'server1', coturn, { kind: 'coturn', certificate: good });
    await startTurn(lab, 'server2', own, { kind: 'iceprobe', certificate: good });
    const command = [process.execPath, BIN, 'signal', '--listen', coturn.addresses[0], '--port', '4433'];
    rooms = lab.sandbox.spawn('server1', command);
    via = (await rooms.waitFor(/^ready: (\S+)/m))[1] ?? '';
    // Servers reach both. Of what others send, one hears nothing, and the other what is small, as checks are.
    const others = 'ip saddr 198.18.0.0/16 ip saddr != 198.18.0.0/24';
    await filter(DEAF_SITE, `${others} drop`);
    await filter(NARROW_SITE, `${others} meta l4proto tcp drop; ${others} udp length > 250 drop`);
  }, 120_000);
  afterAll(() => lab?.[Symbol.asyncDispose]());

  async function filter(site: number, rules: string): Promise<void> {
    const table = `table inet filter { chain in { type filter hook input priority 0; ${rules}; }; }`;
    await lab.sandbox.script(`ip netns exec ${lab.client(site)} nft '${table}'`);
  }

  /** A waits, B joins and offers: both reports. */
  async function callBetween(a: number, b: number, args: readonly string[], exitCode?: number) {
    const words = ['call', ...args, '--via', via, '-f', 'json', '--events'];
    const host = lab.sandbox.spawn(lab.client(a), [process.execPath, BIN, ...words, '--host']);
    const code = (await host.waitFor(/\/([A-Z0-9]{3}-[A-Z0-9]{3})/, 30_000))[1] ?? '';
    const join = await lab.run([process.execPath, BIN, ...words, '--join', code], { site: b, timeoutMs: 120_000 });
    await host.exited;
    if (exitCode !== undefined) expect(join.code, join.stderr + join.stdout.slice(0, 2000)).toBe(exitCode);
    const [offering, answering] = [join.stdout, host.stdout].map((text) => JSON.parse(text) as Report);
    if (offering === undefined || answering === undefined) throw new Error('no reports');
    for (const report of [offering, answering]) expectReport(report);
    return { offering, answering };
  }

  it.each(PAIRS)(
    '%s with %s connects by STUN alone where it can, and says why where it cannot',
    async (a, b) => {
      const { direct } = predict(behaviourOf(a), behaviourOf(b));
      const can = direct === 'yes';
      const args = [stun, '--path', 'any', '--timeout', String(LIMIT)];
      const { offering, answering } = await callBetween(siteOf(a, 0), siteOf(b, 1), args, can ? 0 : 1);
      for (const report of [offering, answering]) {
        expect(report.calls?.map(({ outcome }) => outcome)).toEqual([can ? 'connected' : 'failed']);
        expect(report.durationMs).toBeLessThan(1000 * (LIMIT + 15));
        const errors = report.findings.filter(({ severity }) => severity === 'error').map(({ id }) => id);
        expect(errors).toEqual(can ? [] : ['call.no-path']);
      }
      const [call] = offering.calls ?? [];
      if (can) {
        expect(call?.selected?.local.candidateType).not.toBe('relay');
        expect(call?.data?.returned).toBeGreaterThan(0);
        expect(answering.calls?.[0]?.data?.returned).toBe(call?.data?.returned);
      } else {
        expect(offering.findings[0]).toMatchObject({ params: { cause: 'unanswered' } });
        const kinds = offering.findings[0]?.params['kinds'] as readonly string[];
        expect(kinds.join()).toContain('host-srflx');
      }
    },
    120_000,
  );

  it.each([
    ['coturn', coturn.addresses[0]],
    ['our own server', own.addresses[0]],
  ] as const)(
    'between two that cannot meet goes through %s over UDP, TCP and TLS',
    async (_name, address) => {
      const urls = [`turn:${address}`, `turn:${address}?transport=tcp`, `turns:${address}`];
      const account = ['-u', USER, '--ca', ca, '--insecure'];
      const args = [...urls, ...account, '-p', PASSWORD, '--policy', 'relay'];
      const { offering, answering } = await callBetween(siteOf('apdm-apdf', 0), siteOf('apdm-apdf', 1), args, 0);
      for (const { calls } of [offering, answering]) {
        const seen = calls?.map(({ path, outcome, selected }) => [path, outcome, selected?.local.relayProtocol]);
        expect(seen).toEqual([
          ['relay/udp', 'connected', 'udp'],
          ['relay/tcp', 'connected', 'tcp'],
          ['relay/tls', 'connected', 'tls'],
        ]);
      }
    },
    120_000,
  );

  it('names what lets checks pass and no handshake', async () => {
    const args = [stun, '--path', 'any', '--timeout', String(LIMIT)];
    const { offering } = await callBetween(siteOf('public', 0), NARROW_SITE, args, 1);

    expect(offering.findings[0]).toMatchObject({ id: 'call.dtls-failed', severity: 'error' });
  }, 120_000);

  it('names the direction that is closed', async () => {
    const args = [stun, '--path', 'any', '--timeout', String(LIMIT)];
    const { offering, answering } = await callBetween(siteOf('public', 0), DEAF_SITE, args, 1);
    expect(answering.findings[0]).toMatchObject({ id: 'call.one-way', params: { speaker: 'offerer' } });
    expect(offering.findings[0]?.id).toBe('call.no-path');
  }, 120_000);
});

function behaviourOf(kind: Kind): NatBehaviour {
  if (kind === 'public') return { mapping: 'none', filtering: 'endpoint-independent' };
  const { mapping, filtering } = NATS[kind];
  return { mapping, filtering };
}
