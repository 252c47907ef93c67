import { familyOf, type SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { randomInteger } from '../../random.ts';
import type { ServerContext } from './context.ts';
import type { FaultPlan, Tweaks } from './faults/plan.ts';

/** Ports tried for a socket that answers from another one. */
const MAX_TRIES = 20;

/**
 * Sockets that answers come from although they were not asked: another port of each listener's address, or another address
 * with its port. Opened for a fault plan that wants them, closed with it.
 */
export class Elsewhere {
  readonly #context: ServerContext;
  readonly #sockets = new Map<TransportId, Place>();
  #nextId = 1;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Closes what the last plan needed, opens what this one needs. */
  prepare(plan: FaultPlan, listeners: Iterable<SocketAddress>): void {
    this.close();
    const wanted = plan.requests.flatMap(({ effect }) => (effect.kind === 'answer' ? (effect.tweaks.from ?? []) : []));
    for (const listener of listeners) {
      for (const from of wanted) {
        if (from === 'port')
          this.#open({ key: keyOf(listener, 'port'), address: listener.address, port: undefined, tries: 0 });
        else if (familyOf(from.address) === listener.family) {
          this.#open({ key: keyOf(listener, from), address: from.address, port: listener.port, tries: 0 });
        }
      }
    }
  }

  /** The socket that answers for this listener; undefined while there is none. */
  find(listener: SocketAddress, from: NonNullable<Tweaks['from']>): TransportId | undefined {
    const key = keyOf(listener, from);
    for (const [id, place] of this.#sockets) if (place.isOpen === true && place.key === key) return id;
    return undefined;
  }

  /** The system's answers; false where the socket is none of these. */
  bound(id: TransportId): boolean {
    const place = this.#sockets.get(id);
    if (place === undefined) return false;
    this.#sockets.set(id, { ...place, isOpen: true });
    return true;
  }

  failed(id: TransportId): boolean {
    const place = this.#sockets.get(id);
    if (place === undefined) return false;
    this.#sockets.delete(id);
    // A given port is taken or not; another one can be looked for.
    if (place.port === undefined && place.tries < MAX_TRIES) this.#open({ ...place, tries: place.tries + 1 });
    return true;
  }

  close(): void {
    for (const relay of this.#sockets.keys()) this.#context.queue.command({ type: 'close-relay', relay });
    this.#sockets.clear();
  }

  #open(place: Place): void {
    const { relayPorts } = this.#context.settings;
    const random = relayPorts.min + randomInteger(this.#context.random, relayPorts.max - relayPorts.min + 1);
    const relay = `elsewhere-${this.#nextId++}`;
    this.#sockets.set(relay, place);
    const family = familyOf(place.address) ?? 4;
    const port = place.port ?? random;
    this.#context.queue.command({ type: 'bind-relay', relay, protocol: 'udp', family, address: place.address, port });
  }
}

interface Place {
  readonly key: string;
  readonly address: string;
  /** Undefined: any. */
  readonly port: number | undefined;
  readonly tries: number;
  readonly isOpen?: true;
}

function keyOf(listener: SocketAddress, from: NonNullable<Tweaks['from']>): string {
  return `${listener.address} ${listener.port} ${from === 'port' ? 'port' : from.address}`;
}
