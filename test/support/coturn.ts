import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOf } from './needs.ts';
import { freePort } from './ports.ts';
import { type BackgroundProcess, startProcess } from './processes.ts';

export interface CoturnOptions {
  /**
   * `lt-cred`: users with passwords; `use-auth-secret`: REST credentials; `no-auth`: an open relay; `stun-only`: no TURN.
   * Default `lt-cred`.
   */
  readonly mode?: 'lt-cred' | 'use-auth-secret' | 'no-auth' | 'stun-only';
  /** Addresses to listen and relay on. Default 127.0.0.1 and ::1. */
  readonly listen?: readonly string[];
  /** For `lt-cred`. Default `{ user: 'password' }`. */
  readonly users?: Readonly<Record<string, string>>;
  /** For `use-auth-secret`. Default `secret`. */
  readonly secret?: string;
  /** Default `example.org`. An empty one makes coturn send none. */
  readonly realm?: string;
  /** Paths of PEM files. Without them there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Lets coturn play the second address and port of RFC 5780. Wants two addresses of a family. */
  readonly rfc5780?: boolean;
  /** Lines for coturn's configuration file, like `user-quota=1`. They come last. */
  readonly extra?: readonly string[];
  /** A command to run coturn under, like `ip netns exec NAME`. Then the ports are not asked for from here: give them. */
  readonly under?: readonly string[];
  readonly port?: number;
  readonly tlsPort?: number;
}

/** Options for a coturn on IPv4's loopback that comes back at the same place when it is started again with them. */
export async function onFixedPorts(options: CoturnOptions = {}): Promise<CoturnOptions> {
  const listen = ['127.0.0.1'];
  const tlsPort = options.tls === undefined ? {} : { tlsPort: await freePort(listen) };
  return { ...options, listen, port: await freePort(listen), ...tlsPort };
}

/** What coturn's log tells about one allocation. */
export interface CoturnAllocation {
  readonly session: string;
  readonly username: string;
  readonly realm: string;
  /** Seconds that were granted first. */
  readonly lifetime: number;
  /** The client gave it back: Refresh with lifetime 0. */
  readonly released: boolean;
  /** It is gone, for whatever reason. coturn gets to that about a second after the release. */
  readonly deleted: boolean;
}

export interface Coturn extends AsyncDisposable {
  /** The first address. */
  readonly host: string;
  readonly port: number;
  /** 0 without TLS. */
  readonly tlsPort: number;
  readonly pid: number;
  log(): string;
  allocations(): CoturnAllocation[];
  /** Allocations that the client has neither released nor lost. */
  allocationsLeft(): CoturnAllocation[];
  /** Resolves when at least one allocation was made and none is left. Throws after `timeoutMs`, default 5 s. */
  waitForRelease(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves once coturn listens on all its ports. Dispose of it (`await using`) or call `stop`; it ends with this process. */
export async function startCoturn(options: CoturnOptions = {}): Promise<Coturn> {
  const listen = options.listen ?? ['127.0.0.1', '::1'];
  // A port found free can be gone by the time coturn wants it.
  for (let attempt = 1; ; attempt++) {
    const width = options.rfc5780 ? 2 : 1;
    const port = options.port ?? (await freePort(listen, width));
    const tlsPort = options.tls === undefined ? 0 : (options.tlsPort ?? (await freePort(listen, width)));
    const folder = mkdtempSync(join(tmpdir(), 'iceprobe-coturn-'));
    const configuration = join(folder, 'turnserver.conf');
    // In a file, so that no password stands in a process list.
    writeFileSync(configuration, configurationOf(options, listen, port, tlsPort, folder), { mode: 0o600 });
    const [command = '', ...args] = [...(options.under ?? []), pathOf('coturn'), '-c', configuration];
    const child = startProcess(command, args, { cwd: folder });
    try {
      await child.waitForOutput((log) => isListening(log, listen, port, tlsPort), 10_000, 'listener on every port');
      return handle(child, folder, listen[0] ?? '', port, tlsPort);
    } catch (error) {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
      if (attempt === 3 || !/Address already in use|Cannot bind/i.test(child.output())) throw error;
    }
  }
}

function configurationOf(
  options: CoturnOptions,
  listen: readonly string[],
  port: number,
  tlsPort: number,
  folder: string,
): string {
  // A window of its own for each instance: ports of another's relays would only be in the way.
  const relayPorts = 32_000 + 250 * Math.floor(Math.random() * 130);
  return [
    ...listen.flatMap((address) => [`listening-ip=${address}`, `relay-ip=${address}`]),
    `listening-port=${port}`,
    `min-port=${relayPorts}`,
    `max-port=${relayPorts + 249}`,
    `realm=${options.realm ?? 'example.org'}`,
    ...authentication(options),
    ...(options.tls === undefined
      ? ['no-tls', 'no-dtls']
      : [`tls-listening-port=${tlsPort}`, `cert=${options.tls.cert}`, `pkey=${options.tls.key}`, 'no-dtls']),
    ...(options.rfc5780 ? [] : ['no-rfc5780']),
    // Everything here runs on loopback.
    'allow-loopback-peers',
    'no-cli',
    'fingerprint',
    // Without it nothing about sessions is logged.
    'verbose',
    'log-file=stdout',
    'simple-log',
    `pidfile=${join(folder, 'pid')}`,
    `userdb=${join(folder, 'turndb')}`,
    ...(options.extra ?? []),
    '',
  ].join('\n');
}

function authentication(options: CoturnOptions): string[] {
  switch (options.mode ?? 'lt-cred') {
    case 'lt-cred':
      return [
        'lt-cred-mech',
        ...Object.entries(options.users ?? { user: 'password' }).map(([name, password]) => `user=${name}:${password}`),
      ];
    case 'use-auth-secret':
      return ['use-auth-secret', `static-auth-secret=${options.secret ?? 'secret'}`];
    case 'no-auth':
      return ['no-auth'];
    case 'stun-only':
      return ['stun-only'];
  }
}

function isListening(log: string, listen: readonly string[], port: number, tlsPort: number): boolean {
  const ports = [port, ...(tlsPort === 0 ? [] : [tlsPort])];
  return (
    log.includes('Total General servers') &&
    listen.every((address) => log.includes(`UDP listener opened on: ${address}:${port}\n`)) &&
    listen.every((address) => ports.every((each) => log.includes(`listener opened on : ${address}:${each}\n`)))
  );
}

function handle(child: BackgroundProcess, folder: string, host: string, port: number, tlsPort: number): Coturn {
  async function stop(): Promise<void> {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const left = (log: string): CoturnAllocation[] =>
    parseAllocations(log).filter((allocation) => !allocation.released && !allocation.deleted);
  return {
    host,
    port,
    tlsPort,
    pid: child.pid,
    log: () => child.output(),
    allocations: () => parseAllocations(child.output()),
    allocationsLeft: () => left(child.output()),
    waitForRelease: (timeoutMs = 5000) =>
      child.waitForOutput(
        (log) => parseAllocations(log).length > 0 && left(log).length === 0,
        timeoutMs,
        'release of every allocation',
      ),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Reads `session N: new, realm=<R>, username=<U>, lifetime=L` and what follows it. */
export function parseAllocations(log: string): CoturnAllocation[] {
  const found = new Map<string, CoturnAllocation>();
  for (const line of log.split('\n')) {
    const [, session = '', what = '', realm = '', username = '', lifetime] =
      /session (\d+): (new|refreshed|delete)[,:] realm=<(.*?)>, username=<(.*?)>(?:, lifetime=(\d+))?/.exec(line) ?? [];
    if (what === 'new') {
      const seconds = Number(lifetime);
      found.set(session, { session, username, realm, lifetime: seconds, released: false, deleted: false });
    }
    const allocation = found.get(session);
    if (allocation === undefined) continue;
    if (what === 'refreshed' && lifetime === '0') found.set(session, { ...allocation, released: true });
    if (what === 'delete') found.set(session, { ...allocation, deleted: true });
  }
  return [...found.values()];
}
