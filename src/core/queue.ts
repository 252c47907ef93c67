import type { SocketAddress } from './address.ts';
import type { Output, TransportId } from './machine.ts';

/** What a machine has decided and its driver has not yet fetched, in order. */
export class OutputQueue<Command, Event> {
  #items: Output<Command, Event>[] = [];
  #next = 0;

  transmit(transport: TransportId, to: SocketAddress, bytes: Uint8Array): void {
    this.#items.push({ kind: 'transmit', transport, to, bytes });
  }

  command(command: Command): void {
    this.#items.push({ kind: 'command', command });
  }

  event(event: Event): void {
    this.#items.push({ kind: 'event', event });
  }

  poll(): Output<Command, Event> | undefined {
    const item = this.#items[this.#next];
    if (item === undefined) {
      if (this.#next > 0) {
        this.#items = [];
        this.#next = 0;
      }
      return undefined;
    }
    this.#next++;
    return item;
  }
}
