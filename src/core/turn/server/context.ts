import type { Hashes } from '../../hashes.ts';
import { OutputQueue } from '../../queue.ts';
import type { Random } from '../../random.ts';
import type { Instant, UnixSeconds } from '../../time.ts';
import type { Allocation, Channel, Peer } from './allocation.ts';
import { Allocations } from './allocations.ts';
import { Authenticator } from './authentication.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { TurnServerCommand, TurnServerEvent } from './io.ts';
import { Nonces } from './nonce.ts';
import { RelayBinder } from './relay-binder.ts';
import type { Reservation } from './reservations.ts';
import { Responder } from './responder.ts';
import type { TurnServerSettings } from './settings.ts';
import type { ClientStream } from './streams.ts';

/** Everything that ends by itself. */
export type Mortal = Allocation | Peer | Channel | Reservation | ClientStream;

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
  unixNow(now: Instant): UnixSeconds;
}

export function createContext(settings: TurnServerSettings, hashes: Hashes, random: Random): ServerContext {
  const queue = new OutputQueue<TurnServerCommand, TurnServerEvent>();
  const nonces = new Nonces(hashes, random, settings.lifetimes.nonce, settings.users.resolvesHashes);
  return {
    settings,
    hashes,
    random,
    queue,
    allocations: new Allocations(),
    expiries: new ExpiryQueue<Mortal>(),
    binder: new RelayBinder(settings.relays, settings.relayPorts, random, (command) => queue.command(command)),
    nonces,
    authenticator: new Authenticator(settings.realm, settings.users, nonces, hashes),
    responder: new Responder(settings.realm, settings.software, hashes),
    unixNow: (now) => settings.unixAtZero + now / 1000,
  };
}
