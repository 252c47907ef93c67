import { type GatherOptions, requireNumber } from './gather-options.ts';

/** What a probe of the relay may be told beside what every run takes. */
export interface ProbeOptions extends Omit<GatherOptions, 'tcp' | 'relayFamilies' | 'perUrl' | 'iceTransportPolicy'> {
  /** Packets in each direction. Default 20. */
  readonly packets?: number;
  /** Bytes of payload of each. Default 172, a voice packet. */
  readonly size?: number;
  /** Packets a second. Default 500. */
  readonly rate?: number;
  /** Further allocations on each server, to find relay ports that never pass data. Default 5. */
  readonly ports?: number;
  /** What the relays can do beyond what a call needs: TCP, both families, DF, even ports, mobility. */
  readonly deep?: boolean;
  /** Minutes for which each relay is kept in use, past the lifetimes of what it is made of. */
  readonly soakMinutes?: number;
  /** Seconds for which packets go at `rate`, to see what of it arrives. Default: not at all. */
  readonly durationSeconds?: number;
  /** Security questions that a server's owner asks of an own server. */
  readonly audit?: boolean;
}

export const PROBE_DEFAULTS = { packets: 20, size: 172, rate: 500, ports: 5 } as const;

/** Bounds that keep a diagnosis from being a load test. */
export const PROBE_LIMITS = {
  packets: 10_000,
  size: 1472,
  rate: 2000,
  ports: 20,
  soakMinutes: 1440,
  durationSeconds: 60,
} as const;

/** Throws `ConfigurationError` for values that no probe can have. */
export function requireProbeUsable(options: ProbeOptions): void {
  requireNumber('packets', options.packets, 1, PROBE_LIMITS.packets);
  requireNumber('size', options.size, 16, PROBE_LIMITS.size);
  requireNumber('rate', options.rate, 1, PROBE_LIMITS.rate);
  requireNumber('ports', options.ports, 0, PROBE_LIMITS.ports);
  requireNumber('soakMinutes', options.soakMinutes, 0.05, PROBE_LIMITS.soakMinutes);
  requireNumber('durationSeconds', options.durationSeconds, 1, PROBE_LIMITS.durationSeconds);
}
