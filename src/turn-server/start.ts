/// <reference lib="esnext.disposable" preserve="true" />
// The types of consumers that compile for ES2022 do not know AsyncDisposable.
import { type Family, familyOf, type TransportKind } from '../core/address.ts';
import type { Secret } from '../core/secret.ts';
import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { TurnServerEvent } from '../core/turn/server/io.ts';
import { TurnServer } from '../core/turn/server/server.ts';
import {
  DEFAULT_LIFETIMES,
  DEFAULT_QUOTAS,
  DEFAULT_RELAY_PORTS,
  type TurnServerSettings,
} from '../core/turn/server/settings.ts';
import { VERSION } from '../core/version.ts';
import { startClock } from '../net/clock.ts';
import { nodeHashes } from '../net/hashes.ts';
import { listInterfaces } from '../net/interfaces.ts';
import { systemRandom } from '../net/random.ts';
import { type Account, chooseAccount } from './account.ts';
import { type Placement, placeServer } from './addresses.ts';
import { AllocationWatch } from './allocation-watch.ts';
import { Counters } from './counters.ts';
import { TurnServerDriver } from './driver.ts';
import { Entrances } from './entrances.ts';
import { FaultControl, planOf } from './fault-control.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';
import { type StatusServer, startStatusServer } from './status.ts';

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
  /** What it listens on. */
  readonly addresses: readonly { readonly family: Family; readonly address: string }[];
  /** For UDP and TCP; 0 where neither is served. */
  readonly port: number;
  /** Of behaviour discovery (RFC 5780); 0 without two addresses of a family. */
  readonly alternatePort: number;
  /** 0 where TLS is not served. */
  readonly tlsPort: number;
  /** The authority of the certificate that was made for `turns:`; undefined where one was given, or there is no TLS. */
  readonly caPem: string | undefined;
  /** Of the server's certificate, for Chromium's `--ignore-certificate-errors-spki-list=`; undefined without TLS. */
  readonly spkiSha256: string | undefined;
  /** Where the status is served (`http://127.0.0.1:PORT`), with `statusPort`. */
  readonly statusUrl: string | undefined;
  /** Those that live now. */
  readonly allocations: readonly AllocationSnapshot[];
  /** Application data in both directions so far, in bytes, headers not counted. */
  readonly bytesRelayed: number;
  /**
   * The first allocation that lives and matches: at once if there is one.
   * @throws after `timeoutMs` (default 10,000), saying what clients were refused in the meantime
   */
  waitForAllocation(options?: WaitForAllocation): Promise<AllocationSnapshot>;
  /**
   * What shall go wrong from now on, in the place of what was said before; none: everything is right again. Effective at
   * once; resolves when the ports are as wanted, too.
   * @throws TurnServerOptionError for a specification that is none
   */
  setFaults(specs: readonly string[], seed?: number): Promise<void>;
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
  const clock = startClock();
  const unixAtZero = clock.startedAt.getTime() / 1000;
  const account = chooseAccount(options);
  const machine = new TurnServer(settingsOf(options, placement, account, unixAtZero), nodeHashes, systemRandom());
  const watch = new AllocationWatch(() => machine.allocations());
  const counters = new Counters();
  const driver = new TurnServerDriver(machine, clock, (event: TurnServerEvent) => {
    watch.onEvent(event);
    counters.onEvent(event);
    options.onEvent?.(event);
  });
  const entrances = new Entrances(options, placement, driver, (client, why) =>
    options.onEvent?.({ type: 'handshake-failed', client, why }),
  );
  const planned = planOf(options.faults ?? []);
  const faults = new FaultControl(driver, entrances);
  const iceServersFor = (login: { readonly username: string; readonly password: Secret }): IceServer[] => [
    { urls: entrances.urls, username: login.username, credential: login.password.reveal() },
  ];
  const owner = { username: account.username, password: account.credential };
  let status: StatusServer | undefined;
  try {
    await entrances.open();
    await faults.set(planned, options.seed ?? 1);
    if (options.statusPort !== undefined) {
      status = await startStatusServer({
        port: options.statusPort,
        origins: options.statusOrigins ?? [],
        allocations: () => machine.allocations(),
        counters,
        setFaults: (specs, seed) => faults.set(planOf(specs), seed),
        caPem: entrances.caPem,
        iceServers: (seconds) => iceServersFor(account.mint(seconds) ?? owner),
      });
    }
  } catch (error) {
    driver.close();
    await entrances.close();
    throw error;
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      watch.close();
      driver.close();
      await faults.settled;
      await Promise.all([entrances.close(), status?.close()]);
    })();
    return closing;
  };
  return {
    iceServers: iceServersFor(owner),
    addresses: placement.listen.map((address) => ({ family: familyOf(address) ?? 4, address })),
    port: entrances.port,
    tlsPort: entrances.tlsPort,
    alternatePort: entrances.alternatePort,
    caPem: entrances.caPem,
    spkiSha256: entrances.spkiSha256,
    statusUrl: status?.url,
    get allocations() {
      return machine.allocations();
    },
    get bytesRelayed() {
      return watch.bytesRelayed;
    },
    setFaults: async (specs, seed = 1) => faults.set(planOf(specs), seed),
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

function settingsOf(
  options: TurnServerOptions,
  placement: Placement,
  account: Account,
  unixAtZero: number,
): TurnServerSettings {
  const realm = options.realm ?? 'iceprobe.local';
  const relayPorts = options.relayPorts ?? DEFAULT_RELAY_PORTS;
  const { min, max } = relayPorts;
  if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max <= 65_535 && min <= max)) {
    throw new TurnServerOptionError(`relayPorts: ${min}-${max} is no range of ports`);
  }
  return {
    realm,
    software: `iceprobe ${VERSION}`,
    users: account.users(realm),
    relays: placement.relays,
    relayPorts,
    lifetimes: { ...DEFAULT_LIFETIMES, ...options.lifetimes },
    quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
    peers: placement.peers,
    unixAtZero,
    tcpRelaying: true,
    ...(options.alternateServer === undefined ? {} : { alternateServer: options.alternateServer }),
  };
}
