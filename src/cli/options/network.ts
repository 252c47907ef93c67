import { choice, flag, number, text } from './option.ts';

/** How to reach the servers. */
export const networkOptions = {
  policy: choice(['all', 'relay'], {
    group: 'Network',
    help: 'iceTransportPolicy: every candidate, or relayed ones alone',
  }),
  family: choice(['any', '4', '6'], { group: 'Network', help: 'IPv4 or IPv6 alone' }),
  interface: text({ group: 'Network', placeholder: 'NAME', help: 'this network interface alone' }),
  timeout: number({
    group: 'Network',
    placeholder: 'SECONDS',
    min: 0.1,
    max: 86_400,
    unit: ' of seconds',
    help: 'end the run after this long, whatever happens (default: 10)',
  }),
  rto: number({
    group: 'Network',
    placeholder: 'MS',
    min: 10,
    max: 60_000,
    unit: ' of milliseconds',
    help: 'wait this long before the first retransmission over UDP (default: 500)',
  }),
  insecure: flag({ group: 'Network', help: 'report certificate faults, but go on' }),
  ca: text({
    group: 'Network',
    placeholder: 'FILE',
    isFile: true,
    help: 'trust the certificates in this file (PEM) too',
  }),
  loopback: flag({ group: 'Network', help: 'gather on loopback interfaces too' }),
} as const;
