import type { SERVICE } from '../../catalogue/service.ts';
import type { FindingText } from '../table.ts';

export type RelayId = Extract<keyof typeof SERVICE, `relay.${string}`>;

export const RELAY_TEXT: Readonly<Record<RelayId, FindingText>> = {
  'relay.not-turn': {
    title: 'A STUN server, but no TURN server',
    detail:
      '{endpoint} ({transport}) speaks STUN, but [[?errorCode answers Allocate with {errorCode} {reason}]][[?silent stays silent to Allocate for {waitedMs}]][[ (server {software})]]',
    fix: 'enable TURN there (coturn: remove stun-only), or take the URL of the TURN server; as it is, write stun: instead',
    meaning: 'The server answers Binding requests and does not know Allocate: it tells addresses and relays nothing.',
    needs:
      'STUN answered, and the first Allocate met with silence or with 400, 403 or 420 instead of the challenge 401',
  },
  'relay.redirect-loop': {
    title: 'The server sends us in circles',
    detail: '{problem}',
    fix: 'mend the redirection (coturn: alternate-server): one of the servers must serve',
    meaning: 'Servers answer 300 (Try Alternate) and name each other.',
    needs: 'redirections that lead to a server asked before, or more than five of them',
  },
  'relay.quota': {
    title: 'The quota of allocations is used up',
    detail: '{endpoint}: 486 {reason}[[ for the user {username}]]',
    fix: 'raise it (coturn: user-quota, total-quota), or look for clients that do not release their allocations',
    users: 'the first calls of the day work, later ones do not',
    meaning: 'The server limits allocations per user or in all, and the limit is reached.',
    needs: 'error 486 to Allocate',
  },
  'relay.capacity': {
    title: 'The server has no relay port left',
    detail: '{endpoint}: 508 {reason}',
    fix: 'widen the range of relay ports (coturn: min-port, max-port; and the firewall and Docker with it), or look for allocations that are never released',
    meaning: 'Every relay port is in use, or none of the asked kind can be had.',
    needs: 'error 508 to Allocate',
  },
  'relay.udp-unsupported': {
    title: 'The server does not relay UDP',
    detail: '{endpoint}: 442 {reason}',
    fix: 'allow UDP relaying (coturn: remove no-udp-relay); WebRTC needs nothing else',
    meaning: 'The server relays TCP only (RFC 6062), which browsers cannot use.',
    needs: 'error 442 to Allocate',
  },
  'relay.mismatch': {
    title: 'The server believes that we have an allocation already',
    detail: '{endpoint}: 437 {reason}, from a new port as well',
    fix: 'wait for the old allocation to expire (up to 10 minutes); if it stays, a load balancer or NAT before the server makes clients look alike',
    meaning: 'One address and port can hold one allocation. A new port should help at once; it did not.',
    needs: 'error 437 to Allocate from two ports in a row',
  },
  'relay.family-unsupported': {
    title: 'The server does not relay over IPv{family}',
    detail: '{endpoint}: {errorCode} {reason}',
    fix: 'give it a relay address of that family (coturn: relay-ip), if peers need it',
    meaning: 'The server can be reached over this family, and relays over the other one alone.',
    needs: 'error 440 or 443 to Allocate',
  },
  'relay.private-address': {
    title: 'The relay hands out an address that nobody outside can reach',
    detail: 'the server {server} relays from {relayed} ({kind})',
    fix: "tell the server its public address (coturn: external-ip=PUBLIC/PRIVATE; Kubernetes: hostNetwork or the node's external IP)",
    users: 'relay candidates that never connect',
    meaning:
      "Behind a cloud provider's NAT the server sees its private address only, and gives it to clients as the relayed address.",
    needs: 'a relayed address that is private, from a server on a public address',
  },
  'relay.address-wrong': {
    title: 'The relay is not at the address that it advertises',
    detail: 'data comes from {real}, advertised is {advertised}, and what is sent there never arrives',
    fix: 'correct the public address (coturn: external-ip)',
    users: 'relay candidates that never connect',
    meaning:
      'The server hands out a relayed address that is not its own: a wrong external-ip, or an address that changed.',
    needs:
      'relayed data that arrives from another address than advertised, and none that arrives at the advertised one',
  },
  'relay.port-range-mismatch': {
    title: 'Some relay ports pass data, others never do',
    detail: 'of {tried} ports, nothing crosses {dead}; data crosses {alive}',
    fix: 'make the firewall and Docker allow the whole range of the server (coturn: min-port, max-port; 49152-65535 by default)',
    users: 'calls that fail by chance',
    meaning: 'The range that the server allocates from and the range that the firewall lets through are not the same.',
    needs: 'several allocations, of which some pass data and others pass none of at least ten datagrams',
  },
  'relay.no-data': {
    title:
      '[[?both The relay allocates, but no data crosses it]][[?outward The relay allocates, but sends nothing to peers]][[?inward The relay allocates, but passes nothing on from peers]]',
    detail:
      'through {relayed}[[, {portsTried} ports tried in {lowestPort}-{highestPort}]], 10 or more packets each way[[?elsewhere , seen from another place]]:',
    fix: 'allow UDP in and out on the relay ports (coturn: 49152-65535, or min-port to max-port): host firewall, cloud firewall, Docker port range',
    users: 'calls that connect nowhere, although a relay candidate is there',
    meaning: 'An allocation proves that the server can be talked to, not that its relay ports work.',
    needs:
      'at least ten datagrams in a direction and none that arrives, with a permission that was granted, while the same packets pass without the relay',
  },
  'relay.inbound-blocked': {
    title: 'Relay allocates, but peers cannot start sending to it',
    detail:
      'a stateful firewall drops new UDP to the relay ports of {relayed}[[; {portsTried} ports tried, in {lowestPort}-{highestPort}]][[?elsewhere , seen from another place]]:',
    fix: 'allow inbound UDP min-port..max-port (coturn: 49152-65535): cloud firewall, host firewall, Docker port range',
    users: 'calls fail when both sides need the relay or sit behind symmetric NATs',
    meaning: 'Data flows only after the relay has spoken to that peer: the firewall lets answers in, and nothing else.',
    needs:
      'at least ten datagrams from the peer before the relay spoke, none of which arrived, and others that did once it had',
  },
  'relay.channel-fails': {
    title: 'Channels are bound, but carry no data',
    detail:
      '{endpoint}: ChannelBind succeeds, {received} of {sent} ChannelData messages arrive[[?indications ; Send indications do]]',
    fix: 'update or replace the server: browsers send media in ChannelData',
    users: 'a call that connects and stays silent',
    meaning:
      'Browsers bind a channel for each peer once a pair is chosen. A server that drops ChannelData ends the call there.',
    needs:
      'a channel that was bound, ten ChannelData messages, none that arrived; "certain" if the same data crosses in Send indications',
  },
  'relay.refresh-fails': {
    title: 'The allocation cannot be kept alive',
    detail:
      '{endpoint}: [[?zero Refresh is granted a lifetime of 0, which ends the allocation]][[Refresh fails: {problem}]]',
    fix: 'update or replace the server; each allocation ends[[ after {lifetimeSeconds}]]',
    users: 'every relayed call ends after some minutes',
    meaning:
      'Clients refresh their allocation before it expires. If that fails, the relay goes away in the middle of the call.',
    needs: 'a Refresh of a living allocation that was refused, unanswered, or granted the lifetime 0',
  },
  'relay.ends-early': {
    title: 'The relay works, and its {what} ends after {afterSeconds}',
    detail: '{endpoint}: {why}',
    fix: '[[?server look at the lifetimes of the server (coturn: max-allocate-lifetime, permission-lifetime, channel-lifetime), and whether it restarts]][[?onPath look at what keeps state before it: load balancer, proxy, firewall, NAT]]',
    users: 'calls that end, or fall silent, after some time, always the same',
    meaning:
      'An allocation is renewed, and its permissions (300 s, RFC 8656 9) and channels (600 s, RFC 8656 12) with it. A server that forgets one of them sooner ends the call.',
    needs:
      '--soak; data that crossed and then did not, 20 packets in a row, and what brought it back or what the server said; "likely" where it is not the server that ends it',
  },
  'relay.idle-closed': {
    title: 'The connection to the server dies when it is idle',
    detail: '{transport}: after {idleSeconds} without traffic nothing crosses any more',
    fix: 'raise the idle timeout of the load balancer or firewall before the server (AWS NLB: 350 s; many proxies: 60 s)',
    users: 'muted calls that end',
    meaning: 'A load balancer forgets connections that are quiet, without telling either end.',
    needs:
      '--soak; a TCP or TLS connection with an allocation, a pause without a byte, and an end, or no answer to the request after it',
  },
  'relay.peer-forbidden': {
    title:
      'The server refuses to relay to [[?own our own public address]][[?server its own relay address]][[?expected private addresses, as it should]]',
    detail: '403 for {peers}',
    fix: '[[?own allow that address (coturn: allowed-peer-ip; look at denied-peer-ip);]][[?server allow it (coturn: allowed-peer-ip=RELAY-ADDRESS), so that two clients can meet on one relay;]][[?expected nothing: this protects the network of the server]]',
    users:
      '[[?own no relayed call to anybody behind this address]][[?server calls fail when both ends need the relay]]',
    meaning:
      'Servers keep lists of addresses that they do not relay to. Private addresses belong on them; those of users do not.',
    needs: 'error 403 to CreatePermission or ChannelBind',
  },
  'relay.open-to-private': {
    title: 'The relay can be used to reach private addresses',
    detail: 'permission was granted for {peers}[[; {reached} was reached]]',
    fix: 'deny them (coturn: denied-peer-ip=10.0.0.0-10.255.255.255 and so on, no-loopback-peers, no-multicast-peers; allow what must be with allowed-peer-ip)',
    users: 'whoever has a credential can reach machines behind the firewall of the server, or its cloud metadata',
    meaning: 'A relay is a door into the network that it stands in.',
    needs:
      '--audit; a permission for such an address is "possible", since the server may still drop the data; an echo from a listener of ours makes it "certain"',
  },
  'relay.bandwidth-capped': {
    title: 'The relay passes {deliveredKbps} kbit/s of {offeredKbps}',
    detail: 'of {offeredKbps} kbit/s sent, {deliveredKbps} arrived',
    fix: 'raise the limit of the server (coturn: max-bps, bps-capacity); if there is none, the path is the limit',
    users: 'pictures of low quality',
    meaning: 'The server, or the path to it, limits the rate.',
    needs:
      '--duration or --soak; a rate that was kept up, of which less than nine tenths arrived, on a path that does not lose packets anyway',
  },
  'relay.feature-fails': {
    title: 'The server grants what it then does not do',
    detail: '{endpoint}: {told}',
    fix: 'nothing, if nobody needs it (browsers do not); else open the relay ports for TCP too, or update the server',
    users: 'programs that ask for more than browsers do',
    meaning:
      'A server may lack TCP relaying, a second family or even ports, and say so. This one says yes, and it does not work.',
    needs:
      '--deep; a feature that was granted, while data crosses without it: a ConnectionBind that is refused, bytes that do not arrive, a port that is odd, a reservation that is not kept',
  },
  'relay.slow-allocate': {
    title: 'An allocation takes {tookMs}',
    detail: '{endpoint}: challenge and allocation took {tookMs}[[, at a round trip of {rttMs}]] (limit {limitMs})',
    fix: 'look at the load of the server and its database of users (coturn: Redis or SQL behind it)',
    users: 'calls that start late',
    meaning: 'An allocation should take two round trips.',
    needs: 'an allocation that succeeded and took longer than the limit',
  },
  'relay.redirected': {
    title: 'The server sends us to another one',
    detail: '{endpoint} answered 300 (Try Alternate): {to}',
    fix: 'nothing, if that is meant; each allocation costs a round trip more',
    meaning: 'The server balances its load by redirecting clients.',
    needs: 'error 300 with ALTERNATE-SERVER, followed',
  },
};
