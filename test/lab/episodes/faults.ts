import type { CertificateKind } from '../../support/certificates.ts';
import { restLogin } from '../scenarios/common.ts';
import { BLACK_HOLE, serverAddresses } from '../support/network.ts';
import type { Asked, Draft, Target } from './draw.ts';
import { RELAY_FAULTS } from './relay-faults.ts';
import { type Fault, SYMPTOMS } from './truth.ts';

/** Something that can be wrong: with the network as a whole, or with one server. */
export type FaultKind = { readonly shownTo?: Asked } & (
  | { readonly at: 'network'; readonly fits: (draft: Draft) => boolean; readonly apply: (draft: Draft) => Fault }
  | {
      readonly at: 'server';
      readonly fits: (target: Target, draft: Draft) => boolean;
      readonly apply: (target: Target, draft: Draft) => Fault;
    }
);

/** The names of faults that silence UDP: where no server is left without one, they look like another fault. */
export const UDP_DROPPED = 'UDP dropped by one server';
export const DEAD_HOST = 'dead host';

/** Each of them is as likely as the others. */
export const FAULTS: readonly FaultKind[] = [
  server(hasTurn, (target) => {
    target.credential = 'wrong';
    return fault('wrong password', ['auth.bad-credentials'], ['configuration'], { tolerated: SYMPTOMS });
  }),
  server(hasTurn, (target) => {
    target.username = 'bob';
    return fault('wrong user', ['auth.bad-credentials'], ['configuration'], { tolerated: SYMPTOMS });
  }),
  server(
    (target) => hasTurn(target) && target.kind === 'coturn',
    (target) => {
      const [, username = '', , credential = ''] = restLogin('deep', -3600);
      Object.assign(target, { username, credential, turn: { ...target.turn, sharedSecret: 'deep' } });
      const ids = ['auth.expired', 'config.credential-expired'];
      return fault('expired credential', ids, ['configuration'], { tolerated: [...SYMPTOMS, ...ids] });
    },
  ),
  server(
    () => true,
    (target) => {
      for (const url of target.urls) url.port = 4999;
      // Where only TLS was asked of the port, that nobody speaks TLS there is the same truth.
      const tlsOnly = target.urls.every(({ scheme }) => scheme === 'turns');
      const ids = ['net.refused', ...(tlsOnly ? ['tls.no-listener'] : [])];
      return fault('closed port', ids, ['server'], { tolerated: SYMPTOMS });
    },
  ),
  server(
    () => true,
    (target, draft) => {
      target.host = 'name';
      target.zone = [BLACK_HOLE];
      // Whether it is the server or the way to it, only another server that answers tells.
      const control = draft.targets.length > 1;
      return fault(DEAD_HOST, ['net.server-silent'], control ? ['server', 'unknown'] : ['unknown'], {
        tolerated: SYMPTOMS,
      });
    },
  ),
  server(
    (target) => target.urls.some(({ transport }) => transport === 'udp'),
    (target, draft) => {
      target.server = { firewall: [{ protocol: 'udp', ports: '1-65535', action: 'drop' }] };
      const tcpHere = target.urls.some(({ transport, scheme }) => transport === 'tcp' && scheme === 'turn');
      const udpElsewhere = draft.targets.some(
        (other) => other !== target && other.urls.some(({ transport }) => transport === 'udp'),
      );
      const identifiable = tcpHere && udpElsewhere;
      return fault(UDP_DROPPED, ['net.udp-silent-here'], ['server'], {
        identifiable,
        // Without TCP to compare with the host is just silent; without another host all UDP may be dropped.
        tolerated: [
          ...SYMPTOMS,
          ...(tcpHere ? [] : ['net.server-silent']),
          ...(udpElsewhere ? [] : ['net.udp-blocked', 'net.port-blocked']),
        ],
      });
    },
  ),
  server(
    () => true,
    (target) => {
      target.host = 'name';
      target.zone = 'NXDOMAIN';
      return fault('no such name', ['dns.not-found'], ['configuration', 'server'], { tolerated: SYMPTOMS });
    },
  ),
  server(
    (_, draft) => draft.networkName !== 'dual-stack',
    (target) => {
      target.host = 'name';
      target.zone = [serverAddresses(target.index, {}).addresses6[0]];
      return fault('a name of the other family', ['dns.no-usable-family'], ['configuration', 'server', 'client'], {
        tolerated: SYMPTOMS,
      });
    },
  ),
  server(
    (target) => hasTurn(target) && target.kind === 'coturn',
    (target) => {
      target.turn = { ...target.turn, extra: ['--stun-only'] };
      const stun = target.urls.some(({ scheme, transport }) => scheme === 'stun' && transport === 'udp');
      const turnUdp = target.urls.some(({ scheme, transport }) => scheme === 'turn' && transport === 'udp');
      // Silence to Allocate is told from a dead host by an answer to Binding at the same place.
      return fault('STUN only', ['relay.not-turn'], ['server'], {
        identifiable: stun && turnUdp && target.urls.every(({ transport }) => transport === 'udp'),
        tolerated: [...SYMPTOMS, 'relay.not-turn', 'net.server-silent'],
      });
    },
  ),
  ...(
    [
      ['expired', 'tls.expired'],
      ['self-signed', 'tls.untrusted'],
      ['wrong-name', 'tls.name-mismatch'],
      ['not-yet-valid', 'tls.not-yet-valid'],
      ['missing-intermediate', 'tls.chain-incomplete'],
    ] as const
  ).map(([kind, id]) => badCertificate(kind, id)),
  network(
    (draft) => draft.targets.some(({ urls }) => urls.some(({ transport }) => transport === 'udp')),
    (draft) => {
      draft.network = { ...draft.network, firewall: 'no-udp' };
      const hosts = draft.targets.filter(({ urls }) => urls.some(({ transport }) => transport === 'udp')).length;
      const tcp = draft.targets.some(({ urls }) => urls.some(({ transport }) => transport === 'tcp'));
      return fault('no UDP', ['net.udp-blocked'], ['path'], {
        // One host alone may be at fault itself; without TCP nothing shows that the network is up.
        identifiable: hosts > 1 && tcp,
        tolerated: [
          ...SYMPTOMS,
          'net.udp-blocked',
          ...(tcp ? [] : ['net.server-silent']),
          ...(hosts > 1 ? [] : ['net.udp-silent-here', 'net.server-silent']),
        ],
      });
    },
  ),
  ...RELAY_FAULTS,
];

export function server(
  fits: (target: Target, draft: Draft) => boolean,
  apply: (target: Target, draft: Draft) => Fault,
): FaultKind {
  return { at: 'server', fits, apply };
}

function network(fits: (draft: Draft) => boolean, apply: (draft: Draft) => Fault): FaultKind {
  return { at: 'network', fits, apply };
}

function badCertificate(kind: CertificateKind, id: string): FaultKind {
  return server(
    ({ urls }) => urls.some(({ scheme }) => scheme === 'turns'),
    (target) => {
      target.turn = { ...target.turn, certificate: kind };
      return fault(`certificate: ${kind}`, [id], ['server'], { tolerated: SYMPTOMS });
    },
  );
}

export function fault(
  name: string,
  ids: readonly string[],
  loci: Fault['loci'],
  { tolerated, identifiable = true }: { readonly tolerated: readonly string[]; readonly identifiable?: boolean },
): Fault {
  return { name, ids, loci, tolerated, identifiable };
}

export function hasTurn({ urls }: Target): boolean {
  return urls.some(({ scheme }) => scheme !== 'stun');
}
