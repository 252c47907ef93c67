import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificate, WRONG_NAME } from '../support/certificates.ts';
import { type Lab, startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { BLACK_HOLE, BLACK_HOLE6, type ServerPlace, serverAddresses, siteAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import {
  type InstalledCertificate,
  installCertificate,
  PASSWORD,
  startTurn,
  type TurnOptions,
  USER,
} from './support/servers.ts';
import { capture, getent, ping, stunClient, tcpConnect, udpAsk } from './support/tools.ts';

const PLACES = [
  { ipv6: true },
  {
    firewall: [
      { protocol: 'udp', ports: '49152-65535', action: 'stateful' },
      { protocol: 'udp', ports: '5000', action: 'drop' },
      { protocol: 'tcp', ports: '5000', action: 'prohibit' },
      { protocol: 'udp', ports: '5001', action: 'prohibit' },
      { protocol: 'udp', ports: '5002', action: 'drop', direction: 'out' },
      { protocol: 'udp', ports: '5003', action: 'limit', perSecond: 2 },
    ],
  },
  { front: 'one-to-one' },
  { front: 'source-nat' },
] as const satisfies readonly ServerPlace[];
const [open, guarded, cloud, balanced] = PLACES.map((place, i) => serverAddresses(i + 1, place));
const ZONE = {
  'two.lab': ['198.19.1.2', '198.19.1.3'],
  'half.lab': ['198.19.1.2', BLACK_HOLE, BLACK_HOLE6],
  'six.lab': ['2001:db8:ff01::2'],
  'hang.lab': 'silent',
  'broken.lab': 'SERVFAIL',
  'slow.lab': { afterMs: 700, entry: ['198.19.1.2'] },
  '_turn._udp.lab': [{ priority: 10, weight: 5, port: 3478, target: 'two.lab' }],
} as const;

describeInLab(
  'go',
  'pion',
  'openssl',
  'ping',
  'tcpdump',
)('servers of the lab', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({ sites: [NETWORKS['eim-apdf'], {}], servers: PLACES, zone: ZONE });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const kinds: [string, TurnOptions, readonly string[]][] = [
    ['coturn', { kind: 'coturn', port: 3478, rfc5780: false }, ['-u', USER, '-w', PASSWORD]],
    ['pion', { kind: 'pion', port: 3480 }, ['-u', USER, '-w', PASSWORD]],
    [
      'the own server',
      // The two ends are relayed addresses of the server itself, which it refuses to relay to unless told.
      { kind: 'iceprobe', port: 3490, tlsPort: 5390, extra: ['--allow-peer', '198.19.1.0/24'] },
      ['-u', USER, '-w', PASSWORD],
    ],
    [
      'coturn with expiring credentials',
      { kind: 'coturn', port: 3482, rfc5780: false, sharedSecret: 'deep' },
      rest('deep'),
    ],
    [
      'coturn on small ports',
      { kind: 'coturn', port: 3484, relayPorts: { low: 60_000, high: 60_099 } },
      ['-u', USER, '-w', PASSWORD],
    ],
  ];
  it.concurrent.each(kinds)('%s relays, by turnutils_uclient', async (_, options, credentials) => {
    await startTurn(lab, 'server1', addressesOf(open), options);
    const words = [
      '-n',
      '2',
      '-m',
      '1',
      '-y',
      '-c',
      '-p',
      `${options.port}`,
      ...credentials,
      addressesOf(open).addresses[0],
    ];
    const { stdout, stderr } = await lab.run(['turnutils_uclient', ...words], { timeoutMs: 30_000 });
    expect(stdout + stderr).toMatch(/tot_send_msgs=[1-9].*tot_recv_msgs=[1-9]/);
    expect(stdout + stderr).toMatch(/Total lost packets 0 /);
  });

  it.concurrent('coturn serves TLS with a certificate of the authority that was made for it', async () => {
    const good = await installCertificate(lab, certificate('good'));
    const expired = await installCertificate(lab, certificate('expired'));
    const alone = await installCertificate(lab, certificate('self-signed'));
    const start = (port: number, tlsPort: number, shown: InstalledCertificate): Promise<unknown> =>
      startTurn(lab, 'server1', addressesOf(open), {
        kind: 'coturn',
        port,
        tlsPort,
        certificate: shown,
        rfc5780: false,
      });
    await start(3486, 5349, good);
    await start(3488, 5351, expired);
    const pion: TurnOptions = { kind: 'pion', transports: ['tls'], tlsPort: 5360, certificate: alone };
    await startTurn(lab, 'server1', addressesOf(open), pion);
    const shake = async (port: number, name: string): Promise<string> => {
      const words = ['-connect', `198.19.1.2:${port}`, '-CAfile', good.authority, '-verify_hostname', name];
      const { stdout } = await lab.run(['openssl', 's_client', ...words], { timeoutMs: 5000 });
      return /Verify return code: (\d+ \(.*\))/.exec(stdout)?.[1] ?? stdout;
    };
    expect(await shake(5349, 'turn.example.org')).toBe('0 (ok)');
    expect(await shake(5349, WRONG_NAME)).toMatch(/hostname mismatch/i);
    expect(await shake(5351, 'turn.example.org')).toMatch(/has expired/);
    expect(await shake(5360, 'turn.example.org')).toMatch(/self.signed/);
  });

  it.concurrent('a source NAT in front hides who asks; a one-to-one translation does not', async () => {
    await startTurn(lab, 'server3', addressesOf(cloud), { kind: 'coturn', rfc5780: false });
    await startTurn(lab, 'server4', addressesOf(balanced), { kind: 'coturn', rfc5780: false });
    const { mapped } = siteAddresses(1, NETWORKS['eim-apdf']);
    expect((await stunClient(lab, 1, addressesOf(cloud).addresses[0]))?.split(':')[0]).toBe(mapped[0]);
    expect((await stunClient(lab, 1, addressesOf(balanced).addresses[0]))?.split(':')[0]).toBe('10.77.4.1');
  });

  it.concurrent('a firewall drops, prohibits, or lets in what answers', async () => {
    const address = addressesOf(guarded).addresses[0];
    const echo = (protocol: 'udp' | 'tcp', port: number) => ({ kind: 'echo', protocol, address, port }) as const;
    await lab.serve('server2', [
      echo('udp', 4000),
      echo('udp', 5000),
      echo('udp', 5001),
      echo('udp', 5002),
      echo('udp', 5003),
      echo('udp', 50_000),
      echo('tcp', 5000),
    ]);
    expect(await udpAsk(lab, 1, address, 4000)).toBe('hello');
    expect(await udpAsk(lab, 1, address, 5000)).toBe('silent');
    expect(await udpAsk(lab, 1, address, 50_000)).toBe('silent');
    const asked = await capture(lab, 'server2', 'eth0', 'udp port 5002', async () => {
      expect(await udpAsk(lab, 1, address, 5002)).toBe('silent');
    });
    expect(asked.length).toBe(1); // it came in, and the answer never left
    const crowd = await Promise.all(Array.from({ length: 12 }, () => udpAsk(lab, 1, address, 5003)));
    expect(new Set(crowd)).toEqual(new Set(['hello', 'silent']));
    expect(await udpAsk(lab, 1, address, 4001)).toBe('refused');
    expect(await tcpConnect(lab, 1, address, 5000)).not.toMatch(/open|silent|refused/);
    expect(await tcpConnect(lab, 1, address, 4001)).toBe('refused');
    // What answers a packet of the server comes in to the very ports that are shut for new packets: an echo at the
    // public client, asked from one of them.
    const client = siteAddresses(2, {}).client;
    await lab.serve(lab.client(2), [{ kind: 'echo', protocol: 'udp', address: client, port: 7 }]);
    const ask = `const s = require('dgram').createSocket('udp4'); s.on('message', (m) => { console.log(String(m)); s.close(); });
      s.bind(50001, '${address}', () => s.send('back', 7, '${client}'))`;
    expect((await lab.sandbox.run('server2', [process.execPath, '-e', ask], { timeoutMs: 5000 })).stdout).toBe(
      'back\n',
    );
  });

  it.concurrent('something else may answer: a banner, a web page, silence, a reset', async () => {
    const address = addressesOf(open).addresses[0];
    await lab.serve('server1', [
      { kind: 'banner', protocol: 'tcp', address, port: 22, text: 'SSH-2.0-OpenSSH_9.2\r\n' },
      { kind: 'answer', address, port: 80, text: 'HTTP/1.1 400 Bad Request\r\n\r\n' },
      { kind: 'mute', address, port: 81 },
      { kind: 'reset', address, port: 82 },
    ]);
    const speak = async (port: number): Promise<string> => {
      const script = `exec 3<>/dev/tcp/${address}/${port}; echo hello >&3; timeout 0.5 cat <&3`;
      const { stdout, stderr } = await lab.run(['bash', '-c', script]);
      return stdout + stderr;
    };
    expect(await Promise.all([22, 80, 81, 82].map(speak))).toEqual([
      'SSH-2.0-OpenSSH_9.2\r\n',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '',
      expect.stringMatching(/reset by peer/i),
    ]);
  });

  it.concurrent('an answer may come from another port than the one asked', async () => {
    const address = addressesOf(open).addresses[0];
    const target = { address, port: 4100 };
    await lab.serve('server1', [
      { kind: 'echo', protocol: 'udp', ...target },
      { kind: 'answer-from-elsewhere', address, port: 4101, from: 4102, target },
    ]);
    const site = 2; // its address is public: no NAT filters the answer
    const packets = await capture(lab, lab.client(site), 'eth0', 'udp portrange 4100-4102', async () => {
      expect(await udpAsk(lab, site, address, 4101)).toBe('silent'); // a connected socket hears nobody else
    });
    expect(packets.map((line) => /IP (\S+) >/.exec(line)?.[1])).toContain(`${address}.4102`);
  });

  it.concurrent('a load balancer hands on, and ends what idles', async () => {
    const address = addressesOf(open).addresses[0];
    const target = { address, port: 4200 };
    await lab.serve('server1', [
      { kind: 'echo', protocol: 'tcp', ...target },
      { kind: 'balancer', address, port: 4201, target, idleMs: 500 },
    ]);
    const script = `exec 3<>/dev/tcp/${address}/4201; echo one >&3; read -r a <&3; echo $a; cat <&3`;
    const { stdout, stderr, durationMs } = await lab.run(['bash', '-c', script], { timeoutMs: 8000 });
    expect(stdout).toBe('one\n');
    expect(stderr).toMatch(/reset by peer/i);
    expect(durationMs).toBeGreaterThan(500);
  });

  it.concurrent('names: of the wrong family, and with an address that is dead', async () => {
    expect((await getent(lab, 'ahostsv4', 'six.lab')).addresses).toEqual([]);
    const { addresses } = await getent(lab, 'ahosts', 'half.lab');
    expect(addresses.toSorted()).toEqual(['198.19.1.2', BLACK_HOLE, BLACK_HOLE6]);
    expect((await ping(lab, 1, '198.19.1.2')).received).toBe(3);
    await using both = await startLab({ sites: [NETWORKS['dual-stack']] });
    for (const dead of [BLACK_HOLE, BLACK_HOLE6]) {
      // Silence, and no router that says so.
      const { sent, received, output } = await ping(both, 1, dead);
      expect({ sent, received }).toEqual({ sent: 3, received: 0 });
      expect(output).not.toMatch(/errors|unreachable/i);
    }
  });

  it.concurrent('a resolver that the network hands out, and that nobody hears from', async () => {
    const network = { ...NETWORKS['eim-apdf'], resolver: 'silent' } as const;
    await using mute = await startLab({ sites: [network], servers: [{}], zone: { 'two.lab': ['198.19.1.2'] } });
    const asked = await capture(mute, mute.client(), 'eth0', 'port 53', async () => {
      const { addresses, durationMs } = await getent(mute, 'ahostsv4', 'two.lab');
      expect(addresses).toEqual([]);
      expect(durationMs).toBeGreaterThan(1900); // two tries of a second each, by its resolv.conf
    });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((line) => !line.includes(`> ${BLACK_HOLE}.53`))).toEqual([]);
    expect((await ping(mute, 1, '198.19.1.2')).received).toBe(3);
  });

  it.concurrent('two resolvers disagree', async () => {
    await using split = await startLab({
      sites: [{}],
      zone: { 'a.lab': ['192.0.2.1'] },
      otherZone: { 'a.lab': ['192.0.2.2'] },
    });
    const ask = `const { Resolver } = require('dns').promises; const servers = require('dns').getServers();
      Promise.all(servers.map((one) => { const r = new Resolver(); r.setServers([one]); return r.resolve4('a.lab'); }))
        .then((found) => console.log(JSON.stringify(found)))`;
    expect(JSON.parse((await split.run([process.execPath, '-e', ask])).stdout)).toEqual([['192.0.2.1'], ['192.0.2.2']]);
  });

  it.concurrent('names: several addresses, only IPv6, missing, broken, slow, hanging, SRV', async () => {
    expect((await getent(lab, 'ahostsv4', 'two.lab')).addresses.sort()).toEqual(['198.19.1.2', '198.19.1.3']);
    expect((await getent(lab, 'ahosts', 'six.lab')).addresses).toEqual(['2001:db8:ff01::2']);
    expect((await getent(lab, 'ahostsv4', 'none.lab')).addresses).toEqual([]);
    expect((await getent(lab, 'ahostsv4', 'broken.lab')).addresses).toEqual([]);
    const slow = await getent(lab, 'ahostsv4', 'slow.lab');
    expect(slow.addresses).toEqual(['198.19.1.2']);
    expect(slow.durationMs).toBeGreaterThanOrEqual(700);
    const hanging = await getent(lab, 'ahostsv4', 'hang.lab');
    expect(hanging.addresses).toEqual([]);
    expect(hanging.durationMs).toBeGreaterThan(1900); // two tries of a second each, by its resolv.conf
    const ask = `require('dns').resolveSrv('_turn._udp.lab', (error, found) => console.log(error?.code ?? JSON.stringify(found)))`;
    const { stdout } = await lab.run([process.execPath, '-e', ask]);
    expect(JSON.parse(stdout)).toEqual([{ name: 'two.lab', port: 3478, priority: 10, weight: 5 }]);
    const asked = await capture(lab, 'resolver', 'eth0', 'udp port 53', () => getent(lab, 'ahostsv4', 'two.lab'));
    expect(asked.join('\n')).toMatch(/A\? two\.lab/);
  });
});

function addressesOf<T>(place: T | undefined): T {
  if (place === undefined) throw new Error('no such server');
  return place;
}

/** A credential of the "TURN REST API", as an application server would mint it. */
function rest(secret: string): string[] {
  const name = `${Math.floor(Date.now() / 1000) + 3600}:alice`;
  return ['-u', name, '-w', createHmac('sha1', secret).update(name).digest('base64')];
}
