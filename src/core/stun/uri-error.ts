/** The mistakes that people make in STUN and TURN URIs, by name. */
export type UriErrorCode =
  | 'uri.empty'
  | 'uri.white-space'
  | 'uri.quotes'
  | 'uri.several'
  | 'uri.missing-scheme'
  | 'uri.unknown-scheme'
  | 'uri.slashes'
  | 'uri.userinfo'
  | 'uri.template'
  | 'uri.missing-host'
  | 'uri.bad-host'
  | 'uri.not-ascii'
  | 'uri.percent-encoding'
  | 'uri.bad-address'
  | 'uri.ipv6-brackets'
  | 'uri.missing-port'
  | 'uri.bad-port'
  | 'uri.port-range'
  | 'uri.path'
  | 'uri.fragment'
  | 'uri.unknown-parameter'
  | 'uri.transport-on-stun'
  | 'uri.transport-tls'
  | 'uri.unknown-transport';

/** Why a text is no server URI: what is wrong, where, and how to mend it. */
export interface UriError {
  readonly code: UriErrorCode;
  /** 1-based, in UTF-16 units of the text as given. */
  readonly column: number;
  readonly message: string;
  readonly hint: string;
  /** The text as given, fit to be shown: what looks like `user:password@` is masked. Columns up to {@link column} hold. */
  readonly shown: string;
}

/** Masks what stands before an `@`: people put credentials there, and an error message must not repeat them. */
export function maskUserinfo(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return text;
  const start = /^\s*["']?(?:[a-z][a-z0-9+.-]*:)?(?:\/\/)?/i.exec(text)?.[0].length ?? 0;
  return start <= at ? `${text.slice(0, start)}***${text.slice(at)}` : text;
}
