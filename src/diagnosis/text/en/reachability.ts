import type { REACHABILITY } from '../../catalogue/reachability.ts';
import type { FindingText } from '../table.ts';
import { DNS_TEXT } from './dns.ts';

type NetId = Exclude<keyof typeof REACHABILITY, keyof typeof DNS_TEXT>;

const NET_TEXT: Readonly<Record<NetId, FindingText>> = {
  'net.no-network': {
    title: 'This machine has no network',
    detail: 'no interface with a usable address: {interfaces}',
    fix: 'connect the machine; in a container, give it a network (docker run without --network none)',
    meaning: 'There is no interface but loopback and link-local ones, so no server can be reached.',
    needs: 'the list of interfaces, and no server that answered',
  },
  'net.captive-portal': {
    title: 'Somebody answers in the place of the servers: a captive portal',
    detail: '{hosts} all show the same stranger: {face}',
    fix: 'open a web page and sign in to the network, then run again',
    meaning: 'Networks with a sign-in page answer every connection themselves until one has signed in.',
    needs:
      'at least two different hosts at different addresses that show the same wrong certificate or web page, and none that works',
  },
  'net.lost-midway': {
    title: '[[?network The network]][[?server {host}]] was lost in the middle of the run',
    detail: '{endpoints} answered[[ for {lastMs}]], then no more ({problem})[[; {others} still answered]]',
    fix: '[[?network check the link of this machine (cable, Wi-Fi, VPN)]][[?server see in the log of {host} whether it restarted or blocks this address]], then run again',
    users: 'calls that are up break off, and new ones do not come about',
    meaning:
      'A place that had answered in the same run was silent, closed or out of reach when it was asked again. Either this machine lost its network, or the server went.',
    needs:
      'an answer, then no answer to a whole schedule of requests or an error of the system, and nothing from that address until the end of the run; the network is blamed only if nobody else was heard from either',
  },
  'net.proxy-required': {
    title: 'This network lets nothing out but through its proxy',
    detail: 'the proxy {proxy} is configured, and no direct connection to {hosts} was answered',
    fix: 'WebRTC in a browser may use the proxy for turns: and turn: over TCP; for direct connections ask for an exception for the TURN server',
    users: 'calls that work in a browser with a proxy and fail everywhere else',
    meaning:
      'Browsers can carry TURN over TCP or TLS through an HTTP proxy (CONNECT). Programs that do not use the proxy get nowhere.',
    needs: 'a proxy in the environment and silence from every server, tried directly; "likely" with more than one host',
  },
  'net.only-443': {
    title: 'Nothing but TCP port 443 gets out of this network',
    detail: 'no answer from {silent}[[; {survivors} works]]',
    fix: '[[?survivors nothing: that URL carries the call; keep it]] a TURN server over TLS on 443 (turns:HOST:443?transport=tcp) is what such networks let through',
    meaning: 'The network allows web traffic alone. Media goes through TURN over TLS on 443, or not at all.',
    needs: 'silence over UDP and on other TCP ports, and an answer on TCP 443',
  },
  'net.udp-blocked': {
    title: 'UDP does not get through here',
    detail: 'no answer over UDP from {silent}[[?requests  to {requests} requests each]], while {answered} answers',
    fix: '[[?relayed the TCP or TLS relay carries calls, with more delay;]] allow UDP out in the firewall of this network, or offer TURN over TCP and TLS',
    users: 'no call at all without a TURN server over TCP or TLS; with one, more delay',
    meaning:
      'A firewall between here and the internet drops UDP. Direct connections and TURN over UDP are not possible from here.',
    needs:
      'silence over UDP on several hosts or ports, none that answers, and TCP or TLS to them that does; "likely" with two hosts',
  },
  'net.udp-silent-here': {
    title: '{host} is silent over UDP, and answers over TCP',
    detail:
      'no answer from UDP {endpoint}[[?requests  to {requests} requests]]; {answered} answers[[, and UDP passes to {control}]]',
    fix: 'open UDP {port} at the server: Docker needs -p {port}:{port}/udp as well, a load balancer a UDP listener, Kubernetes protocol: UDP in the Service, the cloud firewall a UDP rule',
    users: 'calls relayed over TCP, with more delay, or none at all',
    meaning:
      'Only this server does not answer UDP. Docker publishes TCP alone by default, many load balancers pass TCP only, and cloud firewalls have separate rules for UDP.',
    needs:
      'silence over UDP, an answer over TCP or TLS from the same host, and UDP to another host that passes; without another host "possible"',
  },
  'net.port-blocked': {
    title: '{protocol} port {port} of the server is blocked',
    detail: 'no answer from {endpoint} in {waitedMs}, while {answered} answers',
    fix: "allow {protocol} {port} in the server's firewall and cloud firewall; if it works from elsewhere, this network blocks the port",
    meaning: 'The host is up and answers on another port: a firewall, at the server or on the way, drops this one.',
    needs: 'silence on one port, and an answer from another port of the same address over the same protocol',
  },
  'net.egress-filtered': {
    title: 'This network lets no UDP out to the relay ports',
    detail: 'sent to {relayed}: {ours} of ours arrived, {theirs} from another place',
    fix: "let UDP out to the relay ports of the server (coturn: 49152-65535) in this network's firewall",
    users: 'calls from here that need a relay at both ends, or go through one where none would be needed',
    meaning:
      'The server lets everybody send to its relay ports; a firewall on our side does not let us. Without a witness at another place this looks like a firewall at the server. Relays of our own still work: their data goes to the port of the server.',
    needs:
      '--peer; at least ten datagrams of ours to the relayed address, none of which arrived, and others to the same address from the other end that did',
  },
  'net.nat64-literal': {
    title: 'An IPv4 address in the URL, and this network has IPv6 only',
    detail: '{url} names {address}; the network translates names (NAT64), not addresses',
    fix: "write the server's name instead of its address",
    meaning:
      'On an IPv6-only network, DNS64 and NAT64 make IPv4 servers reachable by name. An address in the URL bypasses that.',
    needs: 'no IPv4 interface, an AAAA record for ipv4only.arpa (RFC 7050), and a URL with an IPv4 address that failed',
  },
  'net.unreachable': {
    title: 'There is no route to {host}',
    detail: '{endpoint}: {error} after {tookMs}[[?local : this machine has no route for IPv{family}]]',
    fix: '[[?local give the machine an IPv{family} default route, or leave the server out;]] check the address and the routing',
    meaning: 'This machine, or a router on the way, says that the address cannot be reached.',
    needs: 'an error of the system or of a router (host or network unreachable), and no address of the URL that works',
  },
  'net.reply-from-elsewhere': {
    title: 'The answer comes from another address than was asked',
    detail: 'asked was {endpoint}, the answer came from {answerFrom}; clients must ignore it',
    fix: 'bind the server to each of its addresses (coturn: listening-ip), or let the load balancer keep the address: return traffic must leave by the way that it came',
    meaning:
      'A server with several addresses that listens on 0.0.0.0, or a load balancer that is bypassed on the way back, answers from the wrong address. Every client ignores such answers (RFC 8489 6.3).',
    needs: 'an answer with our transaction id, from another address or port',
  },
  'net.not-a-stun-server': {
    title: '[[{protocol}]][[?firstBytes Something else]] answers there, not STUN',
    detail: '{endpoint} ({transport}) [[says "{says}"]][[answers with the bytes {firstBytes}]]',
    fix: 'correct the port; if a reverse proxy or load balancer stands there, pass TCP (and UDP) through to the TURN server instead of speaking HTTP',
    meaning: 'Another program listens on that port.',
    needs: 'bytes that are no STUN; "certain" where the protocol was recognised',
  },
  'net.one-address-bad': {
    title: 'One of the {count} addresses of {host} does not work',
    detail: '{address} fails ({stage}: {problem}), while {working} works',
    fix: 'mend or remove {address}: take it out of DNS until it works',
    users: 'some calls fail, and the next try works',
    meaning: 'DNS gives several addresses and clients take one of them: a part of the users gets the one that fails.',
    needs: 'a name with several addresses of one family, of which one fails and another works',
  },
  'net.refused': {
    title: 'Nothing listens on {protocol} port {port} of the server',
    detail: '{endpoint} refused {protocol} after {tookMs}',
    fix: 'start the server, or correct the port (TURN: 3478, over TLS 5349); if it runs, something before it rejects: open {protocol} {port}',
    meaning:
      'The host, or a firewall before it, answered that the port is closed: ICMP port unreachable for UDP, a reset for TCP.',
    needs: 'a refusal, and no address of the URL that works',
  },
  'net.tls-filtered': {
    title: 'The TLS handshake is cut off[[?webPassed , while that of a web browser passes]]',
    detail: '{endpoint} takes the TCP connection: {how}',
    fix: '[[?filtered a firewall inspects TLS: ask for an exception for the TURN server, or serve it on 443 under a name that it allows;]] see whether the same URL works from another network',
    meaning:
      'Firewalls that inspect traffic cut TLS connections that do not look like web traffic. A server that closes the connection looks the same.',
    needs:
      'a TCP connection that stands and a handshake that is reset; "likely" if a handshake like a browser\'s passes to the same address, or if each handshake is reset and noise in its place is not',
  },
  'net.server-silent': {
    title: '{host} does not answer',
    detail:
      'no answer from {endpoints} in {waitedMs}[[?requests  to {requests} requests]][[; {control} answered meanwhile]]',
    fix: 'check that the server runs and that its firewall and cloud firewall let the port in; then that this network lets it out',
    meaning:
      'Not one packet came back, nor a refusal: the host is down, the address is wrong, or a firewall on the way drops the packets.',
    needs:
      'silence on every transport tried towards the host; "likely" only if another server answered over the same protocol in the same run and four requests went unanswered',
  },
  'net.ipv6-broken': {
    title: 'IPv6 does not work here',
    detail:
      'this machine has a global IPv6 address ({interfaces}), and nothing comes back from {endpoints}; {control} answers over IPv4',
    fix: 'mend the IPv6 route of this network, or turn IPv6 off on this machine',
    users: 'slow starts: each IPv6 address costs a timeout before IPv4 is used',
    meaning: 'The machine believes that it has IPv6, but packets do not come back.',
    needs: 'a global IPv6 address, IPv6 that is unanswered by every host, IPv4 that works; "likely" with two hosts',
  },
  'net.aaaa-not-served': {
    title: '{host} has an IPv6 address and does not serve it',
    detail: '{endpoint} [[?refused refuses]][[?control is silent, while IPv6 to {control} works]]; IPv4 works',
    fix: 'let the server listen on IPv6 (coturn: listening-ip={address}; Docker: publish on ::), or remove the AAAA record',
    users: 'slow starts wherever IPv6 is available',
    meaning: 'The name has an AAAA record, and the server does not answer there. Clients try it first and lose time.',
    needs: 'IPv4 that works for the URL, and IPv6 that is refused, or silent while IPv6 to another host works',
  },
  'net.nodes-differ': {
    title: 'The addresses of {host} are different servers',
    detail: 'they differ in {differing}: {nodes}',
    fix: 'give all of them the same realm, version and secret',
    users: 'calls that fail by chance, depending on the address taken',
    meaning: 'One name leads to several machines that were not set up alike.',
    needs:
      'answers from several addresses of one name and port that differ in realm, software, or in accepting the credentials',
  },
  'net.rate-limited': {
    title: '{host} lets the first packets of a burst through, and no more: a limit',
    detail:
      'of {sent} packets[[ within {withinMs}]] {answered} came through, nearly all of them the first, and later ones again',
    fix: 'raise the limit of the server (coturn: max-bps) or of the firewall before it for STUN and TURN; many users behind one NAT share one address',
    users: 'slow starts and failures for those who share an address with many others',
    meaning:
      'Something at the server drops what comes too fast from one address. Gathering sends a handful of packets at once, a company behind one NAT a hundred.',
    needs:
      'a burst of requests or of data through the relay of which at least three came through first and three quarters of the rest, six or more, did not, and answers afterwards; "likely" if that happened twice',
  },
  'net.high-loss': {
    title: '{lossPercent} of the packets are lost',
    detail: '{lost} of {sent} datagrams through the relay were lost (limit {limitPercent})',
    fix: 'see whether another network or another relay is better; wireless and overloaded lines lose packets',
    users: 'voice that breaks up, pictures that freeze',
    meaning: 'Lost datagrams are lost media.',
    needs: 'at least 20 datagrams through the relay, and more than 5 % of them lost',
  },
  'net.high-latency': {
    title: 'The round trip to {host} takes {rttMs}',
    detail: '[[?relayed measured with data through the relay]] (limit {limitMs})',
    fix: 'use a relay nearer to the users; a VPN or a satellite link on the way adds its own',
    users: 'people talk over each other',
    meaning: 'Conversation suffers from about 300 ms on.',
    needs: 'a round trip above the limit: the median of relayed data, or the quickest answer of the server',
  },
  'net.jitter': {
    title: 'The delay varies by {jitterMs}',
    detail: 'from one packet to the next, through the relay[[; 95 % come within {p95Ms}]] (limit {limitMs})',
    fix: 'see whether another network or relay is steadier; wireless links and full queues cause jitter',
    users: 'voice that stutters',
    meaning: 'Receivers wait for the latest packets, and drop those that come too late.',
    needs: 'round trips of relayed data whose mean difference exceeds the limit',
  },
  'net.path-mtu': {
    title: 'Large packets get lost, small ones pass',
    detail: 'datagrams of {largest} bytes cross, those of {smallest} never do ({transport})',
    fix: 'let ICMP "fragmentation needed" and "packet too big" through, and fragments too; or lower the MTU of the tunnel or VPN on the way',
    users: 'a call that connects, with voice and without pictures',
    meaning: 'Something on the way drops what does not fit, and what would tell the sender so.',
    needs: 'sizes below which data crosses and above which none of at least six datagrams does, in two rounds',
  },
  'net.vpn-route': {
    title: 'The path runs through a VPN',
    detail: 'what answered was reached through {interfaces}',
    fix: 'nothing is wrong; to see the path without it, use --interface or disconnect the VPN',
    meaning: 'All that was measured is true for the VPN: other users will see another address and another delay.',
    needs: 'answers that came to the address of a VPN interface alone',
  },
  'net.same-site': {
    title:
      '[[?machine The server is on this machine]][[?site The server is on this site]][[?nat The server is behind the same NAT]]',
    detail: '{host} is {address}: what was seen here says little about users outside',
    fix: 'run it from another network as well',
    meaning:
      'A server on the same machine, site or NAT is reached without the internet: firewalls and NATs that users meet are not on this path.',
    needs: 'a server address that is loopback, private, one of our own, or our own public address',
  },
};

export const REACHABILITY_TEXT: Readonly<Record<keyof typeof REACHABILITY, FindingText>> = { ...NET_TEXT, ...DNS_TEXT };
