import type { SERVICE } from '../../catalogue/service.ts';
import type { FindingText } from '../table.ts';
import { AUTH_TEXT, type AuthId } from './auth.ts';
import { RELAY_TEXT, type RelayId } from './relay.ts';
import { TLS_TEXT, type TlsId } from './tls.ts';

type OtherId = Exclude<keyof typeof SERVICE, TlsId | AuthId | RelayId>;

const OTHER_TEXT: Readonly<Record<OtherId, FindingText>> = {
  'stun.private-mapped': {
    title: 'The server sees everybody come from a private address',
    detail: '{server} says that we come from {all}, which is not ours',
    fix: 'let the source address through to the server: no source NAT in front of it (Docker: --network host or userland-proxy off; Kubernetes: externalTrafficPolicy: Local; load balancer: preserve client IP)',
    users: 'server-reflexive candidates that nobody can reach',
    meaning:
      'Something in front of the server replaces the source address of packets, so that its answer to "who am I" is of no use.',
    needs: 'a private mapped address, not our own, from a server on a public address',
  },
  'stun.alg-rewrites': {
    title: 'Something on the way rewrites addresses inside packets',
    detail: 'MAPPED-ADDRESS says {plain}, XOR-MAPPED-ADDRESS {mapped}',
    fix: 'turn off the application gateway (ALG) of the router, often called SIP ALG',
    meaning:
      'Routers that "help" look for addresses in packets and replace them. XOR-MAPPED-ADDRESS was made to be safe from them.',
    needs: 'one answer with both attributes, that differ',
  },
  'stun.malformed': {
    title: 'The server sends STUN that breaks the rules',
    detail: '{endpoint}: {problem}[[ (server {software})]]',
    fix: 'update the server',
    meaning: 'The answer is STUN by its header and cannot be used.',
    needs: 'an answer from the server itself, with what is wrong and at which byte',
  },
  'stun.amplification': {
    title: 'The server amplifies forged requests',
    detail:
      '{endpoint}: {requestBytes} bytes of {method} are answered by {answerBytes} in {answers} packets, {factor} times as much (limit {limit})',
    fix: 'let it say less (coturn: no-software-attribute, no-rfc5780, a short realm), and limit requests for each source',
    users: 'nobody who calls; whoever is flooded in your name',
    meaning:
      'Over UDP anybody can send a request in the name of another, who then gets the answer. The larger it is, the more such a server serves to flood others.',
    needs:
      '--audit; the answers to one request without credentials, with the headers of IP and UDP, against what was sent',
  },
  'stun.software-disclosed': {
    title: 'The server tells its version to everybody',
    detail: '{endpoint} says that it is {software}',
    fix: 'hide it (coturn: no-software-attribute), and keep it up to date',
    meaning: 'SOFTWARE tells who looks for servers with known holes which ones to try.',
    needs: '--audit; a SOFTWARE attribute with a number in it, in an answer without credentials',
  },
  'nat.address-dependent-mapping': {
    title: 'The NAT gives each destination another port (symmetric NAT)',
    detail: 'mapping on {interface} is {mapping}: what one server sees is of no use to another peer',
    fix: '[[?unrelayed use a TURN server;]][[?relayed nothing: the relay carries such calls;]] a router with endpoint-independent mapping avoids the relay',
    users: '[[?unrelayed no direct connection to anybody behind such a NAT or a strict firewall]]',
    meaning:
      'RFC 4787 asks for endpoint-independent mapping. With this one, direct connections work only to peers with an open NAT.',
    needs: 'one socket seen from different ports or addresses by different destinations',
  },
  'nat.unstable-address': {
    title: 'Our public address changes from one request to the next',
    detail: '{interface}: servers saw us at {seen} within one run',
    fix: 'pair the addresses of the NAT pool ("paired" or "sticky" pooling), or pin traffic to one uplink',
    users: 'calls that drop or never connect, by chance',
    meaning:
      'A pool of public addresses or several uplinks are used in turn. RFC 4787 asks that one inside address keeps one outside address.',
    needs: 'two different mapped addresses at one destination, or two different public ones at two',
  },
  'nat.short-binding': {
    title: 'The NAT forgets a UDP mapping after {lifetimeSeconds}',
    detail: '{interface}: idle mappings live {lifetimeSeconds} (RFC 4787 asks for 2 minutes; limit {limitSeconds})',
    fix: 'send a keepalive every {keepaliveSeconds}; or raise the UDP timeout of the router',
    users: 'calls that go silent after a pause',
    meaning: 'When a mapping is forgotten, packets from outside no longer arrive.',
    needs: 'the lifetime, measured on idle sockets',
  },
  'nat.carrier-grade': {
    title: 'The provider translates addresses too (carrier-grade NAT)',
    detail: 'the router has {gateway} outside, the internet sees {mapped}',
    fix: 'nothing here; ask the provider for a public address, or use IPv6',
    meaning: 'The router at home has no public address itself: ports cannot be opened there.',
    needs:
      "the router's own external address (UPnP, PCP) in 100.64.0.0/10; such an address on this machine alone is no proof",
  },
  'nat.double': {
    title: 'There are two NATs, one behind the other',
    detail: 'the router has {gateway} outside, the internet sees {mapped}',
    fix: 'set one of the routers to bridge mode',
    meaning: 'A router behind a router: opened ports and UPnP on the inner one do not help.',
    needs: "the router's own external address (UPnP, PCP), and that it is private",
  },
  'nat.no-hairpin': {
    title: 'The NAT does not hairpin',
    detail: '{interface}: what is sent to our own public address does not come back',
    fix: 'nothing: two clients behind it meet by their private addresses or by a relay',
    meaning: 'Two clients behind this NAT cannot reach each other by their public addresses.',
    needs: 'packets to our own mapped address that did not come back',
  },
  'nat.none': {
    title: 'No NAT on {interface}',
    detail: 'the address {local} is seen outside as it is',
    fix: 'nothing',
    meaning:
      'Packets leave with the address that they have on this machine. A firewall may stand on the way all the same.',
    needs: 'a mapped address that is our own',
  },
  'ice.server-failed': {
    title: '{subject} gives nothing, and the cause is not determined',
    detail:
      '{stage}: {problem}[[ after {took}]][[; {hint} works, so that either UDP does not get out here, or the server does not serve it]]',
    fix: '[[?hint add a STUN server elsewhere over UDP and run again: if it answers, the fault is at this server]] see the stages: iceprobe probe {subject}',
    meaning: 'The URL failed, and what was seen fits more than one cause.',
    needs: 'a URL that failed in the end and no other finding that speaks of it',
  },
  'ice.no-relay': {
    title: 'No relay candidate came',
    detail:
      'TURN is configured, and gathering ended with {candidates} candidates, none of them a relay[[; errors: {errors}]]',
    fix: 'see what each server answered (iceprobe probe URL)',
    meaning: 'Without a relay, peers behind restrictive NATs or firewalls cannot be reached.',
    needs: 'a TURN server, a gathering that ended, no relay candidate, and no other finding that explains it',
  },
  'ice.no-srflx': {
    title: 'No server-reflexive candidate came',
    detail:
      'gathering ended with {candidates} candidates, none of them server-reflexive, and none left out as redundant[[; errors: {errors}]]',
    fix: 'see what each server answered (iceprobe probe URL)',
    meaning:
      'The public address of this network is not known, so that peers outside cannot reach it directly. Without a NAT none is needed, and none is missed.',
    needs:
      'a STUN or TURN server over UDP, a gathering that ended, no such candidate, and no other finding that explains it',
  },
  'ice.slow-gathering': {
    title: 'Gathering took {completeMs}, {savedMs} of it waiting for {url}',
    detail: '{stage}: {problem}[[ (IPv{family})]][[, from {interfaces}]]; everything else was there {savedMs} earlier',
    fix: 'mend or leave out {culprits}: it saves {savedMs}',
    users: 'calls that start late, where the page waits for "complete"',
    meaning: 'Gathering is complete when the last server has answered or been given up.',
    needs: '"complete" more than 2 s after the slowest server that gave something',
  },
  'ice.host-hidden': {
    title: 'The browser hides its addresses',
    detail: '{hidden} of {hosts} host candidates are .local names (mDNS)',
    fix: 'nothing: that is for privacy; a page that has been given the microphone or camera shows them',
    meaning:
      'Peers on the same network resolve the name by multicast DNS. Where multicast does not pass, they meet by the public address or a relay.',
    needs: 'host candidates with .local names',
  },
};

export const SERVICE_TEXT: Readonly<Record<keyof typeof SERVICE, FindingText>> = {
  ...OTHER_TEXT,
  ...TLS_TEXT,
  ...AUTH_TEXT,
  ...RELAY_TEXT,
};
