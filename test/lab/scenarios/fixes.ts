import type { Scenario, ScenarioServer, ScenarioTurn } from '../support/scenario.ts';
import { LOGIN, NAME, S1, S1V6, S2 } from './common.ts';
import { FURTHER_MENDINGS } from './further-fixes.ts';
import { RATED } from './soak.ts';

/**
 * A step of mending. `says`: words of the printed fix that tell to do it; a test holds the fix to them, so what is applied is what
 * is printed. An option is applied by the very name that is printed.
 */
export type Step =
  /** An option of coturn's, by its printed name; in place of one that stands there already. Without `to`: one that is on or off. */
  | { readonly set: string; readonly to?: string }
  | { readonly remove: string }
  /** The server's firewall, without what it dropped. */
  | { readonly says: string; readonly firewall: 'opened' }
  | { readonly says: string; readonly turn: Partial<ScenarioTurn> }
  | { readonly says: string; readonly server: Partial<ScenarioServer> };

export interface Mending {
  readonly finding: string;
  readonly network?: Scenario['network'];
  readonly zone?: Scenario['zone'];
  readonly at?: string;
  readonly command: Scenario['command'];
  readonly broken: ScenarioServer;
  readonly steps: readonly Step[];
}

const RELAY_PORTS = { low: 50_000, high: 50_199 } as const;
const ALL_PORTS = '50000-50199';
const DOCTOR = ['doctor', `turn:${S1}`, ...LOGIN] as const;
const TWO_WAYS = ['doctor', `turn:${S1}`, `turn:${S1}?transport=tcp`, ...LOGIN] as const;
const TLS = ['doctor', `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'] as const;
const zone = { [NAME]: [S1] };

const coturn = (...extra: readonly string[]): ScenarioServer => ({ turn: [{ kind: 'coturn', extra }] });
const walled = (action: 'stateful' | 'drop', ports: string = ALL_PORTS): ScenarioServer => ({
  firewall: [{ protocol: 'udp', ports, action }],
  turn: [{ kind: 'coturn', relayPorts: RELAY_PORTS }],
});
const certified = (certificate: NonNullable<ScenarioTurn['certificate']>): ScenarioServer => ({
  turn: [{ kind: 'coturn', certificate }],
});
const mendedBy = (says: string, finding: string, certificate: Parameters<typeof certified>[0]): Mending => ({
  finding,
  zone,
  command: TLS,
  broken: certified(certificate),
  steps: [{ says, turn: { certificate: 'good' } }],
});

/** What the owner of a server can mend: broken, then mended as the fix says, seen by the same run. */
export const MENDINGS: readonly Mending[] = [
  ...FURTHER_MENDINGS,
  {
    finding: 'relay.inbound-blocked',
    command: DOCTOR,
    broken: walled('stateful'),
    steps: [{ says: 'allow inbound UDP min-port..max-port', firewall: 'opened' }],
  },
  {
    finding: 'relay.no-data',
    command: DOCTOR,
    broken: walled('drop'),
    steps: [{ says: 'allow UDP in and out on the relay ports', firewall: 'opened' }],
  },
  {
    finding: 'relay.port-range-mismatch',
    command: [...DOCTOR, '--ports', '20'],
    broken: {
      firewall: [{ protocol: 'udp', ports: '50000-50002', action: 'drop' }],
      turn: [{ kind: 'coturn', relayPorts: { low: 50_000, high: 50_005 } }],
    },
    steps: [
      { set: 'min-port', to: '50003' },
      { set: 'max-port', to: '50199' },
    ],
  },
  {
    finding: 'relay.private-address',
    command: DOCTOR,
    broken: { ...coturn(), front: 'one-to-one', turn: [{ kind: 'coturn', rfc5780: false }] },
    steps: [{ set: 'external-ip', to: `${S1}/10.77.1.2` }],
  },
  {
    finding: 'relay.address-wrong',
    command: DOCTOR,
    broken: { turn: [{ kind: 'coturn', rfc5780: false, extra: ['--external-ip=198.19.254.77/198.19.1.2'] }] },
    steps: [{ set: 'external-ip', to: `${S1}/${S1}` }],
  },
  {
    finding: 'relay.peer-forbidden',
    command: DOCTOR,
    broken: coturn('--denied-peer-ip=198.18.0.0-198.18.255.255'),
    steps: [{ set: 'allowed-peer-ip', to: '198.18.0.0-198.18.255.255' }],
  },
  { finding: 'relay.not-turn', command: DOCTOR, broken: coturn('--stun-only'), steps: [{ remove: 'stun-only' }] },
  {
    finding: 'relay.udp-unsupported',
    command: DOCTOR,
    broken: coturn('--no-udp-relay'),
    steps: [{ remove: 'no-udp-relay' }],
  },
  {
    finding: 'relay.quota',
    command: TWO_WAYS,
    broken: coturn('--user-quota=1'),
    steps: [{ set: 'user-quota', to: '100' }],
  },
  {
    finding: 'relay.capacity',
    command: TWO_WAYS,
    broken: coturn('--min-port=50000', '--max-port=50000'),
    steps: [{ set: 'max-port', to: '50199' }],
  },
  {
    finding: 'relay.open-to-private',
    command: ['probe', `turn:${S1}`, ...LOGIN, '--audit', '--ports', '0'],
    broken: coturn(),
    steps: [
      '10.0.0.0-10.255.255.255',
      '172.16.0.0-172.31.255.255',
      '192.168.0.0-192.168.255.255',
      '100.64.0.0-100.127.255.255',
      '169.254.0.0-169.254.255.255',
    ].map((to) => ({ set: 'denied-peer-ip', to })),
  },
  {
    finding: 'relay.ends-early',
    command: ['probe', `turn:${S1}`, ...LOGIN, '--soak', '0.2', '--duration', '1', '--ports', '0'],
    broken: coturn('--channel-lifetime=3'),
    steps: [{ set: 'channel-lifetime', to: '600' }],
  },
  {
    finding: 'relay.bandwidth-capped',
    command: ['probe', `turn:${S1}`, ...LOGIN, ...RATED],
    broken: coturn('--max-bps=150000'),
    steps: [{ set: 'max-bps', to: '10000000' }],
  },
  ...(['refresh:lifetime=0', 'data:drop,channel'] as const).map(
    (fault): Mending => ({
      finding: fault.startsWith('refresh') ? 'relay.refresh-fails' : 'relay.channel-fails',
      command: DOCTOR,
      broken: { turn: [{ kind: 'iceprobe', extra: ['--fault', fault] }] },
      steps: [{ says: 'update or replace the server', turn: { kind: 'coturn', extra: [] } }],
    }),
  ),
  {
    finding: 'stun.private-mapped',
    command: ['doctor', `stun:${S1}`],
    broken: { front: 'source-nat', turn: [{ kind: 'coturn', rfc5780: false }] },
    steps: [{ says: 'no source NAT in front of it', server: { front: 'one-to-one' } }],
  },
  {
    finding: 'stun.amplification',
    command: ['probe', `turn:${S1}`, ...LOGIN, '--audit', '--ports', '0'],
    broken: {
      turn: [
        {
          kind: 'coturn',
          realm: 'r'.repeat(120),
          extra: [
            '10.0.0.0-10.255.255.255',
            '172.16.0.0-192.168.255.255',
            '100.64.0.0-100.127.255.255',
            '169.254.0.0-169.254.255.255',
          ].map((range) => `--denied-peer-ip=${range}`),
        },
      ],
    },
    steps: [{ says: 'a short realm', turn: { realm: 'lab' } }],
  },
  {
    finding: 'auth.open-relay',
    command: DOCTOR,
    broken: { turn: [{ kind: 'coturn', open: true }] },
    steps: [{ says: 'require credentials (coturn: lt-cred-mech with user=', turn: { open: false } }],
  },
  {
    finding: 'net.udp-silent-here',
    command: ['doctor', `turn:${S1}`, `turn:${S1}?transport=tcp`, `stun:198.19.2.2`, ...LOGIN],
    broken: walled('drop', '3478'),
    steps: [{ says: 'open UDP 3478 at the server', firewall: 'opened' }],
  },
  {
    finding: 'net.port-blocked',
    command: ['doctor', `turn:${S1}?transport=tcp`, `turn:${S1}:3479?transport=tcp`, ...LOGIN],
    broken: {
      firewall: [{ protocol: 'tcp', ports: '3479', action: 'drop' }],
      turn: [
        { kind: 'coturn', rfc5780: false },
        { kind: 'iceprobe', port: 3479, rfc5780: false, extra: ['--relay-ports', '51000-51999'] },
      ],
    },
    steps: [{ says: "allow TCP 3479 in the server's firewall", firewall: 'opened' }],
  },
  {
    finding: 'net.refused',
    command: DOCTOR,
    broken: { turn: [{ kind: 'coturn', port: 3999 }] },
    steps: [{ says: 'correct the port (TURN: 3478', turn: { port: 3478 } }],
  },
  {
    finding: 'net.aaaa-not-served',
    network: 'dual-stack',
    zone: { [NAME]: [S1, S1V6] },
    command: ['doctor', `turn:${NAME}`, ...LOGIN],
    broken: { ipv6: true, turn: [{ kind: 'coturn' }] },
    steps: [{ says: 'let the server listen on IPv6', turn: { ipv6: true } }],
  },
  {
    finding: 'tls.no-listener',
    zone,
    command: ['doctor', `turn:${NAME}`, `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'],
    broken: coturn(),
    steps: [{ says: 'give the server a certificate (coturn: cert, pkey', turn: { certificate: 'good' } }],
  },
  {
    finding: 'tls.plain-on-tls-port',
    zone,
    command: TLS,
    broken: { turn: [{ kind: 'pion', port: 5349, transports: ['tcp'] }] },
    steps: [{ says: 'let the server speak TLS there', turn: { transports: ['tls'], certificate: 'good' } }],
  },
  {
    finding: 'tls.old-version',
    zone,
    command: TLS,
    broken: { turn: [{ kind: 'iceprobe', certificate: 'good', extra: ['--fault', 'tls:old-version'] }] },
    steps: [{ says: 'allow TLS 1.2 and 1.3', turn: { extra: [] } }],
  },
  {
    finding: 'auth.empty-realm',
    command: DOCTOR,
    broken: { turn: [{ kind: 'iceprobe', extra: ['--fault', 'any:empty-realm'] }] },
    steps: [{ says: 'set one (coturn: realm=', turn: { kind: 'coturn', realm: 'example.org', extra: [] } }],
  },
  {
    finding: 'net.nodes-differ',
    zone: { [NAME]: [S1, S2] },
    command: ['doctor', `turn:${NAME}`, ...LOGIN],
    broken: { turn: [{ kind: 'coturn', realm: 'other' }] },
    steps: [{ says: 'give all of them the same realm', turn: { realm: 'lab' } }],
  },
  {
    finding: 'net.one-address-bad',
    zone: { [NAME]: [S1, S2] },
    command: ['doctor', `turn:${NAME}`, ...LOGIN],
    broken: { turn: [{ kind: 'coturn', port: 3999 }] },
    steps: [{ says: `mend or remove ${S1}`, turn: { port: 3478 } }],
  },
  mendedBy('renew it and let the server load it', 'tls.expired', 'expired'),
  mendedBy('renew it', 'tls.expires-soon', 'expires-soon'),
  mendedBy('give the server the whole chain', 'tls.chain-incomplete', 'missing-intermediate'),
  mendedBy('use a certificate of a public authority', 'tls.untrusted', 'self-signed'),
  mendedBy('or get one for turn.example.org', 'tls.name-mismatch', 'wrong-name'),
  mendedBy('make a new certificate', 'tls.not-yet-valid', 'not-yet-valid'),
];

/** Findings about a server whose fix no test applies, and why. */
export const UNMENDED: Readonly<Record<string, string>> = {
  'relay.redirected': 'nothing is to be mended, as the fix says: the redirection is followed and works',
};

/** The same servers, with what the fix says. */
export function mended({ broken, steps }: Mending): ScenarioServer {
  return steps.reduce(apply, broken);
}

/** Words that the printed fix must hold for this step to be what it says. */
export function wordsOf(step: Step): string {
  if ('set' in step) return step.set;
  return 'remove' in step ? `remove ${step.remove}` : step.says;
}

function apply(server: ScenarioServer, step: Step): ScenarioServer {
  if ('firewall' in step) return { ...server, firewall: [] };
  if ('server' in step) return { ...server, ...step.server };
  const [first, ...others] = server.turn ?? [];
  if (first === undefined) throw new Error('there is no server to mend');
  if ('turn' in step) return { ...server, turn: [{ ...first, ...step.turn }, ...others] };
  const name = 'set' in step ? step.set : step.remove;
  const isAnother = (word: string): boolean =>
    REPEATABLE.includes(name) || (word !== `--${name}` && !word.startsWith(`--${name}=`));
  const kept = (first.extra ?? []).filter(isAnother);
  const added = 'set' in step ? [step.to === undefined ? `--${step.set}` : `--${step.set}=${step.to}`] : [];
  return { ...server, turn: [{ ...first, extra: [...kept, ...added] }, ...others] };
}

/** Options that add to each other. */
const REPEATABLE = ['denied-peer-ip', 'allowed-peer-ip', 'relay-ip'];
