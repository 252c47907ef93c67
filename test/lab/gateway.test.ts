import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../src/record/report.ts';
import { expectReport } from '../support/schema.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { type AccessNetwork, betweenNetwork, serverAddresses, siteAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { startTurn } from './support/servers.ts';
import { capture } from './support/tools.ts';

const BIN = join(import.meta.dirname, '../../bin/iceprobe.js');
const server = serverAddresses(1, {});

/** Without one, a gateway says nothing. */
interface Daemon {
  /** Ours, which tells what it is given; or miniupnpd, which knows its address, or is told a public one. */
  readonly by: 'agent' | 'miniupnpd';
  readonly external?: string;
  readonly speaks: 'nat-pmp' | 'upnp';
}

const SITES = {
  'one NAT': NETWORKS['eim-apdf'],
  'one NAT, by UPnP': NETWORKS['eim-apdf'],
  'behind a carrier': NETWORKS['carrier-grade'],
  'behind a carrier, by UPnP': NETWORKS['carrier-grade'],
  'a router behind a router': NETWORKS['double-nat'],
  'behind a carrier, with a gateway that says nothing': NETWORKS['carrier-grade'],
  'miniupnpd with a public address that nobody sees': NETWORKS['eim-apdf'],
  'the same, by UPnP': NETWORKS['eim-apdf'],
  'miniupnpd behind a carrier': NETWORKS['carrier-grade'],
  'the same behind a carrier, by UPnP': NETWORKS['carrier-grade'],
} as const satisfies Record<string, AccessNetwork>;
type SiteName = keyof typeof SITES;
const names = Object.keys(SITES) as SiteName[];
const siteOf = (name: SiteName): number => names.indexOf(name) + 1;
const between = (name: SiteName): string => `${betweenNetwork(siteOf(name), SITES[name])}.2`;
const mapped = (name: SiteName): string => siteAddresses(siteOf(name), SITES[name]).mapped[0] ?? '';

const DAEMONS: Partial<Record<SiteName, Daemon>> = {
  'one NAT': { by: 'agent', external: mapped('one NAT'), speaks: 'nat-pmp' },
  'one NAT, by UPnP': { by: 'agent', external: mapped('one NAT, by UPnP'), speaks: 'upnp' },
  'behind a carrier': { by: 'agent', external: between('behind a carrier'), speaks: 'nat-pmp' },
  'behind a carrier, by UPnP': { by: 'agent', external: between('behind a carrier, by UPnP'), speaks: 'upnp' },
  'a router behind a router': { by: 'agent', external: between('a router behind a router'), speaks: 'nat-pmp' },
  'miniupnpd with a public address that nobody sees': { by: 'miniupnpd', external: '9.9.9.9', speaks: 'nat-pmp' },
  'the same, by UPnP': { by: 'miniupnpd', external: '9.9.9.9', speaks: 'upnp' },
  'miniupnpd behind a carrier': { by: 'miniupnpd', speaks: 'nat-pmp' },
  'the same behind a carrier, by UPnP': { by: 'miniupnpd', speaks: 'upnp' },
};

describeInLab('miniupnpd', 'tcpdump')('iceprobe nat --ask-gateway', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({ sites: names.map((name) => SITES[name]), servers: [{}] });
    await startTurn(lab, 'server1', server, { kind: 'coturn' });
    await Promise.all(names.map((name) => startDaemon(name)));
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const startDaemon = async (name: SiteName): Promise<void> => {
    const daemon = DAEMONS[name];
    if (daemon === undefined) return;
    const router = lab.sites[siteOf(name) - 1]?.routers[0] ?? '';
    const { by, external, speaks } = daemon;
    if (by === 'agent') {
      const gateway = `192.168.${siteOf(name)}.1`;
      await lab.serve(router, [{ kind: 'gateway', address: gateway, external: external ?? '0.0.0.0', speaks }]);
      return;
    }
    const file = `/run/tmp/${router}.conf`;
    const lines = [
      'ext_ifname=wan',
      ...(external === undefined ? [] : [`ext_ip=${external}`]),
      'listening_ip=lan',
      `enable_natpmp=${speaks === 'nat-pmp' ? 'yes' : 'no'}`,
      `enable_upnp=${speaks === 'upnp' ? 'yes' : 'no'}`,
      'uuid=00000000-0000-4000-8000-000000000001',
      `lease_file=/run/tmp/${router}.leases`,
    ];
    await lab.sandbox.script(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} > ${file}`);
    const process = lab.sandbox.spawn(router, ['miniupnpd', '-d', '-f', file, '-P', `/run/tmp/${router}.pid`]);
    await process.waitFor(/listening (on|for)/i);
  };

  const ask = async (name: SiteName, ...more: string[]): Promise<Report> => {
    const command = [process.execPath, BIN, 'nat', `stun:${server.addresses[0]}`, ...more, '-f', 'json'];
    const { stdout, stderr } = await lab.run(command, { site: siteOf(name), timeoutMs: 60_000 });
    if (stdout === '') throw new Error(stderr);
    const report = JSON.parse(stdout) as Report;
    expectReport(report);
    return report;
  };

  const expected: [SiteName, string, string | null, readonly string[]][] = [
    ['one NAT', 'one', mapped('one NAT'), []],
    ['one NAT, by UPnP', 'one', mapped('one NAT, by UPnP'), []],
    ['behind a carrier', 'two-or-more', between('behind a carrier'), ['nat.carrier-grade']],
    ['behind a carrier, by UPnP', 'two-or-more', between('behind a carrier, by UPnP'), ['nat.carrier-grade']],
    ['a router behind a router', 'two-or-more', between('a router behind a router'), ['nat.double']],
    ['behind a carrier, with a gateway that says nothing', 'not-determined', null, []],
    ['miniupnpd with a public address that nobody sees', 'not-determined', '9.9.9.9', []],
    ['the same, by UPnP', 'not-determined', '9.9.9.9', []],
    ['miniupnpd behind a carrier', 'not-determined', null, []],
    ['the same behind a carrier, by UPnP', 'not-determined', null, []],
  ];
  it.concurrent.each(expected)('%s: %s', async (name, translations, gatewayExternalAddress, findings) => {
    const report = await ask(name, '--ask-gateway');
    expect(report.nat).toEqual([expect.objectContaining({ translations, gatewayExternalAddress })]);
    const ids = report.findings.map(({ id }) => id);
    expect(ids.filter((id) => id === 'nat.carrier-grade' || id === 'nat.double')).toEqual(findings);
    expect(report.exitCode).toBe(0);
    // miniupnpd tells no address that it holds to be private, only that it has none.
    const told = report.nat?.[0]?.reasons.join() ?? '';
    if (name.includes('behind a carrier') && DAEMONS[name]?.by === 'miniupnpd')
      expect(told).toMatch(/no address outside/);
  });

  it('asks nobody but the servers without the option', async () => {
    const client = lab.client(siteOf('behind a carrier'));
    // Our own mapped address is sent to as well, for hairpinning.
    const known = [...server.addresses, mapped('behind a carrier')].map((address) => `and not host ${address}`);
    let report: Report | undefined;
    const packets = await capture(lab, client, 'eth0', `ip ${known.join(' ')}`, async () => {
      report = await ask('behind a carrier');
    });
    expect(packets).toEqual([]);
    expect(report?.nat).toEqual([expect.objectContaining({ translations: null, gatewayExternalAddress: null })]);
  });
});
