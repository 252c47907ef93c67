/** How words are set off. The command line gives colours (chalk); nothing here depends on them to be understood. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly good: (text: string) => string;
  readonly accent: (text: string) => string;
}

const same = (text: string): string => text;

/** No colours: for a pipe, a file, `NO_COLOR`. */
export const PLAIN: Style = { bold: same, dim: same, error: same, warning: same, good: same, accent: same };
