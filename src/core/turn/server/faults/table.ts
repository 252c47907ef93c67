import { familyOf } from '../../../address.ts';
import type { Lifetimes } from '../settings.ts';
import { DATA_ROWS } from './data-rows.ts';
import { CERTIFICATE_FAULTS, type CertificateFault, type FaultPlan, type SocketFault } from './plan.ts';
import { METHOD_SUBJECTS, REQUEST_ROWS } from './request-rows.ts';
import type { FaultRow } from './row.ts';
import { readAddress } from './values.ts';

export type { FaultRow } from './row.ts';

const SERVER_ROWS: readonly FaultRow[] = [
  plain('auth', 'none', 'who sends no credentials gets in (an open relay)', 'auth:none', /^none$/, () => ({
    openRelay: true,
  })),
  plain('nonce', 'once', 'each nonce serves one request', 'nonce:once', /^once$/, () => ({ nonceOnce: true })),
  plain('nonce', 'SECONDS', 'how long a nonce serves', 'nonce:5', /^(\d{1,9})$/, ([, s]) => ({
    lifetimes: { nonce: Number(s) },
  })),
  plain(
    'lifetime',
    'WHAT=SECONDS',
    'of allocation, permission, channel, reservation, idle',
    'lifetime:permission=2',
    /^(allocation|permission|channel|reservation|idle)=(\d{1,6})$/,
    ([, what = '', s]) => ({
      lifetimes: shortened(what, Number(s)),
    }),
  ),
  plain(
    'redirect',
    'IP:PORT',
    'every Allocate is sent elsewhere (300)',
    'redirect:127.0.0.1:3479',
    /^(.+)$/,
    ([, text = '']) => {
      const address = readAddress(text);
      const family = familyOf(address?.address ?? '');
      if (address?.port === undefined || family === undefined) return `${text} is not IP:PORT`;
      return { redirect: { family, address: address.address, port: address.port } };
    },
  ),
  plain(
    'allocation',
    'lost=SECONDS',
    'forgotten after that time, as by a restart',
    'allocation:lost=3',
    /^lost=(\d{1,6})$/,
    ([, s]) => ({
      allocationLost: Number(s),
    }),
  ),
  plain(
    'stream',
    'idle=SECONDS',
    'a silent TCP or TLS connection is closed, as by a load balancer',
    'stream:idle=5',
    /^idle=(\d{1,6})$/,
    ([, s]) => ({
      streamIdle: Number(s),
    }),
  ),
];

const SOCKET_ROWS: readonly FaultRow[] = [
  handshake(
    CERTIFICATE_FAULTS.filter((each) => !each.startsWith('old-')),
    'the certificate is bad in this way',
    'tls:expired',
  ),
  handshake(
    CERTIFICATE_FAULTS.filter((each) => each.startsWith('old-')),
    'TLS 1.0 and 1.1 are spoken, alone or beside newer versions',
    'tls:old-version',
  ),
  sockets(['udp', 'tcp', 'tls'], 'off', 'nobody listens there', 'udp:off', (value, transport) =>
    value === 'off' ? { kind: 'transport', transport, state: 'off' } : undefined,
  ),
  sockets(['udp', 'tcp', 'tls'], 'silent', 'heard and never answered', 'tcp:silent', (value, transport) =>
    value === 'silent' ? { kind: 'transport', transport, state: 'silent' } : undefined,
  ),
  sockets(
    ['tcp', 'tls'],
    'swapped',
    'the TCP port speaks TLS, the TLS port plain TCP',
    'tls:swapped',
    (value, transport) => (value === 'swapped' ? { kind: 'transport', transport, state: 'swapped' } : undefined),
  ),
];

/** Everything that can go wrong on request, a row each. */
export const FAULT_TABLE: readonly FaultRow[] = [...REQUEST_ROWS, ...SERVER_ROWS, ...DATA_ROWS, ...SOCKET_ROWS];

/** For the help, a paragraph each: what the words of the forms stand for. */
export const FAULT_NOTES: readonly string[] = [
  `METHOD is one of ${Object.keys(METHOD_SUBJECTS).join(', ')}; LEG is client (both ways), client-in or client-out.`,
  'What is marked @ may be followed by @2 (the second alone), @2+ (from the second on), @2-4 or @30% (by chance). ' +
    'Error codes count requests with right credentials, everything else counts every request.',
  'IF is to-peer, to-client, channel, indication, size>N, relay-port=N[-M], peer-port=N[-M], or unsolicited (until the ' +
    'client has sent to that peer); several are joined by commas.',
];

function plain(
  subject: string,
  form: string,
  help: string,
  example: string,
  value: RegExp,
  read: (match: RegExpExecArray) => Partial<FaultPlan> | string,
): FaultRow {
  return { form: `${subject}:${form}`, help, example, subjects: [subject], value, read };
}

function handshake(forms: readonly CertificateFault[], help: string, example: string): FaultRow {
  return sockets(['tls'], forms.join('|'), help, example, (value) => {
    const certificate = forms.find((each) => each === value);
    return certificate === undefined ? undefined : { kind: 'certificate', certificate };
  });
}

function sockets(
  subjects: readonly ('udp' | 'tcp' | 'tls')[],
  form: string,
  help: string,
  example: string,
  read: (value: string, transport: 'udp' | 'tcp' | 'tls') => SocketFault | undefined,
): FaultRow {
  return {
    form: `${subjects.join('|')}:${form}`,
    help,
    example,
    subjects,
    value: new RegExp(`^(${form})$`),
    read([value = ''], subject) {
      const transport = subjects.find((each) => each === subject);
      const fault = transport === undefined ? undefined : read(value, transport);
      return fault === undefined ? `${value} is unknown` : { sockets: [fault] };
    },
  };
}

function shortened(what: string, seconds: number): Partial<Lifetimes> {
  if (what === 'allocation') return { allocation: seconds, maxAllocation: seconds };
  return what === 'idle' ? { idleStream: seconds } : { [what]: seconds };
}
