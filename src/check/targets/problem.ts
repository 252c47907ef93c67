/** Where in a configuration: `['targets', 'prod', 'iceServers', 0]`. */
export type ConfigPath = readonly (string | number)[];

/** A mistake in a configuration. No part of it quotes a text of the configuration that may be a credential. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  readonly message: string;
  /** How to mend it. */
  readonly hint: string;
}

/** `targets.prod.iceServers[0]`, `targets["eu-1"]`; empty for the whole. */
export function showPath(path: ConfigPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
