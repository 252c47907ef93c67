import { formatSocketAddress, type SocketAddress, type TransportKind } from '../core/address.ts';
import { toHex } from '../core/bytes.ts';
import { attributeRecord } from '../core/stun/explain.ts';
import { StreamFramer } from '../core/stun/framing.ts';
import { decodeMessage, looksLikeStun, type StunMessage } from '../core/stun/message.ts';
import { methodName } from '../core/stun/registry.ts';
import type { EventBody, StunReceived } from '../record/events.ts';

/** Requests whose sends are counted at a time; those forgotten first are long over. */
const COUNTED_REQUESTS = 1024;

/**
 * Makes `stun-sent` and `stun-received` events of the bytes that pass. What is not STUN leaves no event here: relayed data
 * is counted by whoever sends it, and of anything else the machine says why it is ignored.
 */
export class PacketEvents {
  readonly #record: (body: EventBody) => void;
  readonly #framers = new Map<string, StreamFramer>();
  readonly #sends = new Map<string, number>();

  constructor(record: (body: EventBody) => void) {
    this.#record = record;
  }

  sent(transport: string, to: SocketAddress, bytes: Uint8Array): void {
    const message = messageIn(bytes);
    if (message === undefined) return;
    const key = `${transport} ${toHex(message.transactionId)}`;
    const attempt = (this.#sends.get(key) ?? 0) + 1;
    this.#sends.set(key, attempt);
    if (this.#sends.size > COUNTED_REQUESTS) {
      for (const oldest of this.#sends.keys()) {
        this.#sends.delete(oldest);
        break;
      }
    }
    this.#record({ type: 'stun-sent', transport, to: formatSocketAddress(to), attempt, ...describe(message) });
  }

  /** A datagram, or a chunk of a stream in any cut. */
  received(transport: string, kind: TransportKind, from: SocketAddress, bytes: Uint8Array): void {
    if (kind === 'udp') {
      this.#receivedMessage(transport, from, bytes);
      return;
    }
    let framer = this.#framers.get(transport);
    if (framer === undefined) {
      framer = new StreamFramer();
      this.#framers.set(transport, framer);
    }
    for (const frame of framer.push(bytes)) {
      if (frame.kind === 'stun') this.#receivedMessage(transport, from, frame.bytes);
    }
  }

  closed(transport: string): void {
    this.#framers.delete(transport);
  }

  #receivedMessage(transport: string, from: SocketAddress, bytes: Uint8Array): void {
    const message = messageIn(bytes);
    if (message === undefined) return;
    this.#record({ type: 'stun-received', transport, from: formatSocketAddress(from), ...describe(message) });
  }
}

function messageIn(bytes: Uint8Array): StunMessage | undefined {
  if (!looksLikeStun(bytes)) return undefined;
  const decoded = decodeMessage(bytes);
  return decoded.ok ? decoded.value : undefined;
}

function describe(message: StunMessage): Omit<StunReceived, 'type' | 'transport' | 'from'> {
  return {
    class: message.class,
    method: methodName(message.method),
    transactionId: toHex(message.transactionId),
    attributes: attributeRecord(message),
    length: message.bytes.length,
  };
}
