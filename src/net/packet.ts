import type { SocketAddress, TransportKind } from '../core/address.ts';
import type { TransportId } from '../core/machine.ts';
import type { Instant } from '../core/time.ts';

/** One packet as it passed, for those who keep packets. On a stream: what was written, or a chunk as it came. */
export interface Packet {
  readonly at: Instant;
  readonly transport: TransportId;
  readonly kind: TransportKind;
  readonly direction: 'sent' | 'received';
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly bytes: Uint8Array;
}
