import { ErrorCodeAttribute } from './attributes.ts';
import { checkFingerprint } from './fingerprint.ts';
import type { StunMessage } from './message.ts';
import { attributeName, isComprehensionRequired, isRegistered, methodName } from './registry.ts';

/** What makes a response unusable before anybody looks at its meaning. */
export function unusable(message: StunMessage, method: number): string | undefined {
  if (message.method !== method) {
    return `an answer to ${methodName(message.method)}, asked was ${methodName(method)}`;
  }
  // RFC 8489 7: a wrong FINGERPRINT means it may not be STUN at all.
  if (checkFingerprint(message) === 'invalid') return 'FINGERPRINT is wrong';
  if (message.class !== 'error') return undefined;
  const error = message.read(ErrorCodeAttribute);
  if (error === undefined) return 'an error response without ERROR-CODE';
  return error.ok ? undefined : `ERROR-CODE: ${error.error}`;
}

/** RFC 8489 6.3.3: a success with an attribute that must be understood and is not makes the transaction fail. */
export function unknownRequired(message: StunMessage): string | undefined {
  const unknown = message.attributes.find(
    ({ type }) => isComprehensionRequired(type) && !isRegistered(type) && message.find(type) !== undefined,
  );
  if (unknown === undefined) return undefined;
  return `byte ${unknown.offset}: attribute ${attributeName(unknown.type)} must be understood, and nobody registered it`;
}
