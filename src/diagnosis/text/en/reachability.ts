import type { REACHABILITY } from '../../catalogue/reachability.ts';
import type { FindingText } from '../table.ts';

export const REACHABILITY_TEXT: Readonly<Record<keyof typeof REACHABILITY, FindingText>> = {
  'dns.not-found': {
    title: 'The name {host} does not exist',
    detail: 'the resolver[[ ({resolvers})]] says that there is no {host}',
    fix: 'check the spelling; if it is right, create the A or AAAA record, or ask the resolver of the network that knows the name',
    meaning:
      'The name in the URL has no address: a slip of the pen, a record that was never made, or a name that only an internal resolver knows.',
    needs:
      'an answer "no such name" (NXDOMAIN) for both families; a resolver that is silent or fails is another finding',
  },
  'net.refused': {
    title: 'Nothing listens on {transport} port {port} of the server',
    detail: '{endpoint} refused {transport} after {tookMs}',
    fix: 'start the server, or correct the port (TURN: 3478, over TLS 5349); if it runs, a firewall rejects: open {transport} {port}',
    meaning:
      'The host, or a firewall before it, answered that the port is closed: ICMP port unreachable for UDP, a reset for TCP.',
    needs: 'a refusal, and no address of the URL that works',
  },
  'net.server-silent': {
    title: '{host} does not answer',
    detail:
      'no answer from {endpoints} in {waitedMs}[[?requests  to {requests} requests]][[; {control} answered meanwhile]]',
    fix: 'check that the server runs and that its firewall and cloud firewall let the port in; then that this network lets it out',
    meaning:
      'Not one packet came back, nor a refusal: the host is down, the address is wrong, or a firewall on the way drops the packets.',
    needs:
      'silence on every transport tried towards the host; "likely" only if another server answered in the same run and the whole schedule of retransmissions went by',
  },
};
