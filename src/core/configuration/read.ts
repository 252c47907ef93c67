import type { Result } from '../result.ts';
import { looksLikeCompose, readCompose } from './compose.ts';
import type { ConfigurationDocument } from './configuration.ts';
import { looksLikeCoturn, readCoturn } from './coturn.ts';
import { looksLikeEnvironment, readEnvironment } from './environment.ts';
import type { ConfigurationError } from './place.ts';
import { readRtcConfiguration } from './rtc-configuration.ts';

/**
 * Reads what people paste: an RTCConfiguration as JSON or JavaScript, a file of environment variables, a turnserver.conf, a compose file that
 * runs coturn.
 * URLs are kept as they are written, wrong ones too.
 */
export function readConfiguration(text: string): Result<ConfigurationDocument, ConfigurationError> {
  if (looksLikeCompose(text)) return readCompose(text);
  if (looksLikeCoturn(text)) return readCoturn(text);
  if (looksLikeEnvironment(text)) return readEnvironment(text);
  return readRtcConfiguration(text);
}
