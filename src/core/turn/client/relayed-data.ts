import type { SocketAddress } from '../../address.ts';
import { ConnectionId, Data, DontFragment, Icmp, XorPeerAddress } from '../../stun/attributes.ts';
import { MessageBuilder } from '../../stun/encode.ts';
import type { StunMessage } from '../../stun/message.ts';
import { Method } from '../../stun/registry.ts';

/** A Send indication (RFC 8656 11.1). */
export function sendIndication(
  transactionId: Uint8Array,
  peer: SocketAddress,
  data: Uint8Array,
  dontFragment: boolean,
): Uint8Array {
  return new MessageBuilder('indication', Method.Send, transactionId)
    .add(XorPeerAddress, peer)
    .addOptional(DontFragment, dontFragment ? true : undefined)
    .add(Data, data)
    .build();
}

export type RelayedIndication =
  | { readonly type: 'data'; readonly peer: SocketAddress; readonly bytes: Uint8Array }
  | { readonly type: 'connection-attempt'; readonly peer: SocketAddress; readonly connectionId: number }
  | { readonly type: 'icmp'; readonly peer: SocketAddress; readonly icmpType: number; readonly icmpCode: number };

/** What a Data or ConnectionAttempt indication brings (RFC 8656 11.4 and 11.6, RFC 6062 5.4); undefined where it brings nothing that can be used. */
export function readIndication(message: StunMessage): RelayedIndication | undefined {
  const peer = message.get(XorPeerAddress);
  if (peer === undefined) return undefined;
  if (message.method === Method.ConnectionAttempt) {
    const connectionId = message.get(ConnectionId);
    return connectionId === undefined ? undefined : { type: 'connection-attempt', peer, connectionId };
  }
  if (message.method !== Method.Data) return undefined;
  const bytes = message.get(Data);
  if (bytes !== undefined) return { type: 'data', peer, bytes };
  const icmp = message.get(Icmp);
  return icmp === undefined ? undefined : { type: 'icmp', peer, icmpType: icmp.type, icmpCode: icmp.code };
}
