import type { Readable } from 'node:stream';

/** What a command may touch of the world around it, so that tests can put another world there. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Input;
  /** Results, and nothing else. */
  readonly stdout: Output;
  /** Progress, hints, errors. */
  readonly stderr: Output;
  /** Aborted by SIGINT, SIGTERM and the like: release what servers hold for us, then return. */
  readonly signal: AbortSignal;
  /**
   * Takes over SIGHUP, which otherwise ends the run as well: for a command that reads its configuration again. Absent where
   * there is no such signal.
   */
  readonly onHangup?: (listener: () => void) => void;
}

export interface Input extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
}

export interface Output {
  readonly isTTY: boolean;
  /** Columns, 80 where there is no terminal. */
  readonly columns: number;
  /** 0: no colour, 1: 16, 2: 256, 3: millions. */
  readonly colors: 0 | 1 | 2 | 3;
  /**
   * Resolves once the text is handed to the system. A reader that has left (`| head`) is no error, its text is dropped; a
   * full disk is: rejects with the system's error.
   */
  write(text: string): Promise<void>;
}
