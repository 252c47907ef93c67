import type { Draft, Target } from './draw.ts';
import { type FaultKind, fault, hasTurn, server } from './faults.ts';
import { type Fault, SYMPTOMS } from './truth.ts';

const RELAY_PORTS = '49152-65535';

/** What is wrong with a relay that allocates all the same: only data through it shows. */
export const RELAY_FAULTS: readonly FaultKind[] = [
  relay(
    () => true,
    (target, draft) => {
      target.server = { firewall: [{ protocol: 'udp', ports: RELAY_PORTS, action: 'stateful' }] };
      return relayFault('relay ports open to answers only', 'relay.inbound-blocked', draft);
    },
  ),
  relay(
    () => true,
    (target, draft) => {
      target.server = { firewall: [{ protocol: 'udp', ports: RELAY_PORTS, action: 'drop' }] };
      return relayFault('relay ports dropped', 'relay.no-data', draft);
    },
  ),
  relay(
    () => true,
    (target, draft) => {
      target.turn = { ...target.turn, externalAddress: '198.19.254.77' };
      const wrong = relayFault('another relayed address than the real one', 'relay.address-wrong', draft);
      // Where the real one cannot be seen, what is left is true: nothing that is sent to the advertised one arrives.
      return wrong.identifiable ? wrong : { ...wrong, tolerated: [...wrong.tolerated, 'relay.no-data'] };
    },
  ),
  relay(
    () => true,
    (target, draft) => {
      target.server = { front: 'one-to-one' };
      // The advertised address itself shows it, whatever stands in front of the client.
      return { ...relayFault('private relayed address', 'relay.private-address', draft), identifiable: true };
    },
  ),
  relay(
    ({ kind }) => kind === 'coturn',
    (target, draft) => {
      target.turn = { ...target.turn, extra: ['--denied-peer-ip=198.18.0.0-198.18.255.255'] };
      return { ...relayFault('our own address refused as a peer', 'relay.peer-forbidden', draft), identifiable: true };
    },
  ),
];

function relay(fits: (target: Target) => boolean, apply: (target: Target, draft: Draft) => Fault): FaultKind {
  return { ...server((target) => hasTurn(target) && fits(target), apply), shownTo: 'doctor' };
}

/** Behind a NAT that maps by destination, what comes back of our own packets says little about the relay. */
function relayFault(name: string, id: string, { networkName }: Draft): Fault {
  const identifiable = !['adm-apdf', 'apdm-apdf', 'two-uplinks'].includes(networkName);
  return fault(name, [id], ['server'], { identifiable, tolerated: SYMPTOMS });
}
