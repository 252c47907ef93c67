import type { Hashes } from '../../hashes.ts';
import { OutputQueue } from '../../queue.ts';
import type { Random } from '../../random.ts';
import type { Instant, UnixSeconds } from '../../time.ts';
import type { Allocation, Channel, Peer } from './allocation.ts';
import { Allocations } from './allocations.ts';
import { Authenticator } from './authentication.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { FaultState } from './faults/state.ts';
import type { TurnServerCommand, TurnServerEvent } from './io.ts';
import { Nonces } from './nonce.ts';
import type { DelayedPacket } from './outbound.ts';
import type { PeerConnection } from './peer-connections.ts';
import { RelayBinder } from './relay-binder.ts';
import type { Reservation } from './reservations.ts';
import { Responder } from './responder.ts';
import type { Lifetimes, TurnServerSettings } from './settings.ts';
import type { ClientStream } from './streams.ts';

/** Everything that ends by itself. */
export type Mortal = Allocation | Peer | Channel | Reservation | ClientStream | DelayedPacket | PeerConnection;

/** What the parts of one server share. */
export interface ServerContext {
  readonly settings: TurnServerSettings;
  readonly hashes: Hashes;
  readonly random: Random;
  readonly queue: OutputQueue<TurnServerCommand, TurnServerEvent>;
  readonly allocations: Allocations;
  readonly expiries: ExpiryQueue<Mortal>;
  readonly binder: RelayBinder;
  readonly nonces: Nonces;
  readonly authenticator: Authenticator;
  readonly responder: Responder;
  /** What goes wrong at present. */
  faults: FaultState;
  /** Those of the settings, or of a fault. */
  readonly lifetimes: Lifetimes;
  unixNow(now: Instant): UnixSeconds;
}

export function createContext(settings: TurnServerSettings, hashes: Hashes, random: Random): ServerContext {
  const queue = new OutputQueue<TurnServerCommand, TurnServerEvent>();
  const nonces = new Nonces(hashes, random, settings.users.resolvesHashes);
  const context: ServerContext = {
    settings,
    hashes,
    random,
    queue,
    allocations: new Allocations(),
    expiries: new ExpiryQueue<Mortal>(),
    binder: new RelayBinder(settings.relays, settings.relayPorts, random, (command) => queue.command(command)),
    nonces,
    authenticator: new Authenticator(settings.realm, settings.users, hashes, (nonce, client, now) =>
      nonces.accepts(nonce, client, now, context.lifetimes.nonce, context.faults.plan.nonceOnce),
    ),
    responder: new Responder(settings.realm, settings.software, hashes),
    faults: new FaultState(),
    get lifetimes() {
      const changed = this.faults.plan.lifetimes;
      return Object.keys(changed).length === 0 ? settings.lifetimes : { ...settings.lifetimes, ...changed };
    },
    unixNow: (now) => settings.unixAtZero + now / 1000,
  };
  return context;
}
