import { fail, ok, type Result } from '../../core/result.ts';
import { parseServerUri } from '../../core/stun/uri.ts';
import { PROBE_DEFAULTS, PROBE_LIMITS } from '../../probe/probe-options.ts';
import { flag, number, one, repeatable } from '../options/option.ts';

/** How data is sent through a relay. */
export const probeOptions = {
  packets: number({
    group: 'Network',
    placeholder: 'N',
    min: 1,
    max: PROBE_LIMITS.packets,
    whole: true,
    help: `packets in each direction through a relay (default: ${PROBE_DEFAULTS.packets})`,
  }),
  size: number({
    group: 'Network',
    placeholder: 'BYTES',
    min: 16,
    max: PROBE_LIMITS.size,
    whole: true,
    unit: ' of bytes',
    help: `payload of each packet (default: ${PROBE_DEFAULTS.size}, a voice packet)`,
  }),
  rate: number({
    group: 'Network',
    placeholder: 'N',
    min: 1,
    max: PROBE_LIMITS.rate,
    help: `packets a second (default: ${PROBE_DEFAULTS.rate})`,
  }),
  duration: number({
    group: 'Network',
    placeholder: 'SECONDS',
    min: 1,
    max: PROBE_LIMITS.durationSeconds,
    unit: ' of seconds',
    help: 'send at that rate for this long, and see how much of it arrives (default: not at all; 3 with --soak)',
  }),
  ports: number({
    group: 'Network',
    placeholder: 'N',
    min: 0,
    max: PROBE_LIMITS.ports,
    whole: true,
    help: `further relay ports to try on each server (default: ${PROBE_DEFAULTS.ports})`,
  }),
} as const;

/** Questions beyond the ladder, asked of each way to each server. */
export const furtherOptions = {
  deep: flag({
    group: 'Network',
    help: 'ask what else each relay can do, and whether it does: TCP (RFC 6062), both families, DONT-FRAGMENT, EVEN-PORT, mobility',
  }),
  soak: number({
    group: 'Network',
    placeholder: 'MINUTES',
    min: 0.05,
    max: PROBE_LIMITS.soakMinutes,
    unit: ' of minutes',
    help: 'keep each relay in use for this long: 11 is more than nonces, permissions, channels and allocations live unless they are renewed',
  }),
  audit: flag({
    group: 'Network',
    help: 'ask what its owner asks of a server (for servers of your own): is the relay a door to private addresses and cloud metadata, what does it tell, does it amplify, which TLS does it take',
  }),
} as const;

/** How far the life of an idle NAT binding is looked for. */
export const lifetimeOptions = {
  lifetime: number({
    group: 'Network',
    placeholder: 'SECONDS',
    min: 2,
    max: 3600,
    unit: ' of seconds',
    help: 'measure how long an idle UDP binding lives, up to this; takes about as long as it lives',
  }),
} as const;

/** What is asked of the NAT beyond the servers that are given. */
export const natOptions = {
  server: repeatable(
    one(
      {
        group: 'Network',
        placeholder: 'HOST',
        help: 'another STUN server, asked for the NAT alone: tells apart what one address cannot',
      },
      stunServer,
    ),
  ),
  'ask-gateway': flag({
    group: 'Network',
    help: 'ask the default gateway for its outer address (NAT-PMP, UPnP; nothing is changed there): are there two NATs in a row?',
  }),
} as const;

/** `stun.example.org`, with a port or as a whole URL. */
function stunServer(given: string): Result<string, string> {
  const url = /^[a-z]+:(?!\d+$)/i.test(given) ? given : `stun:${given}`;
  const parsed = parseServerUri(url);
  const isStun = parsed.ok && parsed.value.scheme === 'stun';
  return isStun ? ok(url) : fail('a STUN server, like stun.example.org:3478');
}
