import type { ScenarioServer, ScenarioTurn } from '../support/scenario.ts';
import { REDIS } from '../support/servers.ts';
import { LOGIN, NAME, S1, S1B, S1V6, S2 } from './common.ts';
import type { Mending } from './fixes.ts';

// Mendings that need more than one option of one server: balancers, databases, servers of other kinds.

const DOCTOR = ['doctor', `turn:${S1}`, ...LOGIN] as const;
const COTURN: ScenarioTurn = { kind: 'coturn', rfc5780: false };
const own = (fault: string): ScenarioServer => ({ turn: [{ kind: 'iceprobe', extra: ['--fault', fault] }] });
const update = { says: 'update the server', turn: { kind: 'coturn', extra: [] } } as const;
const redis = (delayMs: number): ScenarioServer => ({
  services: [{ kind: 'redis', ...REDIS, delayMs }],
  turn: [{ kind: 'coturn', redis: true }],
});
const balanced = (idleMs: number): NonNullable<ScenarioServer['services']> => [
  { kind: 'balancer', address: S1, port: 3480, target: { address: S1, port: 3478 }, idleMs },
];

export const FURTHER_MENDINGS: readonly Mending[] = [
  // First, since it takes longest.
  {
    finding: 'relay.idle-closed',
    command: [
      'probe',
      `turn:${S1}`,
      `turn:${S1}:3480?transport=tcp`,
      ...LOGIN,
      ...['--soak', '0.2', '--ports', '0', '--duration', '1'],
    ],
    broken: { turn: [COTURN], services: balanced(3000) },
    steps: [{ says: 'raise the idle timeout of the load balancer', server: { services: balanced(60_000) } }],
  },
  {
    finding: 'auth.nonce-loop',
    // Two servers, and each packet reaches the other one than the packet before it: a single client, so that this is sure.
    command: ['probe', `turn:${S1}`, ...LOGIN, '--ports', '0'],
    broken: { balancer: 'per-packet', turn: [COTURN, { ...COTURN, port: 3479 }] },
    steps: [{ says: 'session affinity in the load balancer', server: { balancer: 'per-client' } }],
  },
  {
    finding: 'auth.bad-response-integrity',
    command: DOCTOR,
    broken: own('allocate:wrong-integrity'),
    steps: [update],
  },
  { finding: 'stun.malformed', command: DOCTOR, broken: own('allocate:wrong-fingerprint'), steps: [update] },
  {
    finding: 'stun.software-disclosed',
    command: ['probe', `turn:${S1}`, ...LOGIN, '--audit', '--ports', '0'],
    broken: { turn: [{ kind: 'coturn' }] },
    steps: [{ set: 'no-software-attribute' }],
  },
  {
    finding: 'net.rate-limited',
    // More at once than the limit lets through.
    command: ['probe', `turn:${S1}`, ...LOGIN, '--packets', '40', '--ports', '0'],
    broken: {
      firewall: [{ protocol: 'udp', ports: '3478', action: 'limit', perSecond: 20 }],
      turn: [{ kind: 'coturn' }],
    },
    steps: [
      {
        says: 'or of the firewall before it',
        server: { firewall: [{ protocol: 'udp', ports: '3478', action: 'limit', perSecond: 10_000 }] },
      },
    ],
  },
  {
    finding: 'net.reply-from-elsewhere',
    // One socket for two addresses: the system answers from the first, whichever was asked.
    network: 'public',
    command: ['doctor', `turn:${S1B}`, ...LOGIN],
    broken: { turn: [{ kind: 'pion', transports: ['udp'], listen: 'any' }] },
    steps: [{ says: 'bind the server to each of its addresses', turn: { listen: 'each' } }],
  },
  {
    finding: 'relay.mismatch',
    zone: { [NAME]: [S1] },
    // Two at a time, who look to the server like one that allocates twice.
    command: ['probe', `turn:${S1}:3480`, `turn:${NAME}:3480`, ...LOGIN, '--ports', '0'],
    broken: {
      services: [{ kind: 'one-for-all', address: S1, port: 3480, target: { address: S1, port: 3478 } }],
      turn: [COTURN],
    },
    steps: [
      {
        says: 'a load balancer or NAT before the server makes clients look alike',
        server: { services: [], turn: [{ ...COTURN, port: 3480 }] },
      },
    ],
  },
  {
    finding: 'relay.redirect-loop',
    command: DOCTOR,
    broken: {
      turn: [
        { ...COTURN, extra: [`--alternate-server=${S1}:3479`] },
        { ...COTURN, port: 3479, extra: [`--alternate-server=${S1}:3478`] },
      ],
    },
    steps: [{ set: 'alternate-server', to: `${S2}:3478` }],
  },
  {
    finding: 'relay.slow-allocate',
    command: [...DOCTOR, '--ports', '0', '--timeout', '30'],
    broken: redis(1500),
    steps: [{ says: 'its database of users (coturn: Redis', server: redis(0) }],
  },
  {
    finding: 'relay.family-unsupported',
    network: 'dual-stack',
    command: ['doctor', `turn:[${S1V6}]`, ...LOGIN],
    broken: {
      ipv6: true,
      turn: [{ ...COTURN, ipv6: 'no-relay', extra: ['--allocation-default-address-family=keep'] }],
    },
    steps: [{ set: 'relay-ip', to: S1V6 }],
  },
  {
    finding: 'relay.feature-fails',
    network: 'public',
    command: ['probe', `turn:${S1}?transport=tcp`, ...LOGIN, '--deep', '--ports', '0'],
    broken: {
      firewall: [{ protocol: 'tcp', ports: '49152-65535', action: 'prohibit' }],
      turn: [{ kind: 'coturn' }],
    },
    steps: [{ says: 'open the relay ports for TCP too', firewall: 'opened' }],
  },
  {
    finding: 'tls.handshake-failed',
    zone: { [NAME]: [S1] },
    command: ['doctor', `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'],
    broken: { services: [{ kind: 'reset', address: S1, port: 5349 }] },
    steps: [
      {
        says: 'whether the server has a certificate',
        server: { services: [], turn: [{ kind: 'coturn', certificate: 'good' }] },
      },
    ],
  },
];
