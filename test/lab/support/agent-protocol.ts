import type { DnsZone } from '../../support/dns-server.ts';

/** What one helper process inside a namespace is asked to do: small servers that a diagnostics tool may meet. */
export type Service =
  | { readonly kind: 'dns'; readonly addresses: readonly string[]; readonly zone: DnsZone }
  /** UDP: sends back what it got. TCP: the same. */
  | { readonly kind: 'echo'; readonly protocol: 'udp' | 'tcp'; readonly address: string; readonly port: number }
  /** Says `text` to whoever connects (or sends a datagram), like an SSH server; then waits. */
  | {
      readonly kind: 'banner';
      readonly protocol: 'udp' | 'tcp';
      readonly address: string;
      readonly port: number;
      readonly text: string;
    }
  /** Reads a request, answers `text`, closes: a web server on somebody else's port. */
  | { readonly kind: 'answer'; readonly address: string; readonly port: number; readonly text: string }
  /** Accepts connections and says nothing, ever. */
  | { readonly kind: 'mute'; readonly address: string; readonly port: number }
  /** An HTTP proxy that does CONNECT (RFC 9110 9.3.6) and nothing else. */
  | { readonly kind: 'proxy'; readonly address: string; readonly port: number }
  /** Hands datagrams on to `target` and its answers back, from another port than the one asked. */
  | {
      readonly kind: 'answer-from-elsewhere';
      readonly address: string;
      readonly port: number;
      readonly from: number;
      readonly target: { readonly address: string; readonly port: number };
    }
  /** A TCP load balancer: hands connections on to `target`, and resets those that idle for `idleMs`. */
  | {
      readonly kind: 'balancer';
      readonly address: string;
      readonly port: number;
      readonly target: { readonly address: string; readonly port: number };
      readonly idleMs: number;
    }
  /**
   * Hands all datagrams on to `target` from one port, and each answer back to whoever asked: behind it clients look alike, as
   * behind a load balancer or NAT that has one port for all.
   */
  | {
      readonly kind: 'one-for-all';
      readonly address: string;
      readonly port: number;
      readonly target: { readonly address: string; readonly port: number };
    }
  /** A database (Redis) that has the users of a TURN server, and takes `delayMs` to tell of one. `key` is in hex. */
  | {
      readonly kind: 'redis';
      readonly address: string;
      readonly port: number;
      readonly delayMs: number;
      readonly keys: Readonly<Record<string, string>>;
    }
  /** A home router's daemon: tells `external` as its outer address, by NAT-PMP (RFC 6886) or UPnP, and does nothing else. */
  | {
      readonly kind: 'gateway';
      readonly address: string;
      readonly external: string;
      readonly speaks: 'nat-pmp' | 'upnp';
    }
  /** Accepts and resets as soon as bytes come. */
  | { readonly kind: 'reset'; readonly address: string; readonly port: number };
