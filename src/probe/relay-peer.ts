import { addressKind, isPrivateKind, type SocketAddress, type TransportKind } from '../core/address.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { Allocation } from '../core/turn/client/types.ts';
import type { ProbeEnvironment } from './environment.ts';
import { Peer } from './peer.ts';
import type { TurnSession } from './turn-session.ts';

/** The other end of a relay: a socket of ours, or, as the weaker proof, a second relay. */
export interface RelayPeer {
  readonly witness: 'second-socket' | 'relay';
  /** Where the relay should send to before it has heard from the peer. */
  readonly guess: SocketAddress;
  /** Whether the peer's UDP reaches the server's host at all; undefined where that cannot be asked. */
  readonly egressWorks: boolean | undefined;
  /** The socket's own address differs from what the server sees of it. */
  readonly isTranslated: boolean;
  /** What another STUN server sees of the same socket; undefined where it does not answer. */
  mappedBy(server: SocketAddress): Promise<SocketAddress | undefined>;
  onPacket: (bytes: Uint8Array, from: SocketAddress) => void;
  send(to: SocketAddress, bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** How long the server's STUN side is asked what it sees of the peer; it answers in one round trip or not at all. */
const MAPPED_WAIT_MS = 400;

/**
 * A socket of ours in the family of the relayed address. The relay will see it at the address that the server's own
 * STUN sees, or failing that at the address of the allocation's client: both stand behind the same NAT. Where the client came
 * over the other family, the server may speak STUN beside its relay, or others have seen us. Undefined without such a
 * socket, and where all that is known of it is a private address, which a relay out there cannot send to.
 */
export async function openPeer(
  allocation: Allocation,
  around: {
    readonly server: SocketAddress;
    readonly kind: TransportKind;
    readonly locals: readonly LocalAddress[];
    readonly seen: readonly string[];
  },
  environment: ProbeEnvironment,
): Promise<RelayPeer | undefined> {
  const { relayed } = allocation;
  const { family } = relayed;
  const local = around.locals.find((candidate) => candidate.family === family);
  const peer = local === undefined ? undefined : await Peer.open(local, environment);
  if (peer === undefined) return undefined;
  const { server } = around;
  const isSameFamily = server.family === family;
  const stun = isSameFamily ? server : { ...relayed, port: server.port };
  const mapped = await peer.mappedBy(stun, MAPPED_WAIT_MS, environment);
  const isInside = isPrivate(peer.local.address) && !isPrivate(relayed.address);
  const seen =
    allocation.mapped?.family === family
      ? allocation.mapped.address
      : isInside
        ? around.seen.find((address) => address.includes(':') === (family === 6) && !isPrivate(address))
        : peer.local.address;
  const guess = mapped ?? (seen === undefined ? undefined : { family, address: seen, port: peer.local.port });
  if (guess === undefined) {
    peer.close();
    return undefined;
  }
  return {
    witness: 'second-socket',
    egressWorks: isSameFamily ? mapped !== undefined : undefined,
    isTranslated: guess.address !== peer.local.address,
    mappedBy: (other) => peer.mappedBy(other, MAPPED_WAIT_MS, environment),
    guess,
    get onPacket() {
      return peer.onPacket;
    },
    set onPacket(listener) {
      peer.onPacket = listener;
    },
    send: (to, bytes) => peer.send(to, bytes),
    close: async () => peer.close(),
  };
}

function isPrivate(address: string): boolean {
  return isPrivateKind(addressKind(address));
}

/** The weaker proof: a second allocation of the same server. It shows that data crosses, not that the outside reaches it. */
export function peerBehindRelay(session: TurnSession, relayed: SocketAddress): RelayPeer {
  const peer: RelayPeer = {
    witness: 'relay',
    guess: relayed,
    egressWorks: undefined,
    isTranslated: false,
    mappedBy: () => Promise.resolve(undefined),
    onPacket: () => {},
    send: (to, bytes) => session.send(to, bytes),
    close: async () => void (await session.release()),
  };
  // A machine must not be fed while it is drained: the answer waits for the end of this step.
  session.onData = ({ peer: from, bytes }) => queueMicrotask(() => peer.onPacket(bytes, from));
  return peer;
}
