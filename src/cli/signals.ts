/** Why a context's signal is aborted when the user, or the system, wants the run to end. */
export class Interrupted extends Error {
  readonly signal: string;
  readonly exitCode: number;

  constructor(signal: string, exitCode: number) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.signal = signal;
    this.exitCode = exitCode;
  }
}

/** 128 and the signal's number, as shells have it. SIGHUP: the terminal is gone. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Calls back for each such signal; a second one is the callback's to judge. */
export function listenForSignals(onSignal: (interrupted: Interrupted) => void): { dispose(): void } {
  const listeners = Object.entries(EXIT_CODES).map(([name, exitCode]) => {
    const listener = (): void => onSignal(new Interrupted(name, exitCode));
    process.on(name as keyof typeof EXIT_CODES, listener);
    return [name, listener] as const;
  });
  return {
    dispose() {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/** Resolves once the signal is aborted: what serves has nothing to do but wait for that. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
