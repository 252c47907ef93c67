import type { AccessNetwork } from '../support/network.ts';
import { PROXY, serverAddresses } from '../support/network.ts';
import {
  atNetwork,
  atServer,
  type Draft,
  type FaultKind,
  familiesHere,
  familiesOf,
  tellsAboutRelays,
} from './draft.ts';
import { hasStream, hasTls, hasTurn, hasUdp, hasUrl } from './target.ts';
import { type Fault, fault } from './truth.ts';

/** What the client's own network does, or the way to a server. */
export const NETWORK_FAULTS: readonly FaultKind[] = [
  atNetwork(
    (draft) => atEdge(draft) && draft.targets.some(hasUdp),
    (draft) => {
      change(draft, { firewall: 'no-udp' });
      const hosts = draft.targets.filter(hasUdp).length;
      const tcp = draft.targets.some(hasStream);
      return fault('no UDP', ['net.udp-blocked'], ['path'], {
        // One host alone may be at fault itself; without TCP nothing shows that the network is up.
        identifiable: hosts > 1 && tcp,
        tolerated: [
          'net.udp-blocked',
          ...(tcp ? [] : ['net.server-silent']),
          ...(hosts > 1 ? [] : ['net.udp-silent-here', 'net.server-silent']),
        ],
      });
    },
  ),
  atNetwork(
    (draft) => atEdge(draft) && draft.targets.some(hasTls),
    (draft) => {
      change(draft, { firewall: 'tcp-443-only' });
      for (const target of draft.targets.filter(hasTls)) {
        for (const url of target.urls) if (url.scheme === 'turns') url.port = 443;
        target.turn = { ...target.turn, tlsPort: 443 };
      }
      const otherTcp = draft.targets.some((target) => hasUrl(target, 'turn', 'tcp'));
      const udp = draft.targets.some(hasUdp);
      return fault('nothing but TCP 443', ['net.only-443', 'net.udp-blocked'], ['path'], {
        // Both must have been tried, or something else is a reason for the silence as well.
        identifiable: otherTcp && udp,
        tolerated: ['net.server-silent', 'net.udp-silent-here', 'net.port-blocked'],
      });
    },
  ),
  atNetwork(
    (draft) => atEdge(draft) && onlyIpv4(draft) && draft.targets.some(hasStream),
    (draft) => {
      change(draft, { firewall: 'captive-portal' });
      const shown = draft.targets.filter((target) => hasUrl(target, 'turn', 'tcp'));
      return fault('a captive portal', ['net.captive-portal'], ['path'], {
        // One host that shows a web page may be a web server.
        identifiable: shown.length > 1,
        tolerated: [
          'net.not-a-stun-server',
          'tls.plain-on-tls-port',
          'net.udp-blocked',
          'net.udp-silent-here',
          'net.server-silent',
        ],
      });
    },
  ),
  atNetwork(
    (draft) => atEdge(draft) && onlyIpv4(draft) && draft.targets.some(hasStream),
    (draft) => {
      change(draft, { firewall: 'proxy-only' });
      draft.env['HTTPS_PROXY'] = `http://${PROXY.address}:${PROXY.port}`;
      return fault(
        'nothing gets out but through a proxy',
        ['net.proxy-required'],
        ['path', 'client', 'configuration'],
        {
          tolerated: ['net.server-silent'],
        },
      );
    },
  ),
  atNetwork(
    (draft) => atEdge(draft) && draft.targets.some(hasTls),
    (draft) => {
      change(draft, { firewall: 'tls-filtered' });
      return fault('TLS is reset on its way', ['net.tls-filtered'], ['path', 'unknown']);
    },
  ),
  atNetwork(
    ({ networkName, targets, network }) =>
      networkName === 'dual-stack' && targets.some((target) => familiesOf(target, { network }).includes(6)),
    (draft) => {
      const over6 = draft.targets.filter((target) => familiesOf(target, draft).includes(6));
      const over4 = draft.targets.filter((target) => familiesOf(target, draft).includes(4));
      change(draft, { ipv6: 'broken' });
      // A single host that is silent over IPv6 may be at fault itself; without IPv4 nothing shows that the network is up.
      return fault('IPv6 leads nowhere', ['net.ipv6-broken'], ['client', 'path'], {
        identifiable: over6.length > 1 && over4.length > 0,
        tolerated: over6.every(({ given }) => given === 'both') ? [] : ['net.server-silent'],
      });
    },
  ),
  atNetwork(
    (draft) =>
      atEdge(draft) &&
      (draft.network.nats ?? []).length > 0 &&
      // The lab's rule knows the shape of coturn's answers.
      draft.targets.some(
        (target) => target.kind === 'coturn' && familiesOf(target, draft).includes(4) && hasUdp(target),
      ),
    (draft) => {
      change(draft, { alg: true });
      return fault('a router that rewrites addresses in packets', ['stun.alg-rewrites'], ['path']);
    },
  ),
  atNetwork(atEdge, (draft) => {
    change(draft, { delayMs: 200, jitterMs: 0 });
    return fault('a long way', ['net.high-latency'], ['path'], {
      // The first answer of all waits for neighbours to be found across that line, both ways.
      tolerated: ['relay.slow-allocate', 'dns.slow'],
    });
  }),
  measured(hasUdpRelay, (draft) => {
    change(draft, { lossPercent: 20 });
    return fault('a fifth of all packets lost', ['net.high-loss'], ['path'], {
      identifiable: tellsAboutRelays(draft),
      tolerated: ['relay.slow-allocate', 'dns.slow'],
    });
  }),
  measured(hasUdpRelay, (draft) => {
    change(draft, { delayMs: 20, jitterMs: 250 });
    return fault('every packet takes another time', ['net.jitter'], ['path'], {
      identifiable: tellsAboutRelays(draft),
      tolerated: ['relay.slow-allocate'],
    });
  }),
  measured(
    // A handshake of TLS does not fit either, and then there is no data to measure by.
    (draft) => hasUdpRelay(draft) && !draft.targets.some(hasTls),
    (draft) => {
      change(draft, { mtu: { bytes: 1000, blackHole: true } });
      return fault('large packets vanish', ['net.path-mtu'], ['path'], {
        identifiable: tellsAboutRelays(draft),
        // Of a stream, for which the system makes larger packets.
        tolerated: ['net.high-loss'],
      });
    },
  ),
  atServer(
    (target, draft) =>
      hasUrl(target, 'stun', 'udp') && familiesOf(target, draft).join() === '4' && target.given === 'ipv4',
    (target) => {
      // Whoever hides the clients hides the peers as well: of such a server only STUN is asked.
      target.urls = target.urls.filter(({ scheme }) => scheme === 'stun');
      target.server = { front: 'source-nat' };
      target.turn = { ...target.turn, externalAddress: serverAddresses(target.index, {}).addresses[0] };
      return fault('a source NAT in front of the server', ['stun.private-mapped'], ['server']);
    },
  ),
  {
    ...atServer(
      (target) => hasUrl(target, 'turn', 'udp'),
      (target, draft) => {
        const perSecond = 10;
        target.server = {
          ...target.server,
          firewall: [{ protocol: 'udp', ports: '3478', action: 'limit', perSecond }],
        };
        // Whether the rest is lost on its way or refused there shows only where a burst breaks off.
        return fault(
          `${perSecond} packets a second and no more`,
          ['net.rate-limited', 'net.high-loss'],
          ['server', 'path'],
          {
            identifiable: false,
            tolerated: [
              'relay.slow-allocate',
              'net.jitter',
              ...(draft.targets.length > 1 ? [] : ['net.server-silent']),
            ],
          },
        );
      },
    ),
    shownTo: 'doctor',
  },
];

function change(draft: Draft, more: Partial<AccessNetwork>): void {
  draft.network = { ...draft.network, ...more };
}

/** What the site's edge does to packets, packets in a tunnel do not meet. */
function atEdge({ network }: Draft): boolean {
  return network.vpn === undefined;
}

function onlyIpv4({ network }: Draft): boolean {
  return familiesHere(network).join() === '4' && network.ipv6 !== 'broken';
}

function hasUdpRelay({ targets }: Draft): boolean {
  return targets.some((target) => hasTurn(target) && hasUrl(target, 'turn', 'udp'));
}

/** What only shows in data that crosses a relay. */
function measured(fits: (draft: Draft) => boolean, apply: (draft: Draft) => Fault): FaultKind {
  return { ...atNetwork((draft) => atEdge(draft) && fits(draft), apply), shownTo: 'doctor' };
}
