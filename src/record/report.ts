import type { AddressKind, Family, TransportKind } from '../core/address.ts';
import type { Stage } from '../core/attempt.ts';
import type { ConfigurationRemark } from '../core/configuration/configuration.ts';
import type { Candidate, CandidateError } from '../core/ice/candidate.ts';
import type { GatheringStateName } from '../core/ice/events.ts';
import type { Call } from './calls.ts';
import type { RunEvent } from './events.ts';
import type { Finding } from './finding.ts';
import type { PeerResult } from './peer.ts';

// What a report is made of, for those who read reports and know nothing of protocols.
export type { AddressKind, Family, TransportKind } from '../core/address.ts';
export type { Stage, StageData, StageName, StageStatus } from '../core/attempt.ts';
export type { CandidatePair, DataMeasurement, PairEnd } from '../core/call/events.ts';
export type { Candidate, CandidateError, CandidateType } from '../core/ice/candidate.ts';
export { printable } from '../core/printable.ts';
export type { Call, CallCandidate, CallPeer, CallSample, CallTiming } from './calls.ts';
export type { RunEvent } from './events.ts';
export type { PeerResult } from './peer.ts';

export const REPORT_SCHEMA = 'iceprobe.report/1';

/** Where something was seen from: this program's own sockets, or a browser's RTCPeerConnection. */
export type Vantage = 'terminal' | 'browser';

/** Enumerations of the report are open: a reader must bear with words that it does not know. */
export type Verdict = 'ok' | 'warning' | 'error' | 'undetermined';

/**
 * The report, as written by `--format json`. Times are milliseconds from the start of the run. A part that the command
 * does not produce is absent. Adding a field keeps the schema's number; removing or changing one raises it.
 */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly tool: Tool;
  readonly command: string;
  /** ISO 8601, UTC, by the wall clock. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number;
  readonly configuration: ReportedConfiguration;
  readonly network: Network;
  readonly gatherings?: readonly Gathering[];
  readonly servers?: readonly Server[];
  readonly nat?: readonly NatResult[];
  readonly calls?: readonly Call[];
  /** With `--peer`. */
  readonly peer?: PeerResult;
  readonly expectations?: readonly Expectation[];
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
  /** Remarks of the tool about itself: what it left out, folded or could not do. */
  readonly notes?: readonly string[];
  /** All events, with `--events`. */
  readonly events?: readonly RunEvent[];
}

export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Version of Node; absent where the report was made in a page. */
  readonly node?: string;
  readonly platform?: string;
}

/** An RTCConfiguration as far as the tool reads it, without its secrets. */
export interface ReportedConfiguration {
  readonly iceServers: readonly ReportedIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  /** What was wrong with the form in which it came, beyond what the URLs themselves show. */
  readonly problems?: readonly ConfigurationProblem[];
}

/** A mistake in a configuration that could be read all the same, such as `url` for `urls`. */
export type ConfigurationProblem = ConfigurationRemark;

export interface ReportedIceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  /** Always `[redacted]`: that there was one is all that is told. */
  readonly credential?: '[redacted]';
}

export type IceTransportPolicy = 'all' | 'relay';

export interface Network {
  readonly interfaces: readonly NetworkInterface[];
  readonly resolvers: readonly string[];
  readonly proxy: string | null;
}

export interface NetworkInterface {
  readonly name: string;
  readonly family: Family;
  readonly address: string;
  readonly kind: AddressKind | 'vpn';
  /** A privacy address (RFC 8981) that will change. */
  readonly temporary?: boolean;
}

export interface Gathering {
  readonly vantage: Vantage;
  /** The browser's, null for the terminal. */
  readonly userAgent: string | null;
  /** Set where this gathering had that URL alone; null for the one with all servers together, as a browser does it. */
  readonly url: string | null;
  readonly states: readonly { readonly state: GatheringStateName; readonly ms: number }[];
  readonly candidates: readonly Candidate[];
  readonly omitted: readonly { readonly candidate: string; readonly reason: string }[];
  readonly errors: readonly CandidateError[];
}

export interface Server {
  readonly url: string;
  /** Set where nobody asked for this URL: it was tried to tell two causes apart. Absent for what was asked for. */
  readonly control?: string;
  readonly verdict: Verdict;
  readonly attempts: readonly Attempt[];
  /** Names resolved for this URL; what failed before any address was known is here. */
  readonly resolve?: Stage;
}

/** One way to one address of one server, walked stage by stage. */
export interface Attempt {
  /** Names the attempt within the report; `stage` and `transport-open` events carry it. */
  readonly id: string;
  readonly family: Family;
  /** The server's. */
  readonly address: string;
  readonly port: number;
  readonly transport: TransportKind;
  readonly interface: string | null;
  /** Ours, null where no socket could be had. */
  readonly localAddress: string | null;
  readonly verdict: Verdict;
  readonly stages: readonly Stage[];
  readonly tls?: TlsSummary;
  readonly relay?: RelayMeasurement;
}

export interface TlsSummary {
  readonly protocol: string | null;
  readonly cipher: string | null;
  readonly subjectAltNames: readonly string[];
  readonly issuer: string | null;
  readonly daysLeft: number | null;
  readonly chain: readonly TlsCertificate[];
  /** Each reason why a browser would refuse it; empty when it is good. */
  readonly problems: readonly TlsProblem[];
}

export interface TlsCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly subjectAltNames: readonly string[];
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  readonly fingerprint256: string;
}

export type TlsProblemCode =
  | 'untrusted'
  | 'self-signed'
  | 'chain-incomplete'
  | 'name-mismatch'
  | 'expired'
  | 'not-yet-valid'
  | 'old-version'
  | 'handshake-failed';

export interface TlsProblem {
  readonly code: TlsProblemCode;
  readonly detail: string;
}

export interface RelayMeasurement {
  readonly address: string;
  readonly port: number;
  readonly directions: readonly {
    readonly direction: 'peer-first' | 'relay-to-peer' | 'peer-after-relay';
    readonly sent: number;
    readonly received: number;
  }[];
  readonly rttMs: { readonly min: number; readonly p50: number; readonly p95: number; readonly max: number } | null;
  readonly jitterMs: number | null;
  readonly lossPercent: number | null;
  readonly [key: string]: unknown;
}

/** RFC 4787 4.1, and `none` where nothing is translated. */
export type NatMapping =
  | 'none'
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent'
  | 'not-determined';

export interface NatResult {
  readonly interface: string | null;
  readonly family: Family;
  readonly localAddress: string;
  readonly mappedAddress: string | null;
  readonly mapping: NatMapping;
  readonly filtering: 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent' | 'not-determined';
  /** Of TCP; null where it was not looked at. */
  readonly tcpMapping?: NatMapping | null;
  readonly hairpinning: boolean | null;
  readonly portPreservation: boolean | null;
  readonly bindingLifetimeSeconds: number | null;
  /** Servers saw us at more than one address. */
  readonly unstable?: boolean;
  /** As the gateway says itself; null where it was not asked (`--ask-gateway`), or did not say. */
  readonly gatewayExternalAddress?: string | null;
  /** NATs in a row; null where the gateway was not asked, and where there is none. */
  readonly translations?: 'one' | 'two-or-more' | 'not-determined' | null;
  readonly reasons: readonly string[];
  /** What would tell what is not determined. */
  readonly settledBy?: readonly string[];
  readonly [key: string]: unknown;
}

export interface Expectation {
  readonly text: string;
  /** null: not determined. */
  readonly met: boolean | null;
  readonly value: unknown;
  /** Why it is not met, or not determined. */
  readonly because?: string;
  /** The finding that explains it. */
  readonly finding?: string;
}
