import { type SocketAddress, sameSocketAddress } from '../core/address.ts';
import { sameBytes } from '../core/bytes.ts';
import { XorMappedAddress } from '../core/stun/attributes.ts';
import { MessageBuilder } from '../core/stun/encode.ts';
import { decodeMessage } from '../core/stun/message.ts';
import { Method } from '../core/stun/registry.ts';
import { openTransport } from '../net/open.ts';
import type { Transport } from '../net/transport.ts';
import type { ProbeEnvironment } from './environment.ts';

/**
 * The other end of a relay, on this machine: a plain UDP socket that never speaks TURN. What it hears, and from where, is
 * the proof that data crossed.
 */
export class Peer {
  readonly local: SocketAddress;
  onPacket: (bytes: Uint8Array, from: SocketAddress) => void = () => {};
  readonly #transport: Transport;

  private constructor(transport: Transport, local: SocketAddress) {
    this.#transport = transport;
    this.local = local;
  }

  /** Binds a socket to one of our addresses; undefined where the system refuses. */
  static open(
    address: Pick<SocketAddress, 'family' | 'address'>,
    environment: ProbeEnvironment,
  ): Promise<Peer | undefined> {
    return new Promise((resolve) => {
      let peer: Peer | undefined;
      const transport = openTransport({ kind: 'udp', local: { ...address, port: 0 } }, environment.tls, {
        connected: () => {},
        shaken: () => {},
        opened: (local) => {
          peer = new Peer(transport, local);
          resolve(peer);
        },
        received: (bytes, from) => peer?.onPacket(bytes, from),
        failed: () => resolve(undefined),
        sendFailed: () => {},
      });
    });
  }

  send(to: SocketAddress, bytes: Uint8Array): void {
    this.#transport.send(bytes, to);
  }

  /** What a STUN server sees of this socket; undefined where it does not answer within `waitMs`. */
  mappedBy(server: SocketAddress, waitMs: number, environment: ProbeEnvironment): Promise<SocketAddress | undefined> {
    const before = this.onPacket;
    const transactionId = environment.random.bytes(12);
    const request = new MessageBuilder('request', Method.Binding, transactionId).build();
    return new Promise((resolve) => {
      const finish = (mapped: SocketAddress | undefined) => {
        clearInterval(again);
        clearTimeout(limit);
        this.onPacket = before;
        resolve(mapped);
      };
      this.onPacket = (bytes, from) => {
        const decoded = sameSocketAddress(from, server) ? decodeMessage(bytes) : undefined;
        if (decoded?.ok !== true || !sameBytes(decoded.value.transactionId, transactionId)) return;
        finish(decoded.value.get(XorMappedAddress));
      };
      this.send(server, request);
      const again = setInterval(() => this.send(server, request), Math.max(50, waitMs / 4));
      const limit = setTimeout(() => finish(undefined), waitMs);
    });
  }

  close(): void {
    this.#transport.close();
  }
}
