import type { Lab } from './lab.ts';
import type { Behaviour } from './nat-rules.ts';

// What programs that are not ours say about a network: the lab is held to their word.

export interface NatVerdict {
  readonly mapping: Behaviour | 'no-answer';
  readonly filtering: Behaviour | 'no-answer';
  readonly hairpinning: boolean;
  /** XOR-MAPPED-ADDRESS of the first answer, `address:port`. */
  readonly mapped: string | undefined;
}

/** coturn's `turnutils_natdiscovery`, its three questions asked at the same time. It reads a lost packet as filtering. */
export async function natDiscovery(lab: Lab, site: number, server: string): Promise<NatVerdict> {
  const ask = async (question: string): Promise<string> => {
    const result = await lab.run(['turnutils_natdiscovery', question, server], { site, timeoutMs: 30_000 });
    return result.stdout + result.stderr;
  };
  const [mapping, filtering, hairpin] = await Promise.all([ask('-m'), ask('-f'), ask('-H')]);
  return {
    mapping: behaviour(/NAT with (.*) Mapping!/.exec(mapping)?.[1]),
    filtering: behaviour(/NAT with (.*) Filtering!/.exec(filtering)?.[1]),
    hairpinning: hairpin.includes('successful hairpinning'),
    mapped: /UDP reflexive addr: (\S+)/.exec(mapping)?.[1],
  };
}

function behaviour(words: string | undefined): Behaviour | 'no-answer' {
  switch (words) {
    case undefined:
      return 'no-answer';
    case 'Endpoint Independent':
      return 'endpoint-independent';
    case 'Address Dependent':
      return 'address-dependent';
    case 'Address and Port Dependent':
      return 'address-and-port-dependent';
    default:
      throw new Error(`turnutils_natdiscovery says "${words}"`);
  }
}

/**
 * The mapped address `turnutils_stunclient` prints, `address:port`, asked from a new socket; undefined for silence. It
 * would go on with further questions and wait three seconds for each: its first answer is enough.
 */
export async function stunClient(lab: Lab, site: number, server: string): Promise<string | undefined> {
  const client = lab.sandbox.spawn(lab.client(site), ['turnutils_stunclient', server]);
  const mapped = await client.waitFor(/UDP reflexive addr: (\S+)/, 3000).then(
    (match) => match[1],
    () => undefined,
  );
  await client.end();
  return mapped;
}

export interface Ping {
  readonly sent: number;
  readonly received: number;
  /** Milliseconds; undefined where nothing came back. */
  readonly rttMs: { readonly min: number; readonly average: number; readonly max: number } | undefined;
  readonly output: string;
}

/** `ping` from a site's client. `options` are its own. */
export async function ping(lab: Lab, site: number, address: string, options: readonly string[] = []): Promise<Ping> {
  const { stdout, stderr } = await lab.run(
    ['ping', '-n', '-q', '-c', '3', '-i', '0.05', '-W', '1', ...options, address],
    { site },
  );
  const output = stdout + stderr;
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(output);
  const times = /= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(output);
  return {
    sent: Number(counts?.[1] ?? 0),
    received: Number(counts?.[2] ?? 0),
    rttMs: times === null ? undefined : { min: Number(times[1]), average: Number(times[2]), max: Number(times[3]) },
    output,
  };
}

/** What became of a TCP connection, asked of bash's own sockets. */
export async function tcpConnect(
  lab: Lab,
  site: number,
  address: string,
  port: number,
): Promise<'open' | 'refused' | 'silent' | string> {
  const { code, stderr } = await lab.run(['bash', '-c', `: < /dev/tcp/${address}/${port}`], { site, timeoutMs: 2000 });
  if (code === 0) return 'open';
  if (code === null) return 'silent';
  return stderr.includes('refused') ? 'refused' : stderr;
}

/** Sends one datagram and says what came back within a second: its text, `refused` (ICMP), or `silent`. */
export async function udpAsk(lab: Lab, site: number, address: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/udp/${address}/${port}; printf hello >&3; read -r -t 1 -N 5 answer <&3 && echo "$answer"`;
  const { code, stdout, stderr } = await lab.run(['bash', '-c', script], { site });
  if (code === 0) return stdout.trim();
  return stderr.includes('refused') ? 'refused' : 'silent';
}

/** What the libc resolver makes of a name: its addresses, and how long it took. */
export async function getent(
  lab: Lab,
  database: 'ahostsv4' | 'ahostsv6' | 'ahosts',
  name: string,
  site = 1,
): Promise<{ addresses: string[]; durationMs: number }> {
  const { stdout, durationMs } = await lab.run(['getent', database, name], { site });
  const addresses = stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []);
  return { addresses: [...new Set(addresses)], durationMs };
}

/** Runs `action` while tcpdump listens on a device, and returns what it printed, a packet a line. */
export async function capture(
  lab: Lab,
  host: string,
  device: string,
  filter: string,
  action: () => Promise<unknown>,
): Promise<string[]> {
  const dump = lab.sandbox.spawn(host, ['tcpdump', '-n', '-l', '-U', '-Z', 'root', '-i', device, filter]);
  await dump.waitFor(/listening on/);
  await action();
  // A packet reaches tcpdump's output within its buffer's timeout.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await dump.signal('INT');
  await dump.exited;
  return dump.stdout.split('\n').filter((line) => line !== '');
}
