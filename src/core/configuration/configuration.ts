import type { Secret } from '../secret.ts';
import type { Place } from './place.ts';

/** An RTCConfiguration as it was read, before anything was checked that a linter would rather report. */
export interface ConfigurationDocument {
  readonly servers: readonly DocumentServer[];
  readonly policy: 'all' | 'relay' | undefined;
  /** What works here but not in a browser, or not as meant. */
  readonly remarks: readonly ConfigurationRemark[];
}

export interface DocumentServer extends Place {
  readonly urls: readonly DocumentUrl[];
  readonly username?: string;
  readonly credential?: Secret;
  /** A secret to mint the credential from (TURN REST API). */
  readonly secret?: Secret;
}

export interface DocumentUrl extends Place {
  readonly text: string;
}

export interface ConfigurationRemark extends Place {
  readonly code: ConfigurationRemarkCode;
  readonly message: string;
  readonly hint: string;
}

export type ConfigurationRemarkCode =
  | 'url-for-urls'
  | 'password-for-credential'
  | 'other-key'
  | 'unknown-key'
  | 'duplicate-key'
  | 'bare-url'
  | 'not-a-string'
  | 'oauth'
  | 'coturn-external-ip'
  | 'coturn-open-relay'
  | 'coturn-no-secret'
  | 'coturn-tls-incomplete'
  | 'coturn-port-range'
  | 'compose-udp-not-published'
  | 'compose-relay-ports-not-published';
