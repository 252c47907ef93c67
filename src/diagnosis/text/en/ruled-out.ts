import type { RuledOutKey, RuledOutText } from '../table.ts';

export const RULED_OUT_TEXT: Readonly<Record<RuledOutKey, RuledOutText>> = {
  'no-network': { cause: 'our own network', because: 'others answered in the same run[[: {control}]]' },
  'silent-firewall': { cause: 'a firewall that drops packets', because: 'a refusal came back' },
  'local-egress': { cause: 'our own egress', because: 'the same packets pass where they must' },
  'own-place': { cause: 'our own egress', because: 'it is the same from another place[[: {outside}]]' },
  'relay-ports': { cause: "a firewall of the server's", because: 'the relay ports are reached from another place' },
  'blocked-udp': { cause: 'UDP blocked here', because: 'UDP passes elsewhere[[: {control}]]' },
  'unreachable-server': { cause: 'the network path', because: 'the server answered' },
  'stale-nonce': { cause: 'a stale nonce', because: 'it came with the challenge just before' },
  'expired-credential': { cause: 'an expired credential', because: 'by this clock its time has not come' },
  'network-path': { cause: 'the network path', because: 'the same address and port answer STUN' },
  'resolver-down': { cause: 'a dead resolver', because: 'it answered' },
  loss: { cause: 'packet loss', because: '[[{requests} requests in a row went unanswered]]' },
  'wrong-host': { cause: 'a dead host', because: 'the refusal came from it, or from a firewall before it' },
  'client-clock': { cause: 'a wrong clock here', because: "the server's clock agrees" },
  'external-ip': { cause: 'external-ip', because: 'the peer saw {relayed}, as advertised' },
  permission: { cause: 'permission', because: 'no 403' },
  'relay-path': { cause: 'the path behind the relay', because: 'the same data crosses in Send indications' },
};
