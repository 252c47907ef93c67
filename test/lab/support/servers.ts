import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Certificate } from '../../support/certificates.ts';
import { buildGo } from './build.ts';
import type { Lab } from './lab.ts';
import type { ServerAddresses } from './network.ts';
import type { SandboxProcess } from './sandbox.ts';

/** How a TURN server of the lab is set up: rightly unless told otherwise. */
export interface TurnOptions {
  /** `iceprobe`: the own server, as `iceprobe turn-server` starts it. */
  readonly kind: 'coturn' | 'pion' | 'iceprobe';
  /** Default `lab`; the user is `alice` with the password `secret`. */
  readonly realm?: string;
  /** Expiring credentials from this shared secret instead of the user. */
  readonly sharedSecret?: string;
  /** Asks for no credentials at all (coturn only). */
  readonly open?: boolean;
  /** Two addresses and two ports, as RFC 5780 wants (coturn only). Default true. */
  readonly rfc5780?: boolean;
  /** Default: UDP and TCP on 3478. */
  readonly port?: number;
  readonly transports?: readonly ('udp' | 'tcp' | 'tls')[];
  readonly tlsPort?: number;
  readonly certificate?: InstalledCertificate;
  readonly relayPorts?: { readonly low: number; readonly high: number };
  /** What the server believes and says its relay's public address is; where it is translated, a right one is needed. */
  readonly externalAddress?: string;
  /** Also on the IPv6 addresses; `no-relay`: without a relay address of that family (coturn only). */
  readonly ipv6?: boolean | 'no-relay';
  /** The users stand in a Redis of the same host (coturn only); a service of the scenario plays it. */
  readonly redis?: boolean;
  /** `any`: one socket for all of the host's addresses; `each`: one for each (pion only). Default: on the first alone. */
  readonly listen?: 'any' | 'each';
  /** Further words for the command line of coturn or the own server, for wrong settings and faults. */
  readonly extra?: readonly string[];
}

export const USER = 'alice';
export const PASSWORD = 'secret';

/** Where `redis: true` looks for the users, and under which name the key of ours stands there. */
export const REDIS = {
  address: '127.0.0.1',
  port: 6379,
  keys: {
    [`turn/realm/lab/user/${USER}/key`]: createHash('md5').update(`${USER}:lab:${PASSWORD}`).digest('hex'),
  },
} as const;

/** PEM files inside the sandbox. */
export interface InstalledCertificate {
  readonly chain: string;
  readonly key: string;
  readonly authority: string;
}

export function startTurn(
  lab: Lab,
  host: string,
  addresses: ServerAddresses,
  options: TurnOptions,
): Promise<SandboxProcess> {
  return START[options.kind](lab, host, addresses, options);
}

type Start = (lab: Lab, host: string, place: ServerAddresses, options: TurnOptions) => Promise<SandboxProcess>;

const START: Readonly<Record<TurnOptions['kind'], Start>> = {
  coturn: startCoturn,
  pion: startPion,
  iceprobe: startOwn,
};

async function startCoturn(
  lab: Lab,
  host: string,
  place: ServerAddresses,
  options: TurnOptions,
): Promise<SandboxProcess> {
  const { port = 3478, tlsPort = 5349, transports = ['udp', 'tcp'], relayPorts } = options;
  const two = options.rfc5780 !== false;
  const own = [
    ...place.own.slice(0, two ? 2 : 1),
    ...(options.ipv6 === undefined || options.ipv6 === false ? [] : place.addresses6.slice(0, two ? 2 : 1)),
  ];
  const state = `/run/tmp/coturn-${host}-${port}`;
  const process = lab.sandbox.spawn(host, [
    ...[
      'turnserver',
      '-n',
      '-v',
      '--no-cli',
      '--log-file',
      'stdout',
      '--simple-log',
      '--pidfile',
      `${state}.pid`,
      ...(options.redis === true ? [] : ['--db', `${state}.db`]),
    ],
    ...['-m', '1', '-p', String(port), `--tls-listening-port=${tlsPort}`, '-r', options.realm ?? 'lab'],
    ...own.flatMap((address) => ['-L', address]),
    ...['-E', place.own[0], ...(options.ipv6 === true ? ['-E', place.addresses6[0]] : [])],
    ...(options.externalAddress === undefined ? [] : ['-X', `${options.externalAddress}/${place.own[0]}`]),
    ...coturnAccounts(options),
    ...(two ? [] : ['--no-rfc5780']),
    ...(transports.includes('udp') ? [] : ['--no-udp']),
    ...(transports.includes('tcp') ? [] : ['--no-tcp']),
    ...(options.certificate === undefined
      ? ['--no-tls', '--no-dtls']
      : ['--no-dtls', '--cert', options.certificate.chain, '--pkey', options.certificate.key]),
    ...(relayPorts === undefined ? [] : ['--min-port', String(relayPorts.low), '--max-port', String(relayPorts.high)]),
    ...(options.extra ?? []),
  ]);
  // The last line of its start, after all listeners are open.
  await process.waitFor(/DB (?:sync )?connection success/);
  return process;
}

function coturnAccounts({ open, sharedSecret, redis }: TurnOptions): string[] {
  if (open === true) return ['-z'];
  if (redis === true) return ['-a', `--redis-userdb=ip=${REDIS.address} port=${REDIS.port} dbname=0`];
  if (sharedSecret !== undefined) return ['--use-auth-secret', `--static-auth-secret=${sharedSecret}`];
  return ['-a', '-u', `${USER}:${PASSWORD}`];
}

async function startOwn(lab: Lab, host: string, place: ServerAddresses, options: TurnOptions): Promise<SandboxProcess> {
  const { port = 3478, tlsPort = 5349, relayPorts, certificate } = options;
  const own = [
    ...place.own.slice(0, options.rfc5780 === false ? 1 : 2),
    ...(options.ipv6 === true ? place.addresses6.slice(0, 1) : []),
  ];
  const process = lab.sandbox.spawn(host, [
    ...[globalThis.process.execPath, join(import.meta.dirname, '../../../bin/iceprobe.js'), 'turn-server'],
    ...own.flatMap((address) => ['--listen', address]),
    ...['--port', `${port}`, '--tls-port', `${tlsPort}`, '--realm', options.realm ?? 'lab'],
    ...(options.sharedSecret === undefined ? ['--user', `${USER}:${PASSWORD}`] : ['--secret', options.sharedSecret]),
    ...(options.externalAddress === undefined ? [] : ['--external-ip', options.externalAddress]),
    ...(relayPorts === undefined ? [] : ['--relay-ports', `${relayPorts.low}-${relayPorts.high}`]),
    ...(certificate === undefined ? [] : ['--cert', certificate.chain, '--key', certificate.key]),
    ...(options.extra ?? []),
  ]);
  await process.waitFor(/^ready/m);
  return process;
}

async function startPion(
  lab: Lab,
  host: string,
  place: ServerAddresses,
  options: TurnOptions,
): Promise<SandboxProcess> {
  const { port = 3478, tlsPort = 5349, transports = ['udp', 'tcp'], relayPorts, certificate } = options;
  const own = place.own[0];
  const listening = { any: ['0.0.0.0'], each: place.own, first: [own] }[options.listen ?? 'first'];
  const process = lab.sandbox.spawn(host, [
    ...[await buildGo('pion'), '-realm', options.realm ?? 'lab'],
    ...['-relay', options.externalAddress ?? own, '-bind', own],
    ...(options.sharedSecret === undefined ? ['-user', `${USER}:${PASSWORD}`] : ['-secret', options.sharedSecret]),
    ...(relayPorts === undefined ? [] : ['-ports', `${relayPorts.low}-${relayPorts.high}`]),
    ...(certificate === undefined ? [] : ['-cert', certificate.chain, '-key', certificate.key]),
    ...transports.flatMap((transport) =>
      listening.map((address) => `${transport}:${address}:${transport === 'tls' ? tlsPort : port}`),
    ),
  ]);
  await process.waitFor(/^ready$/m);
  return process;
}

/** Puts a certificate of the tests where a server of the lab can read it. */
export async function installCertificate(lab: Lab, certificate: Certificate): Promise<InstalledCertificate> {
  const folder = `/run/tmp/tls-${createHash('sha256').update(certificate.certPem).digest('hex').slice(0, 16)}`;
  const file = (name: string, pem: string): string => `cat > ${folder}/${name} <<'PEM'\n${pem}\nPEM`;
  const files = [
    file('chain.pem', certificate.certPem),
    file('key.pem', certificate.keyPem),
    file('ca.pem', certificate.caPem),
  ];
  // Once only: another server may be reading it just now.
  await lab.sandbox.script([`[ ! -e ${folder} ] || exit 0`, `mkdir ${folder}`, ...files].join('\n'));
  return { chain: `${folder}/chain.pem`, key: `${folder}/key.pem`, authority: `${folder}/ca.pem` };
}
