import { addressKind, addressToBytes, bytesToAddress, familyOf } from '../core/address.ts';
import { DEFAULT_RELAY_PORTS } from '../core/turn/server/settings.ts';
import type { Placement } from './addresses.ts';
import type { TurnServerOptions } from './options.ts';

/**
 * The same settings as a `turnserver.conf` of coturn, for the day when a local server is not enough. What coturn cannot do
 * alike is said in a comment.
 */
export function coturnConfig(
  options: TurnServerOptions,
  placement: Placement,
  tlsFiles: { readonly cert: string; readonly key: string } | undefined,
): string {
  const users = Object.entries(options.users ?? {});
  const { min, max } = options.relayPorts ?? DEFAULT_RELAY_PORTS;
  const relays = Object.values(placement.relays).map((relay) => relay.bind);
  const external = Object.values(placement.relays).find((relay) => relay.advertise !== undefined);
  const lines = [
    '# Made by iceprobe turn-server --print-config coturn. Start with: turnserver -c FILE',
    ...placement.listen.map((address) => `listening-ip=${address}`),
    ...relays.map((address) => `relay-ip=${address}`),
    ...(external === undefined ? [] : [`external-ip=${external.advertise}/${external.bind}`]),
    ...(options.port === undefined || options.port === 0 ? [] : [`listening-port=${options.port}`]),
    `min-port=${min}`,
    `max-port=${max}`,
    `realm=${options.realm ?? 'iceprobe.local'}`,
    'fingerprint',
    '',
    ...accounts(users, options.secret),
    '',
    ...(tlsFiles === undefined
      ? [
          '# No certificate: turns: needs one that browsers trust, for a name that resolves to this host.',
          'no-tls',
          'no-dtls',
        ]
      : [
          ...(options.tlsPort === undefined || options.tlsPort === 0 ? [] : [`tls-listening-port=${options.tlsPort}`]),
          `cert=${tlsFiles.cert}`,
          `pkey=${tlsFiles.key}`,
          'no-dtls',
        ]),
    '',
    ...peers(options, placement),
    '',
    'no-cli',
    'no-multicast-peers',
  ];
  return `${lines.join('\n')}\n`;
}

function accounts(users: readonly (readonly [string, string])[], secret: string | undefined): string[] {
  // coturn takes one kind or the other.
  if (secret !== undefined) {
    const others = users.length === 0 ? [] : ['# coturn takes no listed users beside a shared secret; left out here.'];
    return [...others, 'use-auth-secret', `static-auth-secret=${secret}`];
  }
  if (users.length === 0) return ['# Give --user NAME:PASSWORD or --secret, and they stand here.', 'lt-cred-mech'];
  return ['lt-cred-mech', ...users.map(([name, password]) => `user=${name}:${password}`)];
}

/** RFC 1918, RFC 4193, RFC 6598, link-local, loopback and metadata: what a relay must not open to the outside. */
const PRIVATE_RANGES = [
  '0.0.0.0-0.255.255.255',
  '10.0.0.0-10.255.255.255',
  '100.64.0.0-100.127.255.255',
  '127.0.0.0-127.255.255.255',
  '169.254.0.0-169.254.255.255',
  '172.16.0.0-172.31.255.255',
  '192.168.0.0-192.168.255.255',
  '::1',
  'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];

function peers(options: TurnServerOptions, placement: Placement): string[] {
  const isLocal = placement.listen.every((address) => addressKind(address) === 'loopback');
  const denied = isLocal ? ['allow-loopback-peers'] : PRIVATE_RANGES.map((range) => `denied-peer-ip=${range}`);
  const allowed = (options.allowPeers ?? []).map((block) => {
    const [address = '', bits] = block.split('/');
    const isOne = bits === undefined || Number(bits) === (familyOf(address) === 4 ? 32 : 128);
    return isOne ? `allowed-peer-ip=${address}` : `allowed-peer-ip=${blockRange(address, Number(bits))}`;
  });
  return [...denied, ...allowed];
}

/** `FIRST-LAST` of a block. */
function blockRange(address: string, prefixLength: number): string {
  const bytes = addressToBytes(address) ?? new Uint8Array(4);
  const first = bytes.slice();
  const last = bytes.slice();
  for (let i = 0; i < bytes.length; i++) {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * i));
    const host = 0xff >> bits;
    first[i] = (first[i] ?? 0) & ~host;
    last[i] = (last[i] ?? 0) | host;
  }
  return `${bytesToAddress(first)}-${bytesToAddress(last)}`;
}
