import type { ScenarioServer } from '../support/scenario.ts';
import { atServer, type Draft, type FaultKind, familiesOf, tellsAboutRelays } from './draft.ts';
import { hasTurn, type Target } from './target.ts';
import { type Fault, fault } from './truth.ts';

const RELAY_PORTS = '49152-65535';

/** What is wrong with a relay that allocates all the same: only data through it shows. */
export const RELAY_FAULTS: readonly FaultKind[] = [
  relay(
    () => true,
    (target, draft) => {
      target.server = withFirewall(target, 'stateful');
      return relayFault('relay ports open to answers only', 'relay.inbound-blocked', draft);
    },
  ),
  relay(
    () => true,
    (target, draft) => {
      target.server = withFirewall(target, 'drop');
      return relayFault('relay ports dropped', 'relay.no-data', draft);
    },
  ),
  relay(onlyIpv4, (target, draft) => {
    target.turn = { ...target.turn, externalAddress: '198.19.254.77' };
    const wrong = relayFault('another relayed address than the real one', 'relay.address-wrong', draft);
    // Where the real one cannot be seen, what is left is true: nothing that is sent to the advertised one arrives.
    return wrong.identifiable ? wrong : { ...wrong, tolerated: [...wrong.tolerated, 'relay.no-data'] };
  }),
  relay(onlyIpv4, (target, draft) => {
    target.server = { front: 'one-to-one' };
    // The advertised address itself shows it, whatever stands in front of the client.
    return { ...relayFault('private relayed address', 'relay.private-address', draft), identifiable: true };
  }),
  relay(
    (target, draft) => target.kind === 'coturn' && onlyIpv4(target, draft),
    (target, draft) => {
      target.turn = { ...target.turn, extra: ['--denied-peer-ip=198.18.0.0-198.18.255.255'] };
      return { ...relayFault('our own address refused as a peer', 'relay.peer-forbidden', draft), identifiable: true };
    },
  ),
];

function withFirewall(target: Target, action: 'stateful' | 'drop'): ScenarioServer {
  return { ...target.server, firewall: [{ protocol: 'udp', ports: RELAY_PORTS, action }] };
}

/** These faults are made in addresses of IPv4. */
function onlyIpv4(target: Target, draft: Draft): boolean {
  return target.given === 'ipv4' && familiesOf(target, draft).join() === '4';
}

function relay(
  fits: (target: Target, draft: Draft) => boolean,
  apply: (target: Target, draft: Draft) => Fault,
): FaultKind {
  return { ...atServer((target, draft) => hasTurn(target) && fits(target, draft), apply), shownTo: 'doctor' };
}

function relayFault(name: string, id: string, draft: Draft): Fault {
  return fault(name, [id], ['server'], { identifiable: tellsAboutRelays(draft) });
}
