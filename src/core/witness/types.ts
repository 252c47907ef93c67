import type { SocketAddress } from '../address.ts';
import type { WitnessHello, WitnessMessage, WitnessNat } from '../signaling/witness-message.ts';

/** A socket of an end: its ear, its mouth, or a relay of its own by its place in the hello. */
export type WitnessPlace = 'ear' | 'mouth' | number;

export type WitnessInput =
  | { readonly type: 'start' }
  | { readonly type: 'message'; readonly message: WitnessMessage }
  /** The answer to `open`. */
  | { readonly type: 'opened'; readonly hello: WitnessHello }
  /** The answer to `permit`. */
  | { readonly type: 'permitted' }
  | { readonly type: 'received'; readonly at: WitnessPlace; readonly from: SocketAddress; readonly bytes: Uint8Array }
  /** The answer to `measured`. */
  | { readonly type: 'judged'; readonly nat: WitnessNat | null }
  | { readonly type: 'left'; readonly reason: string };

export type WitnessCommand =
  | { readonly type: 'say'; readonly message: WitnessMessage }
  /** Both ends are through with their own tests: open sockets, allocate. */
  | { readonly type: 'open' }
  /** Let the other end's mouth send to our relays; null where it has none. */
  | { readonly type: 'permit'; readonly peer: SocketAddress | null }
  | { readonly type: 'send'; readonly by: WitnessPlace; readonly to: SocketAddress; readonly bytes: Uint8Array };

export interface WitnessCount {
  readonly sent: number;
  readonly received: number;
}

export type WitnessEvent =
  | { readonly type: 'measured'; readonly result: WitnessResult }
  /** The end: what the other end says of its NAT, or why there is nothing. */
  | { readonly type: 'finished'; readonly nat: WitnessNat | null; readonly problem: string | null };

/** What the other end is witness of. */
export interface WitnessResult {
  readonly other: WitnessHello;
  /** It to our ear, which had never sent to it. */
  readonly unasked: WitnessCount;
  /** For each of our relays. `after`: nothing was sent where the relay's packets had not come through. */
  readonly relays: readonly {
    readonly first: WitnessCount;
    readonly out: WitnessCount;
    readonly after: WitnessCount;
    /** Where the other end saw its packets come from. */
    readonly egress: string | null;
  }[];
  /** Between the mouths, in both directions at once, as ICE does it. */
  readonly there: WitnessCount;
  readonly back: WitnessCount;
  /** Addresses from which the other end's mouth reached us, each once; more than the one it named where its NAT has several. */
  readonly sources: readonly string[];
  /** How the other end saw our mouth, at each socket of its own. */
  readonly seen: readonly { readonly by: string; readonly as: string }[];
}

/** Whether packets crossed between the two without a relay, in both directions. */
export function crossedDirectly({ there, back }: Pick<WitnessResult, 'there' | 'back'>): boolean | null {
  if (there.received > 0 && back.received > 0) return true;
  return there.sent === 0 || back.sent === 0 ? null : false;
}
