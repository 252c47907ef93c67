import type { CertificateKind } from '../../support/certificates.ts';
import { restLogin } from '../scenarios/common.ts';
import { atServer, type FaultKind } from './draft.ts';
import { NAME_FAULTS } from './name-faults.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { RELAY_FAULTS } from './relay-faults.ts';
import { hasStream, hasTls, hasTurn, hasUdp, hasUrl, recordsOf } from './target.ts';
import { fault } from './truth.ts';

export { DEAD_HOST } from './name-faults.ts';

/** With {@link DEAD_HOST} one of the faults that silence UDP: where no server is left without one, they look like another. */
export const UDP_DROPPED = 'UDP dropped by one server';

const SERVER_FAULTS: readonly FaultKind[] = [
  atServer(hasTurn, (target) => {
    target.credential = 'wrong';
    return fault('wrong password', ['auth.bad-credentials'], ['configuration']);
  }),
  atServer(hasTurn, (target) => {
    target.username = 'bob';
    return fault('wrong user', ['auth.bad-credentials'], ['configuration']);
  }),
  atServer(
    (target) => hasTurn(target) && target.kind === 'coturn',
    (target) => {
      const [, username = '', , credential = ''] = restLogin('deep', -3600);
      Object.assign(target, { username, credential, turn: { ...target.turn, sharedSecret: 'deep' } });
      const ids = ['auth.expired', 'config.credential-expired'];
      return fault('expired credential', ids, ['configuration'], { tolerated: ids });
    },
  ),
  atServer(
    // The lab's translator hands on no errors of ICMP.
    (_, { network }) => network.nat64 !== true,
    (target) => {
      for (const url of target.urls) url.port = 4999;
      // Where only TLS was asked of the port, that nobody speaks TLS there is the same truth.
      const tlsOnly = target.urls.every(({ scheme }) => scheme === 'turns');
      return fault('closed port', ['net.refused', ...(tlsOnly ? ['tls.no-listener'] : [])], ['server']);
    },
  ),
  atServer(hasUdp, (target, draft) => {
    target.server = { ...target.server, firewall: [{ protocol: 'udp', ports: '1-65535', action: 'drop' }] };
    const tcpHere = hasUrl(target, 'turn', 'tcp');
    const udpElsewhere = draft.targets.some((other) => other !== target && hasUdp(other));
    return fault(UDP_DROPPED, ['net.udp-silent-here'], ['server'], {
      identifiable: tcpHere && udpElsewhere,
      // Without TCP to compare with the host is just silent; without another host all UDP may be dropped.
      tolerated: [
        // The ports of its relay are among those that hear nothing.
        'relay.no-data',
        ...(tcpHere ? [] : ['net.server-silent']),
        ...(udpElsewhere ? [] : ['net.udp-blocked', 'net.port-blocked']),
      ],
    });
  }),
  atServer(hasStream, (target) => {
    for (const url of target.urls) if (url.transport === 'tcp') url.port = 4998;
    const text = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
    const services = recordsOf(target.index, target.given).map(
      (address) => ({ kind: 'answer', address, port: 4998, text }) as const,
    );
    target.server = { ...target.server, services };
    // To whom asks for TLS, that it is spoken without TLS there is the same truth.
    const ids = ['net.not-a-stun-server', ...(hasTls(target) ? ['tls.plain-on-tls-port'] : [])];
    return fault('a web server on the port', ids, ['server', 'configuration']);
  }),
  atServer(
    (target) => hasTurn(target) && target.kind === 'coturn',
    (target) => {
      target.turn = { ...target.turn, extra: ['--stun-only'] };
      // Silence to Allocate is told from a dead host by an answer to Binding at the same place.
      return fault('STUN only', ['relay.not-turn'], ['server'], {
        identifiable: hasUrl(target, 'stun', 'udp') && hasUrl(target, 'turn', 'udp') && !hasStream(target),
        tolerated: ['relay.not-turn', 'net.server-silent'],
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
];

/** Each of them is as likely as the others. */
export const FAULTS: readonly FaultKind[] = [...SERVER_FAULTS, ...NAME_FAULTS, ...NETWORK_FAULTS, ...RELAY_FAULTS];

function badCertificate(kind: CertificateKind, id: string): FaultKind {
  return atServer(hasTls, (target) => {
    target.turn = { ...target.turn, certificate: kind };
    return fault(`certificate: ${kind}`, [id], ['server']);
  });
}
