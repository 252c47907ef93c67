/** A place in a text as editors name it: both from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lines = before.split(/\r\n|[\n\r]/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** Why a text is no configuration: what is wrong, where, how to mend it. Never quotes a value, which may be a credential. */
export interface ConfigurationError extends Place {
  readonly code: ConfigurationErrorCode;
  readonly message: string;
  readonly hint: string;
}

export type ConfigurationErrorCode =
  | 'configuration.empty'
  | 'configuration.not-a-configuration'
  | 'configuration.syntax'
  | 'configuration.not-a-value'
  | 'configuration.template'
  | 'configuration.no-servers'
  | 'configuration.wrong-type'
  | 'configuration.unknown-policy';
