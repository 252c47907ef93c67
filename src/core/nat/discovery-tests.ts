import { formatSocketAddress, type SocketAddress } from '../address.ts';
import type { Answer, Ask } from './ask.ts';
import type { NatTest } from './events.ts';
import type { SenderRelation } from './filtering.ts';
import type { FilteringTrial } from './filtering-trial.ts';
import type { RelayTrial } from './relay-trial.ts';

/** Sockets by what they are for: the one that filtering is asked on must have sent to one server alone. */
export type Role = 'mapping' | 'filtering' | 'hairpin';

/** A Binding request of a discovery, and what came of it. */
export interface Question {
  readonly kind: 'mapping' | 'stability' | 'hairpin' | 'filtering';
  readonly role: Role;
  readonly ask: Ask;
  readonly via: NatTest['via'];
  answer?: Answer;
  mapped?: SocketAddress;
  plainMapped?: SocketAddress;
  note?: string;
  reported: boolean;
}

/** A test without what all tests of a socket share. */
export type TestBody = Omit<NatTest, 'type' | 'interface' | 'family' | 'local'>;

/** Undefined where there is nothing to tell. */
export function testOfQuestion(question: Question): TestBody | undefined {
  const { kind, ask, answer, mapped, plainMapped, note, via } = question;
  // Another socket seen by a server that saw the first: its port is its own, its address should be the same.
  const isSecond = kind === 'hairpin' || kind === 'filtering';
  if (isSecond && mapped === undefined) return undefined;
  return {
    test: isSecond ? 'stability' : kind,
    destination: formatSocketAddress(ask.options.to),
    answerFrom: answer === undefined ? null : formatSocketAddress(answer.from),
    mappedAddress: mapped === undefined ? null : formatSocketAddress(mapped),
    ...(plainMapped && { plainMappedAddress: formatSocketAddress(plainMapped) }),
    ...(answer && { rttMs: answer.rttMs }),
    ...(note !== undefined && { note }),
    tries: ask.sends,
    outcome: mapped === undefined ? 'not-determined' : 'yes',
    via,
  };
}

export function testOfTrial(
  trial: FilteringTrial | RelayTrial,
  sender: SenderRelation,
  from: SocketAddress,
  via: NatTest['via'],
): TestBody {
  return {
    test: 'filtering',
    destination: formatSocketAddress(from),
    answerFrom: trial.answerFrom === undefined ? null : formatSocketAddress(trial.answerFrom),
    mappedAddress: null,
    tries: trial.tries,
    outcome: trial.outcome === 'arrived' ? 'yes' : trial.outcome === 'filtered' ? 'no' : 'not-determined',
    via,
    sender,
    doubt: trial.outcome === 'arrived' ? 0 : trial.doubt,
    ...(trial.note !== undefined && { note: trial.note }),
  };
}

/** What a relay, or the server beside it, saw of a socket. */
export function testOfSighting(destination: SocketAddress, mapped: SocketAddress): TestBody {
  return {
    test: 'mapping',
    destination: formatSocketAddress(destination),
    answerFrom: formatSocketAddress(destination),
    mappedAddress: formatSocketAddress(mapped),
    tries: 1,
    outcome: 'yes',
    via: 'relay',
  };
}
