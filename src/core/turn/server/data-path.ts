import type { SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import type { Instant } from '../../time.ts';
import type { FiveTuple } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Direction } from './faults/plan.ts';
import type { ClientLeg } from './outbound.ts';
import type { Relaying, Route } from './relaying.ts';

/** Relayed data by way of outputs: where faults strike it, and where no driver took the direct route. */
export class DataPath {
  readonly #context: ServerContext;
  readonly #relaying: Relaying;
  readonly #leg: ClientLeg;

  constructor(context: ServerContext, relaying: Relaying, leg: ClientLeg) {
    this.#context = context;
    this.#relaying = relaying;
    this.#leg = leg;
  }

  /** ChannelData or a Send indication. */
  fromClient({ transport, client }: FiveTuple, bytes: Uint8Array, now: Instant): void {
    const route = this.#relaying.fromClient(transport, client.address, client.port, bytes, now);
    if (route === undefined) this.#tellRefused(client, bytes);
    else this.#forward(route, 'to-peer', client, now);
  }

  /** A datagram that arrived at a relayed address. */
  fromPeer(relay: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    const route = this.#relaying.fromPeer(relay, from.address, from.port, bytes, now);
    if (route === undefined) this.#tellRefused(from, bytes);
    else this.#forward(route, 'to-client', from, now);
  }

  #forward(route: Route, direction: Direction, from: SocketAddress, now: Instant): void {
    const { allocation, family, address, port, bytes, offset, length } = route;
    const verdict = this.#context.faults.onData(
      {
        direction,
        isChannel: route.isChannel,
        length: route.payloadLength,
        relayPort: route.relayPort,
        peerPort: route.peerPort,
        solicited: route.solicited,
      },
      now,
    );
    if (verdict === 'drop') {
      route.undo(direction);
      route.refused = 'fault';
      this.#tellRefused(from, bytes);
      return;
    }
    // An output outlives the next call, a route does not.
    const isOwn = route.borrowed || verdict === 'corrupt';
    const lasting = isOwn ? bytes.slice(offset, offset + length) : bytes.subarray(offset, offset + length);
    if (verdict === 'corrupt' && route.payloadLength > 0) {
      const at = route.payloadOffset + (route.payloadLength >> 1);
      lasting[at] = (lasting[at] ?? 0) ^ 0x01;
    }
    const to = { family, address, port };
    if (direction === 'to-peer') this.#context.queue.transmit(route.transport, to, lasting);
    else this.#leg.send(route.transport, to, lasting, now, allocation?.fiveTuple.protocol !== 'udp');
  }

  /** Each cause once for an allocation, then it is only counted. */
  #tellRefused(from: SocketAddress, bytes: Uint8Array): void {
    const { refused, allocation } = this.#relaying.route;
    if (allocation !== undefined) {
      allocation.traffic.packetsDropped++;
      if (allocation.told.has(refused)) return;
      allocation.told.add(refused);
    }
    const detail = allocation === undefined ? 'data for no allocation' : `data on allocation ${allocation.id}`;
    this.#context.queue.event({ type: 'ignored', from, reason: refused, detail, length: bytes.length });
  }
}
