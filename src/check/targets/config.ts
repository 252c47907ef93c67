/**
 * The targets of `iceprobe check` and `iceprobe monitor`: `iceprobe.config.json`, or what `iceprobe.config.ts` exports.
 */
export interface IceprobeConfig {
  /** For editors: `./node_modules/iceprobe/dist/config.schema.json`. */
  readonly $schema?: string;
  /**
   * What is tested, by name: letters, digits, `.`, `_` and `-`.
   * @propertyNames {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
   * @minProperties 1
   */
  readonly targets: Readonly<Record<string, TargetConfig>>;
  /** For every target that does not say otherwise. */
  readonly defaults?: TargetDefaults;
  /**
   * How many targets are tested at the same time, at most: 4 by default, 20 by `iceprobe monitor`.
   * @minimum 1
   * @maximum 100
   * @asType integer
   */
  readonly concurrency?: number;
}

/** One service: its servers, and what must hold of them. */
export interface TargetConfig extends TargetDefaults {
  /**
   * As in an RTCConfiguration; what is secret by reference to an environment variable.
   * @minItems 1
   */
  readonly iceServers: readonly IceServerConfig[];
}

/** One entry of `iceServers`. Without a credential of its own, the environment's (ICEPROBE_USERNAME and so on) is taken. */
export interface IceServerConfig {
  /** STUN and TURN URLs (RFC 7064, RFC 7065). */
  readonly urls: TextOrReference | TextsOrReferences;
  readonly username?: TextOrReference;
  readonly credential?: TextOrReference;
  /** Instead of a credential: the shared secret (coturn: `static-auth-secret`) that one is minted from for each run. */
  readonly secret?: TextOrReference;
}

/** Text as it is, or the environment variable that holds it. */
export type TextOrReference = Text | EnvironmentReference;

/** @minItems 1 */
export type TextsOrReferences = readonly TextOrReference[];

/** @minLength 1 */
export type Text = string;

/** `{ "env": "TURN_PASSWORD" }`: the value of that environment variable, which must be set. */
export interface EnvironmentReference {
  /** @pattern ^[A-Za-z_][A-Za-z0-9_]*$ */
  readonly env: string;
}

/** What is asked of a target, how, and when. */
export interface TargetDefaults extends ExpectationConfig, NetworkConfig, ScheduleConfig {}

/** What must hold. Without `require` and `expect`, data crosses the relay of every TURN URL and every STUN URL answers. */
export interface ExpectationConfig {
  /** What must come about, as for `--require`: `relay/udp`, `relay/tls/6`, `srflx@stun:HOST`. */
  readonly require?: readonly Text[];
  /** Assertions on fields of the JSON report, as for `--expect`: `findings.count == 0`. */
  readonly expect?: readonly Text[];
  /**
   * Milliseconds that the median round trip through each relay may take.
   * @minimum 0
   * @maximum 60000
   */
  readonly maxRtt?: number;
  /**
   * Percent of the packets through each relay that may be lost.
   * @minimum 0
   * @maximum 100
   */
  readonly maxLoss?: number;
  /**
   * Milliseconds until gathering must be complete.
   * @minimum 1
   * @maximum 600000
   */
  readonly maxGatherTime?: number;
  /**
   * Days that each certificate must still be valid.
   * @minimum 0
   * @maximum 3650
   */
  readonly minCertDays?: number;
  /**
   * From which severity on a finding fails the target.
   * @default "error"
   */
  readonly failOn?: 'error' | 'warning';
  /** Findings that are known and borne with, as for `--allow`: `relay.private-address@turn:HOST until 2030-01-31`. */
  readonly allow?: readonly Text[];
  /**
   * How often a run that fails is repeated; a later success is reported as unreliable.
   * @minimum 0
   * @maximum 10
   * @default 0
   * @asType integer
   */
  readonly retries?: number;
}

/** How to reach the servers: as the options of the same names. */
export interface NetworkConfig {
  /**
   * Every candidate, or relayed ones alone.
   * @default "all"
   */
  readonly iceTransportPolicy?: 'all' | 'relay';
  /** IPv4 or IPv6 alone. */
  readonly family?: 4 | 6;
  /** This network interface alone. */
  readonly interface?: Text;
  /**
   * Seconds after which a run ends, whatever happens.
   * @minimum 0.1
   * @maximum 86400
   * @default 10
   */
  readonly timeout?: number;
  /**
   * Milliseconds before the first retransmission over UDP.
   * @minimum 10
   * @maximum 60000
   * @default 500
   */
  readonly rto?: number;
  /** Report certificate faults, but go on. */
  readonly insecure?: boolean;
  /** A file with certificates (PEM) that are trusted too, from the folder of this file. */
  readonly ca?: Text;
  /** Gather on loopback interfaces too. */
  readonly loopback?: boolean;
  /**
   * Packets in each direction through a relay.
   * @minimum 1
   * @maximum 10000
   * @default 20
   * @asType integer
   */
  readonly packets?: number;
  /**
   * Bytes of payload of each packet.
   * @minimum 16
   * @maximum 1472
   * @default 172
   * @asType integer
   */
  readonly size?: number;
  /**
   * Packets a second.
   * @minimum 1
   * @maximum 2000
   * @default 500
   */
  readonly rate?: number;
  /**
   * Further relay ports to try on each server.
   * @minimum 0
   * @maximum 20
   * @default 5
   * @asType integer
   */
  readonly ports?: number;
}

/** When `iceprobe monitor` tests a target. */
export interface ScheduleConfig {
  /**
   * Seconds from the beginning of one run to that of the next.
   * @minimum 1
   * @maximum 86400
   * @default 60
   */
  readonly interval?: number;
  /**
   * Seconds by which the beginning of a run is shifted at random, at most, so that not all targets begin at once. Default:
   * a tenth of the interval.
   * @minimum 0
   * @maximum 86400
   */
  readonly jitter?: number;
}
