import type { Scenario } from '../support/scenario.ts';
import { BLINK, GOOD, LOGIN, NAME, restLogin, S1, S2 } from './common.ts';

export const CREDENTIALS: readonly Scenario[] = [
  ...(['coturn', 'pion'] as const).flatMap((kind): Scenario[] => [
    {
      name: `${kind}: a wrong password`,
      network: 'eim-apdf',
      servers: [{ turn: [{ kind }] }],
      command: ['gather', `turn:${S1}`, '-u', 'alice', '-p', 'wrong'],
      expect: {
        first: 'auth.bad-credentials',
        confidence: kind === 'coturn' ? 'certain' : ['certain', 'likely'],
        forbidden: ['net.*', 'relay.not-turn'],
        exitCode: 1,
        withinMs: BLINK,
      },
    },
    {
      name: `${kind}: a wrong user`,
      network: 'apdm-apdf',
      servers: [{ turn: [{ kind }] }],
      command: ['gather', `turn:${S1}`, '-u', 'bob', '-p', 'secret'],
      expect: { first: 'auth.bad-credentials', forbidden: ['net.*', 'relay.not-turn'], exitCode: 1, withinMs: BLINK },
    },
  ]),
  {
    name: 'near miss: a name whose STUN works beside a rejected credential is one server, not two that differ',
    network: 'eim-apdf',
    servers: [GOOD],
    zone: { [NAME]: [S1] },
    command: ['gather', `stun:${NAME}`, `turn:${NAME}`, '-u', 'bob', '-p', 'secret'],
    expect: { first: 'auth.bad-credentials', forbidden: ['net.*'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'two addresses of one name: one rejects the credential, the other takes it',
    network: 'eim-apdf',
    servers: [GOOD, { turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    zone: { [NAME]: [S1, S2] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: {
      first: ['net.nodes-differ', 'auth.bad-credentials'],
      also: ['net.nodes-differ'],
      exitCode: 1,
      withinMs: BLINK,
    },
  },
  {
    name: 'an expired credential',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('deep', -3600)],
    expect: { first: ['auth.expired', 'config.credential-expired'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'near miss: an expiring credential that is still good',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('deep', 86_400)],
    expect: { first: 'none', forbidden: ['auth.*'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'a credential of another secret',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('shallow', 86_400)],
    expect: { first: 'auth.bad-credentials', forbidden: ['auth.expired'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'a server without TURN',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--stun-only'] }] }],
    command: ['gather', `turn:${S1}`, `stun:${S1}`, ...LOGIN],
    expect: {
      first: 'relay.not-turn',
      locus: 'server',
      forbidden: ['auth.*', 'net.server-silent'],
      exitCode: 1,
      withinMs: 11_000,
    },
  },
  {
    name: 'near miss: a server without TURN, asked for STUN alone',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--stun-only'] }] }],
    command: ['gather', `stun:${S1}`],
    expect: { first: 'none', candidates: ['host 4 udp', 'srflx 4 udp'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'no realm',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'pion', realm: '' }] }],
    command: ['gather', `turn:${S1}`, ...LOGIN],
    expect: { first: 'auth.empty-realm', locus: 'server', exitCode: 1, withinMs: BLINK },
  },
];
