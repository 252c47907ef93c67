import type { RelayFeature } from '../../core/attempt.ts';
import type { AllocateResult } from '../turn-session.ts';

/** Refusals that say "I cannot do this": 405 (RFC 8016), 420, 440, 442, 443 and 508, and 400 from servers that do not know better. */
const CANNOT = [400, 405, 420, 440, 442, 443, 508];

/** Of an Allocate that asked for more than the one before it, which was granted. */
export function notGranted(feature: RelayFeature['feature'], result: AllocateResult | undefined): RelayFeature {
  const failed = result?.stages.findLast(({ status }) => status === 'fail');
  const { errorCode } = failed?.data ?? {};
  const supported = errorCode !== undefined && CANNOT.includes(errorCode) ? false : null;
  const detail = failed?.detail ?? 'no connection to the server';
  return { feature, supported, ...(errorCode === undefined ? {} : { errorCode }), detail };
}
