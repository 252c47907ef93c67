import { buildGo } from './build.ts';
import type { Lab } from './lab.ts';
import type { ServerAddresses } from './network.ts';
import type { SandboxProcess } from './sandbox.ts';

/** How a TURN server of the lab is set up: rightly unless told otherwise. */
export interface TurnOptions {
  readonly kind: 'coturn' | 'pion';
  /** Default `lab`; the user is `alice` with the password `secret`. */
  readonly realm?: string;
  /** Expiring credentials from this shared secret instead of the user. */
  readonly sharedSecret?: string;
  /** Two addresses and two ports, as RFC 5780 wants (coturn only). Default true. */
  readonly rfc5780?: boolean;
  /** Default: UDP and TCP on 3478. */
  readonly port?: number;
  readonly transports?: readonly ('udp' | 'tcp' | 'tls')[];
  readonly tlsPort?: number;
  readonly certificate?: Certificate;
  readonly relayPorts?: { readonly low: number; readonly high: number };
  /** What the server believes and says its relay's public address is; where it is translated, a right one is needed. */
  readonly externalAddress?: string;
  /** Also on the IPv6 addresses. */
  readonly ipv6?: boolean;
  /** Further words for coturn's command line, for its wrong settings. */
  readonly extra?: readonly string[];
}

export const USER = 'alice';
export const PASSWORD = 'secret';

/** PEM files inside the sandbox. */
export interface Certificate {
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
  return options.kind === 'coturn'
    ? startCoturn(lab, host, addresses, options)
    : startPion(lab, host, addresses, options);
}

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
    ...(options.ipv6 === true ? place.addresses6.slice(0, two ? 2 : 1) : []),
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
      '--db',
      `${state}.db`,
    ],
    ...['-m', '1', '-p', String(port), `--tls-listening-port=${tlsPort}`, '-r', options.realm ?? 'lab'],
    ...own.flatMap((address) => ['-L', address]),
    ...['-E', place.own[0], ...(options.ipv6 === true ? ['-E', place.addresses6[0]] : [])],
    ...(options.externalAddress === undefined ? [] : ['-X', `${options.externalAddress}/${place.own[0]}`]),
    ...(options.sharedSecret === undefined
      ? ['-a', '-u', `${USER}:${PASSWORD}`]
      : ['--use-auth-secret', `--static-auth-secret=${options.sharedSecret}`]),
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
  await process.waitFor(/DB connection success/);
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
  const process = lab.sandbox.spawn(host, [
    ...[await buildGo('pion'), '-realm', options.realm ?? 'lab'],
    ...['-relay', options.externalAddress ?? own, '-bind', own],
    ...(options.sharedSecret === undefined ? ['-user', `${USER}:${PASSWORD}`] : ['-secret', options.sharedSecret]),
    ...(relayPorts === undefined ? [] : ['-ports', `${relayPorts.low}-${relayPorts.high}`]),
    ...(certificate === undefined ? [] : ['-cert', certificate.chain, '-key', certificate.key]),
    ...transports.map((transport) => `${transport}:${own}:${transport === 'tls' ? tlsPort : port}`),
  ]);
  await process.waitFor(/^ready$/m);
  return process;
}

export interface CertificateRequest {
  readonly names: readonly string[];
  /** Days from now until it ends; negative: it ended that long ago. Default 365. */
  readonly days?: number;
}

/** Makes an authority and a certificate signed by it, inside the sandbox, with openssl. */
export async function makeCertificate(lab: Lab, request: CertificateRequest): Promise<Certificate> {
  const folder = `/run/tmp/tls-${Math.random().toString(36).slice(2)}`;
  const names = request.names.map((name) => `${/^[\d.]+$|:/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  const day = 86_400_000;
  const end = Date.now() + (request.days ?? 365) * day;
  const stamp = (time: number): string => `${new Date(time).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  await lab.sandbox.script(`
mkdir -p ${folder} && cd ${folder}
curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $curve -keyout ca.key -out ca.pem -days 3650 -subj '/CN=Lab Authority' -addext keyUsage=critical,keyCertSign
openssl req -new $curve -keyout server.key -out server.csr -subj '/CN=${request.names[0] ?? 'lab'}'
printf 'subjectAltName=${names}\\nbasicConstraints=CA:FALSE\\n' > extensions
: > index.txt
printf '[ca]\\ndefault_ca=lab\\n[lab]\\ndatabase=index.txt\\nnew_certs_dir=.\\nrand_serial=yes\\ndefault_md=sha256\\npolicy=any\\n[any]\\ncommonName=supplied\\n' > ca.cnf
openssl ca -config ca.cnf -batch -notext -cert ca.pem -keyfile ca.key -in server.csr -out server.pem -extfile extensions \\
  -startdate ${stamp(Math.min(Date.now(), end) - 30 * day)} -enddate ${stamp(end)}
chmod -R a+rX . && chmod a+r server.key`);
  return { chain: `${folder}/server.pem`, key: `${folder}/server.key`, authority: `${folder}/ca.pem` };
}
