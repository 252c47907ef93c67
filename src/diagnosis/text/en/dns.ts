import type { REACHABILITY } from '../../catalogue/reachability.ts';
import type { FindingText } from '../table.ts';

type DnsId = Extract<keyof typeof REACHABILITY, `dns.${string}`>;

export const DNS_TEXT: Readonly<Record<DnsId, FindingText>> = {
  'dns.not-found': {
    title: 'The name {host} [[?noName does not exist]][[?noData has no address]]',
    detail:
      'the resolver[[ ({resolvers})]] says that there is no [[?noName such name]][[?noData A and no AAAA record]]',
    fix: 'check the spelling; if it is right, create the A or AAAA record, or ask the resolver of the network that knows the name',
    meaning:
      'The name in the URL has no address: a slip of the pen, a record that was never made, or a name that only an internal resolver knows.',
    needs:
      'the answer "no such name" or "no such record" for both families; a resolver that is silent or fails is another finding',
  },
  'dns.resolver-down': {
    title: 'The name server does not answer',
    detail: '[[?silent no answer in {waitedMs}]][[?refused the query was refused]] for {hosts}[[ from {resolvers}]]',
    fix: 'mend the resolver in the settings of this machine or network (Linux: /etc/resolv.conf, resolvectl status), or write the address of the server for a test',
    users: 'nothing works by name, web pages included',
    meaning: 'No name could be resolved because the resolver is silent or refuses.',
    needs:
      'every query of the run unanswered or refused; "likely" if more than one name was asked for, or if it refuses',
  },
  'dns.no-usable-family': {
    title: '{host} has {record} records only, and this machine no IPv{lacking}',
    detail: 'addresses: {addresses}; this machine has IPv{usable} alone',
    fix: 'add an {wanted} record for {host}, or give the server an IPv{usable} address',
    meaning: 'The server can be reached over one family of IP, and this machine has only the other.',
    needs: 'addresses of one family, none of the other, and interfaces of the other alone',
  },
  'dns.split-horizon': {
    title: 'Resolvers disagree about {host}',
    detail: '{answers}',
    fix: 'make the inside and the outside view agree, or use the name that is meant for users outside',
    users: 'works in the office, fails at home, or the reverse',
    meaning:
      'Inside and outside resolvers give different addresses for one name, so that users reach different servers or none.',
    needs:
      'two resolvers asked for the same name whose answers contradict each other: an address and none, or a public and a private one',
  },
  'dns.slow': {
    title: 'Resolving {host} takes {tookMs}',
    detail: 'the answer came after {tookMs} (limit {limitMs})[[, from {resolvers}]]',
    fix: 'the first of several resolvers may be dead: remove it; else use a nearer one',
    users: 'each call starts late by as much',
    meaning: 'Name resolution delays everything that follows.',
    needs: 'an answer by DNS that took longer than the limit',
  },
};
