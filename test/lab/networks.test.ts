import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { nat64Address, PROXY, serverAddresses, siteAddresses } from './support/network.ts';
import { NETWORKS, type NetworkName } from './support/networks.ts';
import { startTurn } from './support/servers.ts';
import { capture, type NatVerdict, natDiscovery, ping, stunClient, tcpConnect } from './support/tools.ts';

// Every network at once, around one server; each is asked by programs that are not ours what it is.
const names = Object.keys(NETWORKS) as NetworkName[];
const siteOf = (name: NetworkName): number => names.indexOf(name) + 1;
const server = serverAddresses(1, {});
const [address] = server.addresses;

describeInLab(
  'ping',
  'tcpdump',
  'go',
)('each network is what it claims to be', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({ sites: names.map((name) => NETWORKS[name]), servers: [{ ipv6: true }] });
    await startTurn(lab, 'server1', server, { kind: 'coturn', ipv6: true });
    await lab.serve(
      'server1',
      [443, 80, 5349].map(
        (port) => ({ kind: 'banner', protocol: 'tcp', address, port, text: `port ${port}\n` }) as const,
      ),
    );
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const EIM = 'endpoint-independent';
  const ADF = 'address-dependent';
  const APDF = 'address-and-port-dependent';
  const nats: [NetworkName, Omit<NatVerdict, 'mapped'>][] = [
    // The tool calls a host without NAT "NAT with endpoint-independent mapping", and its own address hairpins.
    ['public', { mapping: EIM, filtering: EIM, hairpinning: true }],
    ['eim-eif', { mapping: EIM, filtering: EIM, hairpinning: false }],
    ['eim-adf', { mapping: EIM, filtering: ADF, hairpinning: false }],
    ['eim-apdf', { mapping: EIM, filtering: APDF, hairpinning: false }],
    ['adm-apdf', { mapping: ADF, filtering: APDF, hairpinning: false }],
    ['apdm-apdf', { mapping: APDF, filtering: APDF, hairpinning: false }],
    ['hairpin', { mapping: EIM, filtering: ADF, hairpinning: true }],
    ['carrier-grade', { mapping: EIM, filtering: APDF, hairpinning: false }],
    ['double-nat', { mapping: EIM, filtering: APDF, hairpinning: false }],
    ['vpn', { mapping: EIM, filtering: APDF, hairpinning: false }],
    ['no-udp', { mapping: 'no-answer', filtering: 'no-answer', hairpinning: false }],
    ['tcp-443-only', { mapping: 'no-answer', filtering: 'no-answer', hairpinning: false }],
  ];
  it.concurrent.each(nats)('%s, by turnutils_natdiscovery', async (name, expected) => {
    const { mapped, ...verdict } = await natDiscovery(lab, siteOf(name), address);
    expect(verdict).toEqual(expected);
    const { mapped: allowed, client } = siteAddresses(siteOf(name), NETWORKS[name]);
    if (expected.mapping === 'no-answer') expect(mapped).toBeUndefined();
    else expect(allowed).toContain(mapped?.split(':')[0]);
    expect(allowed.includes(client)).toBe(name === 'public');
  });

  const twice: [NetworkName, RegExp][] = [
    ['carrier-grade', /IP 100\.64\.\d+\.2\.\d+ > 198\.19\.1\.2\.3478/],
    ['double-nat', /IP 10\.99\.\d+\.2\.\d+ > 198\.19\.1\.2\.3478/],
  ];
  it.concurrent.each(twice)('%s: two translations, %s between them', async (name, inside) => {
    const [inner = '', outer = ''] = lab.sites[siteOf(name) - 1]?.routers ?? [];
    const ask = (): Promise<unknown> => stunClient(lab, siteOf(name), address);
    expect((await capture(lab, inner, 'wan', 'udp port 3478', ask))[0]).toMatch(inside);
    const outside = await capture(lab, outer, 'wan', 'udp port 3478', ask);
    expect(outside[0]).toMatch(/IP 198\.18\.\d+\.2\.\d+ > 198\.19\.1\.2\.3478/);
  });

  it.concurrent('no-udp: TCP passes on any port, UDP leaves the client and never reaches the server', async () => {
    const site = siteOf('no-udp');
    expect(await tcpConnect(lab, site, address, 3478)).toBe('open');
    expect(await tcpConnect(lab, site, address, 443)).toBe('open');
    expect((await ping(lab, site, address)).received).toBe(3);
    const { mapped } = siteAddresses(site, NETWORKS['no-udp']);
    const ask = (): Promise<unknown> => stunClient(lab, site, address);
    expect(await capture(lab, 'server1', 'eth0', `udp and host ${mapped[0]}`, ask)).toEqual([]);
    expect(await capture(lab, lab.client(site), 'eth0', 'udp port 3478', ask)).not.toEqual([]);
  });

  it.concurrent('tcp-443-only: nothing but TCP to port 443', async () => {
    const site = siteOf('tcp-443-only');
    expect(await tcpConnect(lab, site, address, 443)).toBe('open');
    expect(await tcpConnect(lab, site, address, 3478)).toBe('silent');
    expect(await tcpConnect(lab, site, address, 80)).toBe('silent');
    expect((await ping(lab, site, address)).received).toBe(0);
  });

  /** What a server says to the first words of a client, over TCP. */
  const speak = async (name: NetworkName, port: number, words: string, host = address): Promise<string> => {
    const script = `exec 3<>/dev/tcp/${host}/${port}; printf '${words}' >&3; timeout 0.7 cat <&3`;
    const { stdout, stderr } = await lab.run(['bash', '-c', script], { site: siteOf(name), timeoutMs: 2000 });
    return stdout + stderr;
  };

  it.concurrent('captive-portal: every port of TCP answers with the page to log in at, all else is silent', async () => {
    for (const port of [443, 3478]) {
      expect(await speak('captive-portal', port, 'GET / HTTP/1.1\\r\\n\\r\\n')).toMatch(/^HTTP\/1.1 302 .*portal/s);
    }
    expect((await ping(lab, siteOf('captive-portal'), address)).received).toBe(0);
    expect(await stunClient(lab, siteOf('captive-portal'), address)).toBeUndefined();
  });

  it.concurrent('proxy-only: TCP gets out through the proxy, and in no other way', async () => {
    expect(await tcpConnect(lab, siteOf('proxy-only'), address, 443)).toBe('silent');
    const connect = `CONNECT ${address}:443 HTTP/1.1\\r\\n\\r\\n`;
    const answer = await speak('proxy-only', PROXY.port, connect, PROXY.address);
    expect(answer).toMatch(/^HTTP\/1.1 200 .*port 443/s);
    expect(await stunClient(lab, siteOf('proxy-only'), address)).toBeUndefined();
  });

  it.concurrent('tls-filtered: a TLS hello is reset, other words are not, and port 443 is free', async () => {
    const hello = '\\x16\\x03\\x01\\x00\\x05hello';
    expect(await speak('tls-filtered', 5349, hello)).toMatch(/reset by peer/i);
    expect(await speak('tls-filtered', 5349, 'hello')).toBe('port 5349\n');
    expect(await speak('tls-filtered', 443, hello)).toBe('port 443\n');
    expect(await speak('eim-apdf', 5349, hello)).toBe('port 5349\n');
  });

  it.concurrent('ipv6: works, is alone, is broken', async () => {
    const v6 = server.addresses6[0];
    expect((await ping(lab, siteOf('dual-stack'), v6)).received).toBe(3);
    expect((await ping(lab, siteOf('dual-stack'), address)).received).toBe(3);
    expect((await ping(lab, siteOf('ipv6-only'), v6)).received).toBe(3);
    expect((await ping(lab, siteOf('ipv6-only'), address)).output).toMatch(/Network is unreachable/i);
    expect((await ping(lab, siteOf('ipv6-broken'), address)).received).toBe(3);
    const broken = await ping(lab, siteOf('ipv6-broken'), v6);
    expect([broken.sent, broken.received]).toEqual([3, 0]);
    const own = await lab.run(['ip', '-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'global'], {
      site: siteOf('ipv6-broken'),
    });
    expect(own.stdout).toContain('2001:db8:');
  });

  it.concurrent('nat64: no IPv4, and IPv4 servers all the same', async () => {
    const site = siteOf('nat64');
    const translated = nat64Address(address);
    expect((await ping(lab, site, translated)).received).toBe(3);
    expect((await ping(lab, site, address)).output).toMatch(/Network is unreachable/i);
    expect(await speak('nat64', 443, 'hello', translated)).toBe('port 443\n');
    const seen = await capture(lab, 'server1', 'eth0', 'udp port 3478', () => stunClient(lab, site, translated));
    expect(seen.map((line) => /IP (\S+)\.\d+ > 198\.19\.1\.2\.3478/.exec(line)?.[1])).toContain(`198.18.${site}.2`);
    expect(await stunClient(lab, site, translated)).toMatch(new RegExp(`198\\.18\\.${site}\\.2:`));
  });

  it.concurrent('nat64: what the way back would have to cut up is lost', async () => {
    const large = await ping(lab, siteOf('nat64'), nat64Address(address), ['-s', '1460']);
    expect([large.sent, large.received]).toEqual([3, 0]);
    expect((await ping(lab, siteOf('nat64'), nat64Address(address), ['-s', '1300'])).received).toBe(3);
  });

  it.concurrent('loss and delay meet both families alike', async () => {
    const network = { ...NETWORKS['dual-stack'], lossPercent: 20, delayMs: 60 };
    await using other = await startLab({ sites: [network], servers: [{ ipv6: true }] });
    for (const target of [address, server.addresses6[0]]) {
      const { sent, received, rttMs } = await ping(other, 1, target, ['-c', '400', '-i', '0.002']);
      // 0.64 of 400 is 256, with a standard deviation of 10: five of them on either side.
      expect(sent).toBe(400);
      expect(received).toBeGreaterThan(206);
      expect(received).toBeLessThan(306);
      expect(rttMs?.min).toBeGreaterThanOrEqual(120);
    }
  });

  it.concurrent('lossy: a fifth of the packets lost each way', async () => {
    const { sent, received } = await ping(lab, siteOf('lossy'), address, ['-c', '1000', '-i', '0.002']);
    // 0.8 squared of 1,000 is 640, with a standard deviation of 15: five of them on either side.
    expect(sent).toBe(1000);
    expect(received).toBeGreaterThan(565);
    expect(received).toBeLessThan(715);
  });

  it.concurrent('slow: 60 ms each way, 10 ms of jitter', async () => {
    const { received, rttMs } = await ping(lab, siteOf('slow'), address, ['-c', '40', '-i', '0.02']);
    expect(received).toBe(40);
    expect(rttMs?.min).toBeGreaterThan(100);
    expect(rttMs?.min).toBeLessThan(140); // the least of 40 between 100 and 140, on a busy machine
    expect((rttMs?.max ?? 0) - (rttMs?.min ?? 0)).toBeGreaterThan(5);
    expect((await ping(lab, siteOf('eim-apdf'), address)).rttMs?.min).toBeLessThan(50);
  });

  it.concurrent('short-binding: still there after 3 seconds, gone after 8', async () => {
    const site = siteOf('short-binding');
    const answerAfter = async (seconds: number): Promise<boolean> => {
      const { stdout } = await lab.run(['turnutils_natdiscovery', '-t', '-T', `${seconds}`, address], {
        site,
        timeoutMs: 26_000,
      });
      expect(stdout).toContain('RFC 5780 response 1');
      return stdout.includes('RFC 5780 response 2');
    };
    expect(await Promise.all([answerAfter(3), answerAfter(8)])).toEqual([true, false]);
  });

  it.concurrent('small-mtu says so, the black hole does not', async () => {
    const large = ['-M', 'do', '-s', '1100'];
    const told = await ping(lab, siteOf('small-mtu'), address, large);
    expect(told.received).toBe(0);
    expect(told.output).toMatch(/\+\d errors/);
    const silent = await ping(lab, siteOf('mtu-black-hole'), address, large);
    expect(silent.received).toBe(0);
    expect(silent.output).not.toMatch(/errors/);
    for (const name of ['small-mtu', 'mtu-black-hole'] as const) {
      expect((await ping(lab, siteOf(name), address, ['-M', 'do', '-s', '900'])).received).toBe(3);
    }
  });

  it.concurrent.each(['two-uplinks', 'pooled'] as const)(
    '%s: sockets of one client are seen with different addresses',
    async (name) => {
      const seen = new Set<string>();
      for (let i = 0; i < 4; i++) seen.add((await stunClient(lab, siteOf(name), address))?.split(':')[0] ?? 'silence');
      expect([...seen].sort()).toEqual([...siteAddresses(siteOf(name), NETWORKS[name]).mapped].sort());
    },
  );

  it.concurrent('alg: what the answer says without XOR is changed on its way', async () => {
    const site = siteOf('alg');
    const { stdout } = await lab.run(['turnutils_natdiscovery', '-m', address], { site });
    expect(stdout).toMatch(/ALG detected/);
    expect((await lab.run(['turnutils_natdiscovery', '-m', address], { site: siteOf('eim-apdf') })).stdout).toMatch(
      /No ALG/,
    );
  });

  it.concurrent('vpn: packets leave through the tunnel, not beside it', async () => {
    const site = siteOf('vpn');
    const ask = (): Promise<unknown> => stunClient(lab, site, address);
    expect(await capture(lab, lab.client(site), 'wg0', 'udp port 3478', ask)).not.toEqual([]);
    expect(await capture(lab, lab.client(site), 'eth0', 'udp port 3478', ask)).toEqual([]);
  });
});
