import { BLACK_HOLE, BLACK_HOLE6 } from '../support/network.ts';
import { atNetwork, atServer, type Draft, type FaultKind, familiesHere, familiesOf } from './draft.ts';
import { hasTls, recordsOf } from './target.ts';
import { fault } from './truth.ts';

export const DEAD_HOST = 'dead host';

/** What is wrong with names, and with the addresses they lead to. */
export const NAME_FAULTS: readonly FaultKind[] = [
  atServer(
    () => true,
    (target, draft) => {
      target.host = 'name';
      target.zone = deadAddresses(draft);
      // Whether it is the server or the way to it, only another server that answers tells.
      const control = draft.targets.length > 1;
      return fault(DEAD_HOST, ['net.server-silent'], control ? ['server', 'unknown'] : ['unknown']);
    },
  ),
  atServer(
    () => true,
    (target) => {
      target.host = 'name';
      target.zone = 'NXDOMAIN';
      return fault('no such name', ['dns.not-found'], ['configuration', 'server']);
    },
  ),
  atServer(
    (_, draft) => lacking(draft) !== undefined,
    (target, draft) => {
      target.host = 'name';
      target.zone = recordsOf(target.index, lacking(draft) ?? 'ipv6');
      const loci = ['configuration', 'server', 'client'] as const;
      return fault('a name of the other family', ['dns.no-usable-family'], loci);
    },
  ),
  atServer(
    (target, draft) => Array.isArray(target.zone) && familiesOf(target, draft).length > 0,
    (target, draft) => {
      target.host = 'name';
      const dead = familiesOf(target, draft)[0] === 6 ? BLACK_HOLE6 : BLACK_HOLE;
      target.zone = [dead, ...(Array.isArray(target.zone) ? target.zone : [])];
      return fault('one dead address of a name', ['net.one-address-bad'], ['server', 'configuration']);
    },
  ),
  atServer(
    (target, draft) => target.given === 'both' && familiesOf(target, draft).length === 2,
    (target) => {
      target.turn = { ...target.turn, ipv6: false };
      return fault('nothing listens on IPv6', ['net.aaaa-not-served'], ['server']);
    },
  ),
  atServer(
    (target, draft) => target.given === 'both' && familiesOf(target, draft).length === 2,
    (target, draft) => {
      const silent = (protocol: 'udp' | 'tcp') => ({ protocol, ports: '1-65535', action: 'drop', family: 6 }) as const;
      target.server = { ...target.server, firewall: [silent('udp'), silent('tcp')] };
      // Where nobody else is asked over IPv6, it may be the way there as well.
      const identifiable = draft.targets.some((other) => other !== target && familiesOf(other, draft).includes(6));
      return fault('IPv6 dropped by one server', ['net.aaaa-not-served'], ['server'], { identifiable });
    },
  ),
  atServer(
    (target, { network }) => network.nat64 === true && target.given === 'ipv4' && !hasTls(target),
    (target) => {
      target.host = 'address';
      return fault('an IPv4 address behind NAT64', ['net.nat64-literal'], ['configuration', 'client', 'path']);
    },
  ),
  atNetwork(
    // The lab's clients without IPv4 have another resolver.
    ({ network, targets }) => network.ipv4 !== false && targets.some(({ host }) => host === 'name'),
    (draft) => {
      draft.network = { ...draft.network, resolver: 'silent' };
      return fault('a silent resolver', ['dns.resolver-down'], ['client', 'path', 'unknown']);
    },
  ),
];

/** The family that the client has not, where there is just one. A broken one looks from there as if it were there. */
function lacking({ network }: Draft): 'ipv4' | 'ipv6' | undefined {
  if (network.ipv6 === 'broken' || network.nat64 === true) return undefined;
  const [family, other] = familiesHere(network);
  if (family === undefined || other !== undefined) return undefined;
  return family === 4 ? 'ipv6' : 'ipv4';
}

function deadAddresses({ network }: Pick<Draft, 'network'>): string[] {
  return familiesHere(network).map((family) => (family === 6 ? BLACK_HOLE6 : BLACK_HOLE));
}
