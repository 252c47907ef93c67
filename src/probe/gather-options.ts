import type { Family } from '../core/address.ts';
import type { GatherServer } from '../core/ice/gatherer-io.ts';
import { Secret } from '../core/secret.ts';
import { parseServerUri } from '../core/stun/uri.ts';
import type { Packet } from '../net/packet.ts';
import { certificatesIn } from '../net/trust.ts';
import type { ConfigurationProblem, IceTransportPolicy } from '../record/report.ts';

/** As in `RTCIceServer`. A credential may be wrapped already, so that whoever passes it on cannot show it by accident. */
export interface IceServerOption {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string | Secret;
}

export interface GatherOptions {
  readonly iceServers: readonly IceServerOption[];
  /** `relay`: relayed candidates alone. Default `all`. */
  readonly iceTransportPolicy?: IceTransportPolicy;
  /** IPv4 or IPv6 alone; default both. */
  readonly family?: Family;
  /** Names of the network interfaces to use; default all but loopback. */
  readonly interfaces?: readonly string[];
  /** Gather on loopback interfaces too. Without it that happens only where every server is on loopback. */
  readonly loopback?: boolean;
  /** Hard deadline of the run in milliseconds, the release of allocations included. Default 10,000. */
  readonly timeoutMs?: number;
  /** The first retransmission timeout over UDP in milliseconds (RFC 8489 6.2.1). Default 500. */
  readonly rtoMs?: number;
  /** Ta of RFC 8445 14.2 in milliseconds: one new request in that time, but for a few that a busy machine delayed. Default 5. */
  readonly paceMs?: number;
  /** Go on with TLS servers that a client which verifies would refuse; their faults are reported all the same. */
  readonly insecure?: boolean;
  /** Certificates in PEM that are trusted beside those of Node and of the system. */
  readonly ca?: string;
  /** Host candidates for TCP too (RFC 6544, active). Default false. */
  readonly tcp?: boolean;
  /** Families of relayed addresses: that of the connection to the server (default), or both asked of each server. */
  readonly relayFamilies?: 'same' | 'both';
  /** Gather once more for each URL alone, where there are several. Default false. */
  readonly perUrl?: boolean;
  /** Look for SRV records where a URL has no port (RFC 8489 8). Browsers do not. Default false. */
  readonly srv?: boolean;
  /** Resolvers to ask instead of the system's: `192.0.2.53`, `127.0.0.1:5353`. */
  readonly resolvers?: readonly string[];
  /** Ends the run early: allocations are released, then the report comes all the same. */
  readonly signal?: AbortSignal;
  /** Gets each packet as it passes. */
  readonly onPacket?: (packet: Packet) => void;
  /** What was wrong with the form of the configuration, to be reported with it. */
  readonly problems?: readonly ConfigurationProblem[];
  /** Names the run in its report. Default `gather`. */
  readonly command?: string;
}

/** A mistake in the options: nothing was sent. */
export class ConfigurationError extends Error {
  /** `uri.missing-host`, `missing-credential`, ... */
  readonly code: string;
  /** How to mend it. */
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'ConfigurationError';
    this.code = code;
    this.hint = hint;
  }
}

export const DEFAULT_TIMEOUT_MS = 10_000;
/** What `setTimeout` can count. */
const LONGEST_MS = 2 ** 31 - 1;

/** One server for each URL, each URL once. Throws {@link ConfigurationError} where a browser would throw, too. */
export function serversOf(iceServers: readonly IceServerOption[]): readonly GatherServer[] {
  const servers = new Map<string, GatherServer>();
  for (const { urls, username, credential } of iceServers) {
    for (const url of typeof urls === 'string' ? [urls] : urls) {
      const parsed = parseServerUri(url);
      if (!parsed.ok) {
        const { code, message, hint } = parsed.error;
        throw new ConfigurationError(code, `not a server URL: ${message}`, hint);
      }
      const uri = parsed.value;
      const secret = typeof credential === 'string' ? new Secret(credential) : credential;
      // WebRTC 4.4.1.1: a TURN server without credentials is an InvalidAccessError.
      if (uri.scheme.startsWith('turn') && (!username || secret === undefined || secret.isEmpty)) {
        throw new ConfigurationError('missing-credential', `${url} has no user name or no credential`, 'give both');
      }
      const known = servers.get(url);
      if (known !== undefined) continue;
      servers.set(url, {
        url,
        uri,
        ...(username === undefined ? {} : { username }),
        ...(secret === undefined ? {} : { credential: secret }),
      });
    }
  }
  return [...servers.values()];
}

/** Throws {@link ConfigurationError} for values that no run can have. */
export function requireUsable(options: GatherOptions): void {
  requireNumber('timeoutMs', options.timeoutMs, 1, LONGEST_MS);
  requireNumber('rtoMs', options.rtoMs, 1, 60_000);
  requireNumber('paceMs', options.paceMs, 0, 10_000);
  if (options.family !== undefined && options.family !== 4 && options.family !== 6) {
    throw new ConfigurationError('bad-option', `family is ${String(options.family)}`, 'give 4 or 6');
  }
  if (options.ca !== undefined && certificatesIn(options.ca).length === 0) {
    throw new ConfigurationError('bad-ca', 'no certificate in what is to be trusted', 'give certificates in PEM');
  }
}

export function requireNumber(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= least && value <= most)) return;
  throw new ConfigurationError('bad-option', `${name} is ${value}`, `give a number from ${least} to ${most}`);
}
