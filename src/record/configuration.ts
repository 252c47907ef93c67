import { maskUserinfo } from '../core/stun/uri-error.ts';
import type { ConfigurationProblem, IceTransportPolicy, ReportedConfiguration, ReportedIceServer } from './report.ts';

/** An entry of `iceServers` as it was given; that there is a credential is all that is looked at. */
export interface GivenIceServer {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: unknown;
}

/** The configuration as events and reports show it: no credential, nor the password that somebody wrote into a URL. */
export function reportedConfiguration(
  iceServers: readonly GivenIceServer[],
  iceTransportPolicy: IceTransportPolicy = 'all',
  problems: readonly ConfigurationProblem[] = [],
): ReportedConfiguration {
  return {
    iceServers: iceServers.map(
      ({ urls, username, credential }): ReportedIceServer => ({
        urls: urls.map(maskUserinfo),
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined || credential === null ? {} : { credential: '[redacted]' }),
      }),
    ),
    iceTransportPolicy,
    ...(problems.length > 0 ? { problems } : {}),
  };
}
