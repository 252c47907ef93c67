import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../support/needs.ts';
import { S1, S1V6 } from './scenarios/common.ts';
import { openLabBrowser } from './support/browser.ts';
import type { Lab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { siteAddresses } from './support/network.ts';
import { NATS } from './support/networks.ts';
import { prepare, runIceprobe } from './support/run-scenario.ts';
import { PASSWORD, USER } from './support/servers.ts';

const NETWORK = { nats: [NATS['eim-apdf']], ipv6: 'works', vpn: { device: 'wg0' } } as const;
/** The address that does not change, and lets a host be known again. */
const STABLE = '2001:db8:1:1::77';
const BOTH = [`turn:${S1}`, `turn:[${S1V6}]`];

// A laptop as they are: two families, an address of IPv6 that changes, a VPN, and a cable with nothing but a link-local one.
describeInLab()('gather on a host with many addresses', () => {
  let lab: Lab;
  let temporary: string;
  let linkLocal: string;
  const { client } = siteAddresses(1, NETWORK);
  const vpn = '10.8.1.2';

  beforeAll(async () => {
    lab = await prepare({ network: NETWORK, servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }] });
    const host = lab.client();
    await lab.sandbox.script(
      [
        // RFC 8981, by the kernel itself: it makes a temporary address for each that is said to be managed so.
        `ip netns exec ${host} sh -c 'echo 2 > /proc/sys/net/ipv6/conf/eth0/use_tempaddr'`,
        `ip -n ${host} addr add ${STABLE}/64 dev eth0 mngtmpaddr valid_lft 3600 preferred_lft 1800`,
        `ip -n ${host} link add cable0 type veth peer name cable1`,
        `ip -n ${host} link set cable0 up`,
        `ip -n ${host} link set cable1 up`,
      ].join('\n'),
    );
    temporary = await address(/inet6 (\S+)\/64 scope global temporary/, 'eth0');
    linkLocal = await address(/inet6 (fe80\S+)\/64 scope link(?! tentative)/, 'cable0');
  });

  afterAll(() => lab?.[Symbol.asyncDispose]());

  /** As soon as the kernel has made it, and found that nobody else has it. */
  async function address(pattern: RegExp, device: string): Promise<string> {
    for (let tries = 0; tries < 100; tries++) {
      const [, found] = pattern.exec(await lab.sandbox.script(`ip -n ${lab.client()} addr show dev ${device}`)) ?? [];
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no ${pattern} on ${device}`);
  }

  async function gathered(urls: readonly string[], ...options: string[]) {
    const words = ['gather', ...urls, '-u', USER, '-p', PASSWORD, ...options];
    const { report, exitCode } = await runIceprobe(lab, words, { deadlineMs: 30_000 });
    const candidates = report?.gatherings?.[0]?.candidates ?? [];
    const hosts = candidates.filter(({ type }) => type === 'host').map((each) => `${each.interface} ${each.address}`);
    const families = new Set(candidates.map((each) => (each.address.includes(':') ? 6 : 4)));
    return { hosts: hosts.sort(), families: [...families].sort(), candidates, report, exitCode };
  }

  it('takes the temporary address instead of those by which it could be known again, and the VPN', async () => {
    const { hosts, report } = await gathered(BOTH, '--timeout', '3');
    expect(hosts).toEqual([`eth0 ${client}`, `eth0 ${temporary}`, `wg0 ${vpn}`].sort());
    const seen = report?.network?.interfaces.map(({ name, address: own, kind }) => `${name} ${own} ${kind}`);
    expect(seen).toEqual(
      expect.arrayContaining([`eth0 ${STABLE} public`, `eth0 ${temporary} public`, `wg0 ${vpn} vpn`]),
    );
  });

  it('keeps to one interface', async () => {
    expect((await gathered(BOTH, '--timeout', '3', '--interface', 'wg0')).hosts).toEqual([`wg0 ${vpn}`]);
    expect((await gathered(BOTH, '--timeout', '3', '--interface', 'eth0')).hosts).toEqual([
      `eth0 ${client}`,
      `eth0 ${temporary}`,
    ]);
  });

  it.each([
    ['4', S1, [4]],
    ['6', `[${S1V6}]`, [6]],
  ])('keeps to the family %s', async (family, server, expected) => {
    const { families, candidates } = await gathered([`turn:${server}`], '--family', family, '--timeout', '3');
    expect(families).toEqual(expected);
    expect(candidates.some(({ type }) => type === 'relay')).toBe(true);
  });

  it('uses a link-local address, with its zone, where the interface has nothing else', async () => {
    const { hosts, exitCode } = await gathered(BOTH, '--interface', 'cable0', '--timeout', '3');
    expect(hosts).toEqual([`cable0 ${linkLocal}%cable0`]);
    expect(exitCode).toBe(1);
  });

  describeNeeding('chromium')('beside Chromium', () => {
    it('has the same host addresses', async () => {
      const flags = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
      await using chromium = await openLabBrowser(lab, 'chromium', lab.client(), { flags });
      await chromium.evaluate('navigator.mediaDevices.getUserMedia({ video: true }).then(() => true)');
      const { candidates } = await chromium.gather({}, 10_000);
      const theirs = candidates.filter(({ protocol }) => protocol === 'udp').map((each) => each.address);
      const { candidates: ours } = await gathered(BOTH, '--timeout', '3');
      const own = ours.filter(({ type }) => type === 'host').map((each) => each.address);
      expect(theirs.map((each) => each?.replace(/^\[|\]$/g, '')).sort()).toEqual(own.sort());
    });
  });
});
