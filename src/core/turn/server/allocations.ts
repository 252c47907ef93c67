import type { TransportId } from '../../machine.ts';
import type { Allocation, FiveTuple, Relay } from './allocation.ts';

/** All allocations, found by 5-tuple, by relay and by number. Lookups make no garbage: every relayed packet does one. */
export class Allocations {
  readonly #byId = new Map<number, Allocation>();
  readonly #byTransport = new Map<TransportId, Map<string, Map<number, Allocation>>>();
  readonly #byRelay = new Map<TransportId, { readonly allocation: Allocation; readonly relay: Relay }>();
  readonly #perUser = new Map<string, number>();

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<Allocation> {
    return this.#byId.values();
  }

  byId(id: number): Allocation | undefined {
    return this.#byId.get(id);
  }

  byClient(transport: TransportId, address: string, port: number): Allocation | undefined {
    return this.#byTransport.get(transport)?.get(address)?.get(port);
  }

  byRelay(relay: TransportId): { readonly allocation: Allocation; readonly relay: Relay } | undefined {
    return this.#byRelay.get(relay);
  }

  countOf(username: string): number {
    return this.#perUser.get(username) ?? 0;
  }

  add(allocation: Allocation): void {
    this.#byId.set(allocation.id, allocation);
    this.#perUser.set(allocation.owner.username, this.countOf(allocation.owner.username) + 1);
    this.#portsOf(allocation.fiveTuple).set(allocation.fiveTuple.client.port, allocation);
  }

  addRelay(allocation: Allocation, relay: Relay): void {
    this.#byRelay.set(relay.id, { allocation, relay });
  }

  removeRelay(relay: Relay): void {
    this.#byRelay.delete(relay.id);
  }

  remove(allocation: Allocation): void {
    if (!this.#byId.delete(allocation.id)) return;
    const username = allocation.owner.username;
    const left = this.countOf(username) - 1;
    if (left > 0) this.#perUser.set(username, left);
    else this.#perUser.delete(username);
    const { transport, client } = allocation.fiveTuple;
    const addresses = this.#byTransport.get(transport);
    const ports = addresses?.get(client.address);
    ports?.delete(client.port);
    if (ports?.size === 0) addresses?.delete(client.address);
    if (addresses?.size === 0) this.#byTransport.delete(transport);
  }

  #portsOf({ transport, client }: FiveTuple): Map<number, Allocation> {
    const addresses = this.#byTransport.get(transport) ?? new Map<string, Map<number, Allocation>>();
    this.#byTransport.set(transport, addresses);
    const ports = addresses.get(client.address) ?? new Map<number, Allocation>();
    addresses.set(client.address, ports);
    return ports;
  }
}
