import { randomBytes } from 'node:crypto';
import { familyOf, type TransportKind } from '../core/address.ts';
import { Secret } from '../core/secret.ts';
import { mintRestCredentials } from '../core/stun/rest-credentials.ts';
import { formatServerUri } from '../core/stun/uri.ts';
import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { TurnServerEvent } from '../core/turn/server/io.ts';
import { TurnServer } from '../core/turn/server/server.ts';
import {
  DEFAULT_LIFETIMES,
  DEFAULT_QUOTAS,
  DEFAULT_RELAY_PORTS,
  type TurnServerSettings,
} from '../core/turn/server/settings.ts';
import { joinedUsers, listedUsers, sharedSecretUsers, type UserDirectory } from '../core/turn/server/users.ts';
import { VERSION } from '../core/version.ts';
import { startClock } from '../net/clock.ts';
import { nodeHashes } from '../net/hashes.ts';
import { listInterfaces } from '../net/interfaces.ts';
import { systemRandom } from '../net/random.ts';
import { type Placement, placeServer } from './addresses.ts';
import { AllocationWatch } from './allocation-watch.ts';
import { TurnServerDriver } from './driver.ts';
import { closeServers, openListeners, tcpServer } from './listeners.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';

/** One entry of `RTCConfiguration.iceServers`. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** A TURN server that runs. */
export interface LocalTurnServer extends AsyncDisposable {
  /** Ready for `new RTCPeerConnection({ iceServers })`. */
  readonly iceServers: readonly IceServer[];
  /** For UDP and TCP. */
  readonly port: number;
  /** The authority of the certificate that was made for `turns:`; undefined where one was given, or there is no TLS. */
  readonly caPem: string | undefined;
  /** Those that live now. */
  readonly allocations: readonly AllocationSnapshot[];
  /** Application data in both directions so far, in bytes, headers not counted. */
  readonly bytesRelayed: number;
  /**
   * The first allocation that lives and matches: at once if there is one.
   * @throws after `timeoutMs` (default 10,000), saying what clients were refused in the meantime
   */
  waitForAllocation(options?: WaitForAllocation): Promise<AllocationSnapshot>;
  /** Ends an allocation as if the server had lost it: the client learns nothing. All of them without an id. */
  dropAllocation(id?: number): void;
  /** Ends every allocation, closes every socket. Harmless if repeated. */
  close(): Promise<void>;
}

export interface WaitForAllocation {
  readonly timeoutMs?: number;
  readonly transport?: TransportKind;
  readonly username?: string;
}

/**
 * Starts a TURN server in this process; resolves once it listens.
 *
 * ```ts
 * await using server = await startTurnServer();
 * new RTCPeerConnection({ iceServers: server.iceServers, iceTransportPolicy: 'relay' });
 * await server.waitForAllocation();
 * ```
 *
 * @throws TurnServerOptionError for options that cannot be, the system's error where a port cannot be had
 */
export async function startTurnServer(options: TurnServerOptions = {}): Promise<LocalTurnServer> {
  const placement = placeServer(options, listInterfaces());
  const realm = options.realm ?? 'iceprobe.local';
  const clock = startClock();
  const account = chooseAccount(options, clock.startedAt.getTime() / 1000);
  const machine = new TurnServer(
    settingsOf(options, placement, realm, account.users(realm), clock.startedAt.getTime() / 1000),
    nodeHashes,
    systemRandom(),
  );
  const watch = new AllocationWatch(() => machine.allocations());
  const driver = new TurnServerDriver(machine, clock, (event: TurnServerEvent) => {
    watch.onEvent(event);
    options.onEvent?.(event);
  });

  const transports = new Set(options.transports ?? ['udp', 'tcp']);
  const listeners = await openListeners({
    addresses: placement.listen,
    port: options.port ?? 0,
    udp: transports.has('udp'),
    stream: transports.has('tcp') ? () => tcpServer((socket) => driver.addStream(socket, 'tcp')) : undefined,
  });
  const { port } = listeners;
  listeners.udp.forEach(({ address, socket }, i) => {
    driver.addListener(`udp-${i + 1}`, { family: familyOf(address) ?? 4, address, port }, socket);
  });

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      watch.close();
      driver.close();
      await closeServers(listeners.servers);
    })();
    return closing;
  };
  const { host } = placement;
  const urls = [
    ...(transports.has('udp') ? [formatServerUri({ scheme: 'turn', host, port, transport: 'udp' })] : []),
    ...(transports.has('tcp') ? [formatServerUri({ scheme: 'turn', host, port, transport: 'tcp' })] : []),
  ];
  return {
    iceServers: [{ urls, username: account.username, credential: account.credential.reveal() }],
    port,
    caPem: undefined,
    get allocations() {
      return machine.allocations();
    },
    get bytesRelayed() {
      return watch.bytesRelayed;
    },
    waitForAllocation: (wanted = {}) => watch.wait(wanted),
    dropAllocation(id) {
      for (const { id: each } of machine.allocations()) {
        if (id === undefined || id === each) driver.handle({ type: 'drop-allocation', allocation: each });
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The account that the ready line hands out, and all that may enter. */
interface Account {
  readonly username: string;
  readonly credential: Secret;
  users(realm: string): UserDirectory;
}

/** How long a REST credential in `iceServers` is good for. */
const HANDED_OUT_SECONDS = 86_400;

function chooseAccount(options: TurnServerOptions, unixNow: number): Account {
  const listed = Object.entries(options.users ?? {}).map(([name, password]) => {
    if (name === '' || password === '') throw new TurnServerOptionError('users: a name or a password is empty');
    return [name, new Secret(password)] as const;
  });
  if (options.secret === '') throw new TurnServerOptionError('secret: is empty');
  const secret = options.secret === undefined ? undefined : new Secret(options.secret);
  const shared = secret === undefined ? undefined : sharedSecretUsers(secret, nodeHashes);
  const [first] = listed;
  if (first === undefined && secret !== undefined && shared !== undefined) {
    const expiresAt = Math.floor(unixNow) + HANDED_OUT_SECONDS;
    const minted = mintRestCredentials({ secret, expiresAt, user: 'iceprobe' }, nodeHashes);
    return { username: minted.username, credential: minted.password, users: () => shared };
  }
  // Nobody gets in without credentials, so there is always an account.
  const [username, credential] = first ?? [`user-${random(4)}`, new Secret(random(16))];
  const accounts = first === undefined ? [[username, credential] as const] : listed;
  return {
    username,
    credential,
    users(realm) {
      const directory = listedUsers(accounts, realm, nodeHashes);
      return shared === undefined ? directory : joinedUsers(directory, shared);
    },
  };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

function settingsOf(
  options: TurnServerOptions,
  placement: Placement,
  realm: string,
  users: UserDirectory,
  unixAtZero: number,
): TurnServerSettings {
  const relayPorts = options.relayPorts ?? DEFAULT_RELAY_PORTS;
  const { min, max } = relayPorts;
  if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max <= 65_535 && min <= max)) {
    throw new TurnServerOptionError(`relayPorts: ${min}-${max} is no range of ports`);
  }
  return {
    realm,
    software: `iceprobe ${VERSION}`,
    users,
    relays: placement.relays,
    relayPorts,
    lifetimes: { ...DEFAULT_LIFETIMES, ...options.lifetimes },
    quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
    peers: placement.peers,
    unixAtZero,
    tcpRelaying: false,
    ...(options.alternateServer === undefined ? {} : { alternateServer: options.alternateServer }),
  };
}
