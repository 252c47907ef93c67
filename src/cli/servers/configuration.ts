import type { ConfigurationRemark } from '../../core/configuration/configuration.ts';
import type { Secret } from '../../core/secret.ts';
import type { IceTransportPolicy } from '../../record/report.ts';

/** The servers and policy of a run, from whatever the user gave, credentials filled in. */
export interface Configuration {
  readonly servers: readonly ConfiguredServer[];
  readonly policy: IceTransportPolicy;
  /** What works here but not in a browser, or not as meant; places in the document. */
  readonly remarks: readonly ConfigurationRemark[];
}

export interface ConfiguredServer {
  readonly urls: readonly ConfiguredUrl[];
  readonly username?: string;
  readonly credential?: Secret;
  /** Where they were minted from a secret: new ones, for a command that goes on for longer than they last. */
  readonly renew?: () => { readonly username: string; readonly credential: Secret };
}

export interface ConfiguredUrl {
  /** As it was written. */
  readonly text: string;
  /** `ice.json:3:14`; undefined for an argument. */
  readonly where: string | undefined;
}
