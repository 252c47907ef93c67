import type { RuledOutKey, RuledOutText } from '../table.ts';

export const RULED_OUT_TEXT: Readonly<Record<RuledOutKey, RuledOutText>> = {
  'no-network': { cause: 'our own network', because: '{control} answered in the same run' },
  'silent-firewall': { cause: 'a firewall that drops packets', because: 'something answered with a refusal' },
  'local-egress': { cause: 'our own egress', because: 'the same packets pass elsewhere' },
  'wrong-port': { cause: 'a wrong port', because: 'the server answered on it' },
  'blocked-udp': { cause: 'blocked UDP', because: 'UDP to another host passes' },
  'unreachable-server': { cause: 'the network path', because: 'the server answered' },
  'stale-nonce': { cause: 'a stale nonce', because: 'the nonce was fresh, from the challenge just before' },
  'expired-credential': {
    cause: 'an expired credential',
    because: 'the time in the user name has not passed by this clock',
  },
  'network-path': { cause: 'the network path', because: 'the same address, port and transport answer STUN' },
  'resolver-down': { cause: 'a dead resolver', because: 'it answered: there is no such name' },
  loss: { cause: 'packet loss', because: '{requests} requests in a row went unanswered' },
  'wrong-host': { cause: 'a dead host', because: 'the host, or a firewall before it, answered' },
  'no-stun': { cause: 'a server without STUN', because: 'it answered a Binding request' },
  'client-clock': { cause: 'a wrong clock here', because: "the server's clock agrees" },
};
