import type { FindingId } from '../catalogue.ts';

/**
 * The words of a finding in one language. Templates: `{name}` is a parameter of the finding; `[[...]]` is left out unless
 * every parameter in it has a value; `[[?name ...]]` unless that one is true or not empty.
 */
export interface FindingText {
  /** One line that names the cause. */
  readonly title: string;
  /** What was observed. */
  readonly detail: string;
  /** What to do. */
  readonly fix: string;
  /** What people notice, where it is not obvious. */
  readonly users?: string;
  /** For `iceprobe explain`: what it means, who suffers, what usually causes it. */
  readonly meaning: string;
  /** For `iceprobe explain`: what must have been seen before this is said. */
  readonly needs: string;
}

export interface RuledOutText {
  readonly cause: string;
  readonly because: string;
}

/** Other causes that a rule can exclude. */
export type RuledOutKey =
  | 'no-network'
  | 'silent-firewall'
  | 'local-egress'
  | 'own-place'
  | 'relay-ports'
  | 'blocked-udp'
  | 'unreachable-server'
  | 'stale-nonce'
  | 'expired-credential'
  | 'network-path'
  | 'resolver-down'
  | 'loss'
  | 'wrong-host'
  | 'external-ip'
  | 'permission'
  | 'relay-path'
  | 'client-clock';

export interface TextTable {
  readonly findings: Readonly<Record<FindingId, FindingText>>;
  readonly ruledOut: Readonly<Record<RuledOutKey, RuledOutText>>;
  readonly units: { readonly more: string };
}
