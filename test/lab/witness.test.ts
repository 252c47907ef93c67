import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/record/report.ts';
import { certificate } from '../support/certificates.ts';
import { describeNeeding } from '../support/needs.ts';
import { expectReport } from '../support/schema.ts';
import { type Lab, startLab } from './support/lab.ts';
import { serverAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { installCertificate, PASSWORD, startTurn, USER } from './support/servers.ts';

const BIN = join(import.meta.dirname, '../../bin/iceprobe.js');
const KINDS = ['public', 'eim-eif', 'eim-adf', 'eim-apdf', 'adm-apdf', 'apdm-apdf'] as const;
type Kind = (typeof KINDS)[number];
const SITES = [...KINDS, ...KINDS];
const siteOf = (kind: Kind, end: 0 | 1): number => KINDS.indexOf(kind) + 1 + end * KINDS.length;

const RELAY_PORTS = { low: 50_000, high: 50_199 } as const;
const firewalled = serverAddresses(1, {});
const open = serverAddresses(2, {});

/** WITNESS_PAIRS=all has every pair witness for each other; by itself those two alone that show something else too. */
const PAIRS: readonly (readonly [Kind, Kind])[] =
  process.env['WITNESS_PAIRS'] === 'all' ? KINDS.flatMap((a, i) => KINDS.slice(i).map((b) => [a, b] as const)) : [];

describeNeeding(
  'namespaces',
  'ip',
  'nft',
  'coturn',
)('two that are witnesses for each other', () => {
  let lab: Lab;
  let via: string;

  beforeAll(async () => {
    const firewall = [{ protocol: 'udp', ports: '50000-50199', action: 'stateful' }] as const;
    lab = await startLab({ sites: SITES.map((name) => NETWORKS[name]), servers: [{ firewall }, {}] });
    const good = await installCertificate(lab, certificate('good'));
    await startTurn(lab, 'server1', firewalled, { kind: 'coturn', relayPorts: RELAY_PORTS, certificate: good });
    await startTurn(lab, 'server2', open, { kind: 'coturn', relayPorts: RELAY_PORTS });
    const command = [process.execPath, BIN, 'signal', '--listen', open.addresses[0], '--port', '4433'];
    via = (await lab.sandbox.spawn('server2', command).waitFor(/^ready: (\S+)/m))[1] ?? '';
    // One place lets nothing out to the relay ports of the server that is open to all.
    const rule = `ip daddr ${open.addresses[0]} udp dport 50000-50199 ct state new drop`;
    const table = `table inet filter { chain out { type filter hook output priority 0; ${rule}; }; }`;
    await lab.sandbox.script(`ip netns exec ${lab.client(siteOf('public', 1))} nft '${table}'`);
  }, 120_000);
  afterAll(() => lab?.[Symbol.asyncDispose]());

  /** Both at once, each with a server of its own: both reports. */
  async function witness(a: readonly [number, string], b: readonly [number, string]) {
    const words = ([, server]: readonly [number, string]) => {
      const account = ['-u', USER, '-p', PASSWORD];
      return [process.execPath, BIN, 'doctor', `turn:${server}`, ...account, '--via', via, '-f', 'json'];
    };
    const host = lab.sandbox.spawn(lab.client(a[0]), [...words(a), '--peer', 'host']);
    const code = (await host.waitFor(/\/([A-Z0-9]{3}-[A-Z0-9]{3})/, 30_000))[1] ?? '';
    const join = await lab.run([...words(b), '--peer', code], { site: b[0], timeoutMs: 150_000 });
    await host.exited;
    const reports = [host.stdout, join.stdout].map((text) => {
      if (text === '') throw new Error(`no report: ${join.stderr}`);
      const report = JSON.parse(text) as Report;
      expectReport(report);
      expect(report.peer?.problem).toBeNull();
      return report;
    });
    const [one, other] = reports;
    if (one === undefined || other === undefined) throw new Error('no reports');
    return { one, other };
  }

  const found = (report: Report, id: string) => report.findings.find((each) => each.id === id);
  const wrong = ({ findings }: Report) => findings.filter(({ severity }) => severity === 'error').map(({ id }) => id);

  it('tell the firewall of a server from that of their own network', async () => {
    const { one, other } = await witness(
      [siteOf('eim-apdf', 0), firewalled.addresses[0]],
      [siteOf('public', 1), open.addresses[0]],
    );
    expect(found(one, 'relay.inbound-blocked')).toMatchObject({ confidence: 'certain', locus: 'server' });
    const ruledOut = found(one, 'relay.inbound-blocked')?.ruledOut.map(({ key }) => key);
    expect(ruledOut).toContain('own-place');
    expect(found(one, 'net.egress-filtered')).toBeUndefined();
    expect(found(other, 'net.egress-filtered')).toMatchObject({ severity: 'warning', locus: 'client' });
    expect(wrong(other)).toEqual([]);
    for (const { peer } of [one, other]) {
      expect(peer).toMatchObject({ prediction: { direct: 'yes' }, crossed: true, outcome: 'direct', agrees: true });
    }
  }, 120_000);

  it('see past a NAT that maps by destination what it hides from those behind it', async () => {
    const { one, other } = await witness(
      [siteOf('apdm-apdf', 0), firewalled.addresses[0]],
      [siteOf('eim-apdf', 1), open.addresses[0]],
    );
    expect(found(one, 'relay.inbound-blocked')).toMatchObject({ confidence: 'certain', locus: 'server' });
    expect(one.nat?.[0]?.mapping).toBe('address-and-port-dependent');
    expect(wrong(other)).toEqual([]);
    for (const { peer } of [one, other]) {
      expect(peer).toMatchObject({ prediction: { direct: 'no' }, crossed: false, outcome: 'relayed', agrees: true });
    }
  }, 120_000);

  describe.each(PAIRS)('%s with %s', (a, b) => {
    it('come to what is predicted', async () => {
      const [one, other] = [siteOf(a, 0), siteOf(b, 1)].map((site) => [site, open.addresses[0]] as const);
      if (one === undefined || other === undefined) throw new Error('no sites');
      const both = await witness(one, other);
      for (const { peer, calls } of [both.one, both.other]) {
        expect(peer?.prediction.direct, peer?.prediction.reason).not.toBe('not-determined');
        expect(peer?.agrees, JSON.stringify(peer)).toBe(true);
        expect(peer?.crossed).toBe(peer?.prediction.direct === 'yes');
        expect(calls?.map(({ path, outcome }) => [path, outcome])).toEqual([['any', 'connected']]);
      }
    }, 120_000);
  });
});
