import { canonicalAddress } from '../../../address.ts';
import { Method } from '../../../stun/registry.ts';
import type { AddressTweak, RequestEffect, Tweaks } from './plan.ts';
import type { FaultRow } from './row.ts';
import { readAddress } from './values.ts';

export const METHOD_SUBJECTS: Readonly<Record<string, number | 'any'>> = {
  any: 'any',
  binding: Method.Binding,
  allocate: Method.Allocate,
  refresh: Method.Refresh,
  permission: Method.CreatePermission,
  channel: Method.ChannelBind,
  connect: Method.Connect,
  'connection-bind': Method.ConnectionBind,
};

const SUBJECTS: readonly string[] = Object.keys(METHOD_SUBJECTS);

/** What befalls requests and their answers. */
export const REQUEST_ROWS: readonly FaultRow[] = [
  // Requests
  request(
    'CODE',
    'refused with this error code, once the credentials are right',
    'allocate:486',
    /^([3-6]\d\d)$/,
    ([, code]) => ({
      kind: 'refuse',
      code: Number(code),
      atOnce: false,
    }),
  ),
  request(
    'CODE!',
    'refused at once, without asking for credentials',
    'allocate:403!',
    /^([3-6]\d\d)!$/,
    ([, code]) => ({
      kind: 'refuse',
      code: Number(code),
      atOnce: true,
    }),
  ),
  request('silent', 'no answer', 'binding:silent', /^silent$/, () => ({ kind: 'silent' })),
  request('close', 'the connection is closed in place of an answer (TCP, TLS)', 'allocate:close', /^close$/, () => ({
    kind: 'close',
  })),
  // Answers
  answer('delay=MS', 'answered late', 'refresh:delay=700', /^delay=(\d{1,6})$/, ([, ms]) => ({ delayMs: Number(ms) })),
  answer('twice', 'answered twice', 'allocate:twice', /^twice$/, () => ({ twice: true })),
  answer('wrong-id', 'answered with another transaction id', 'binding:wrong-id', /^wrong-id$/, () => ({
    transactionId: 'wrong',
  })),
  answer('wrong-integrity', 'MESSAGE-INTEGRITY is wrong', 'allocate:wrong-integrity', /^wrong-integrity$/, () => ({
    integrity: 'wrong',
  })),
  answer('no-integrity', 'MESSAGE-INTEGRITY is missing', 'allocate:no-integrity', /^no-integrity$/, () => ({
    integrity: 'none',
  })),
  answer('wrong-fingerprint', 'FINGERPRINT is wrong', 'any:wrong-fingerprint', /^wrong-fingerprint$/, () => ({
    fingerprint: 'wrong',
  })),
  answer('empty-realm', 'REALM of the challenge is empty', 'any:empty-realm', /^empty-realm$/, () => ({
    realm: 'empty',
  })),
  answer('no-realm', 'REALM of the challenge is missing', 'any:no-realm', /^no-realm$/, () => ({ realm: 'none' })),
  answer('no-nonce', 'NONCE of the challenge is missing', 'any:no-nonce', /^no-nonce$/, () => ({ nonce: 'none' })),
  answer('mapped=IP[:PORT]', 'XOR-MAPPED-ADDRESS is this', 'binding:mapped=10.0.0.9', /^mapped=(.+)$/, ([, text]) =>
    withAddress(text, (mapped) => ({ mapped })),
  ),
  answer('no-mapped', 'XOR-MAPPED-ADDRESS is missing', 'binding:no-mapped', /^no-mapped$/, () => ({ mapped: 'none' })),
  answer(
    'relayed=IP[:PORT]',
    'XOR-RELAYED-ADDRESS is this',
    'allocate:relayed=192.168.7.7',
    /^relayed=(.+)$/,
    ([, text]) => withAddress(text, (relayed) => ({ relayed })),
  ),
  answer(
    'lifetime=SECONDS',
    'LIFETIME is this, whatever is true',
    'refresh:lifetime=0',
    /^lifetime=(\d{1,9})$/,
    ([, s]) => ({
      lifetime: Number(s),
    }),
  ),
  answer(
    'unknown-attribute',
    'holds an attribute that must be understood, and cannot be',
    'allocate:unknown-attribute',
    /^unknown-attribute$/,
    () => ({
      unknownAttribute: true,
    }),
  ),
  answer('malformed', 'an attribute is longer than the message', 'allocate:malformed', /^malformed$/, () => ({
    bytes: 'malformed',
  })),
  answer('truncated', 'cut in half', 'allocate:truncated', /^truncated$/, () => ({ bytes: 'truncated' })),
  answer('garbage', 'random bytes', 'binding:garbage', /^garbage$/, () => ({ bytes: 'garbage' })),
  answer('http', 'an answer in HTTP', 'any:http', /^http$/, () => ({ bytes: 'http' })),
  answer('from-port', 'sent from another port than was asked (UDP)', 'any:from-port', /^from-port$/, () => ({
    from: 'port',
  })),
  answer(
    'from=IP',
    'sent from another address of this machine (UDP)',
    'any:from=127.0.0.2',
    /^from=(.+)$/,
    ([, text = '']) => {
      const address = canonicalAddress(text);
      return address === undefined ? `${text} is no IP address` : { from: { address } };
    },
  ),
];

function request(
  form: string,
  help: string,
  example: string,
  value: RegExp,
  effect: (match: RegExpExecArray) => RequestEffect,
): FaultRow {
  return {
    form: `METHOD:${form}[@WHICH]`,
    help,
    example,
    subjects: SUBJECTS,
    value,
    read: (match, subject, which) => ({
      requests: [{ method: METHOD_SUBJECTS[subject] ?? 'any', which, effect: effect(match) }],
    }),
  };
}

function answer(
  form: string,
  help: string,
  example: string,
  value: RegExp,
  tweaks: (match: RegExpExecArray) => Tweaks | string,
): FaultRow {
  return {
    form: `METHOD:${form}[@WHICH]`,
    help,
    example,
    subjects: SUBJECTS,
    value,
    read(match, subject, which) {
      const tweak = tweaks(match);
      if (typeof tweak === 'string') return tweak;
      return {
        requests: [{ method: METHOD_SUBJECTS[subject] ?? 'any', which, effect: { kind: 'answer', tweaks: tweak } }],
      };
    },
  };
}

function withAddress(text: string | undefined, tweak: (address: AddressTweak) => Tweaks): Tweaks | string {
  const address = readAddress(text ?? '');
  return address === undefined ? `${text} is no IP address` : tweak(address);
}
