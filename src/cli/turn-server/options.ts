import { fail, ok } from '../../core/result.ts';
import { parseBlock } from '../../core/turn/server/peer-policy.ts';
import { choice, flag, number, one, repeatable, text } from '../options/option.ts';

const port = { placeholder: 'N', min: 0, max: 65_535, whole: true } as const;

/** What `iceprobe turn-server` takes. */
export const turnServerOptions = {
  listen: repeatable(
    text({ group: 'Network', placeholder: 'ADDR', help: 'listen on this address (default: 127.0.0.1)' }),
  ),
  lan: flag({ group: 'Network', help: 'listen on every address of this machine, relay to its local subnets' }),
  port: number({ ...port, group: 'Network', help: 'for UDP and TCP (default: 3478); 0: a free one' }),
  'tls-port': number({ ...port, group: 'Network', help: 'for TLS (default: 5349); 0: a free one' }),
  'alternate-port': number({
    ...port,
    group: 'Network',
    help: 'second port for NAT discovery, RFC 5780, with two addresses (default: the next)',
  }),
  'relay-ports': one(
    { group: 'Network', placeholder: 'MIN-MAX', help: 'ports of relayed addresses (default: 49152-65535)' },
    (given) => {
      const [, min = '', max = ''] = /^(\d{1,5})-(\d{1,5})$/.exec(given) ?? [];
      const range = { min: Number(min), max: Number(max) };
      const isRange = min !== '' && range.min >= 1 && range.min <= range.max && range.max <= 65_535;
      return isRange ? ok(range) : fail('two ports, like 50000-50100');
    },
  ),
  'external-ip': text({
    group: 'Network',
    placeholder: 'IP',
    help: 'the address that clients are told, where a NAT stands before this machine',
  }),
  'allow-peer': repeatable(
    one({ group: 'Network', placeholder: 'CIDR', help: 'let clients reach peers in this block too' }, (given) =>
      parseBlock(given) === undefined ? fail('an address or a block, like 10.0.0.0/8') : ok(given),
    ),
  ),
  user: repeatable(
    one({ group: 'Servers', placeholder: 'NAME:PASSWORD', help: 'an account (default: one, random)' }, (given) => {
      const colon = given.indexOf(':');
      const isPair = colon > 0 && colon < given.length - 1;
      return isPair ? ok([given.slice(0, colon), given.slice(colon + 1)] as const) : fail('NAME:PASSWORD');
    }),
  ),
  secret: text({
    group: 'Servers',
    placeholder: 'SECRET',
    help: 'take REST credentials minted with it, like coturn’s use-auth-secret (ICEPROBE_SECRET)',
  }),
  realm: text({ group: 'Servers', placeholder: 'NAME', help: 'REALM of the challenge (default: iceprobe.local)' }),
  cert: text({ group: 'Servers', placeholder: 'FILE', isFile: true, help: 'certificate chain for TLS, PEM' }),
  key: text({ group: 'Servers', placeholder: 'FILE', isFile: true, help: 'its private key, PEM' }),
  name: repeatable(
    text({ group: 'Servers', placeholder: 'NAME', help: 'a name of this server, for the certificate made here' }),
  ),
  state: text({
    group: 'Servers',
    placeholder: 'DIR',
    isFile: true,
    help: 'keep credentials and certificate there, so that the next start has the same',
  }),
  'status-port': number({
    ...port,
    group: 'Output',
    help: 'serve /, /metrics, /ice-servers, /ca.pem and /faults over HTTP on 127.0.0.1; 0: a free port',
  }),
  'status-origin': repeatable(
    text({ group: 'Output', placeholder: 'ORIGIN', help: 'let pages of this origin fetch /ice-servers' }),
  ),
  exec: text({
    group: 'Options',
    placeholder: 'COMMAND',
    help: 'run a command with ICE_SERVERS set, end with it and with its exit code; or write it after --',
  }),
  fault: repeatable(
    text({ group: 'Options', placeholder: 'SPEC', help: 'fail in this way, like allocate:486; "help" lists all' }),
  ),
  seed: number({
    group: 'Options',
    placeholder: 'N',
    min: 0,
    max: 2 ** 31 - 1,
    whole: true,
    help: 'for faults that throw dice (default: 1)',
  }),
  'print-config': choice(['coturn'], { group: 'Output', help: 'print the same settings for this server, and end' }),
  quiet: flag({ group: 'Output', alias: 'q', help: 'no log' }),
} as const;
