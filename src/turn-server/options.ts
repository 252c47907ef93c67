import type { SocketAddress } from '../core/address.ts';
import type { TurnServerEvent } from '../core/turn/server/io.ts';
import type { Lifetimes, PortRange, Quotas } from '../core/turn/server/settings.ts';

/** What `startTurnServer` takes. All of it may be left out: then the server is for this machine alone, on free ports. */
export interface TurnServerOptions {
  /** Addresses to listen on, each bound by itself. Default `127.0.0.1`. */
  readonly listen?: string | readonly string[];
  /** Listen on every address of this machine, and let clients reach peers on its local subnets. Excludes `listen`. */
  readonly lan?: boolean;
  /** For UDP and TCP. 0, the default: a free one. */
  readonly port?: number;
  /** For TLS. 0, the default: a free one. */
  readonly tlsPort?: number;
  /** The second UDP port of behaviour discovery (RFC 5780), which is served where two addresses of a family are. */
  readonly alternatePort?: number;
  /** Default: all three. */
  readonly transports?: readonly ('udp' | 'tcp' | 'tls')[];
  /** Names with their passwords. Default: one of each, random. */
  readonly users?: Readonly<Record<string, string>>;
  /** Takes REST credentials minted with this secret (coturn's `use-auth-secret`). */
  readonly secret?: string;
  /** Default `iceprobe.local`. */
  readonly realm?: string;
  /** Ports of relayed transport addresses. Default 49152 to 65535. */
  readonly relayPorts?: PortRange;
  /** The address to tell clients in the place of the relay's own, behind a NAT. */
  readonly externalIp?: string;
  /** Blocks of peer addresses (`10.0.0.0/8`) that may be reached beyond what the place of the server allows. */
  readonly allowPeers?: readonly string[];
  /** PEM, `caPem` where clients need it to trust the chain. Default: a certificate made on the spot. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly caPem?: string };
  /** Names of the server, for the certificate that is made: beside localhost, the host's name and its addresses. */
  readonly names?: readonly string[];
  /** Serves status, metrics and short-lived credentials over HTTP on 127.0.0.1. 0: a free port. Default: not at all. */
  readonly statusPort?: number;
  /** Web pages that may fetch credentials from there (`https://app.example.org`), beside those of this machine. */
  readonly statusOrigins?: readonly string[];
  /** Seconds. */
  readonly lifetimes?: Partial<Lifetimes>;
  readonly quotas?: Partial<Quotas>;
  /** Sends every client elsewhere (300). */
  readonly alternateServer?: SocketAddress;
  /** What shall go wrong, as in `allocate:486`; `--fault help` lists all. */
  readonly faults?: readonly string[];
  /** For faults that throw dice. Default 1. */
  readonly seed?: number;
  /** Hears of allocations, permissions, channels, refusals. */
  readonly onEvent?: (event: LocalTurnServerEvent) => void;
}

/** What the machine tells, and what only the sockets know. */
export type LocalTurnServerEvent =
  | TurnServerEvent
  /** A TLS client left before there was anything to say: it trusts another certificate, most often. */
  | { readonly type: 'handshake-failed'; readonly client: SocketAddress; readonly why: string };

/** An option that cannot be. The message names it. */
export class TurnServerOptionError extends Error {
  override readonly name = 'TurnServerOptionError';
  readonly code = 'ERR_TURN_SERVER_OPTION';
}
