import type { Family, TransportKind } from '../address.ts';

/** A STUN or TURN URI (RFC 7064, RFC 7065), defaults filled in. */
export interface ServerUri {
  readonly scheme: 'stun' | 'stuns' | 'turn' | 'turns';
  /** Name or address literal, IPv6 without its brackets. */
  readonly host: string;
  /** Set where the host is an address literal. */
  readonly literal?: Family;
  readonly port: number;
  readonly explicitPort: boolean;
  /** What a client must use: `turns:` is TLS, `turn:?transport=tcp` is TCP. */
  readonly transport: TransportKind;
  /** `turns:...?transport=udp`, TURN over DTLS: allowed by RFC 7065, supported neither here nor by browsers. */
  readonly dtls?: boolean;
  /** Normalised spelling. */
  readonly text: string;
}
