import { getServers, Resolver } from 'node:dns';

export interface DnsRecords<T> {
  readonly records: readonly T[];
  readonly error: NodeJS.ErrnoException | undefined;
}

/** The call of one resolver that puts the question. */
export type AskResolver<T> = (
  resolver: Resolver,
  done: (error: NodeJS.ErrnoException | null, records: T[]) => void,
) => void;

/** How long, in milliseconds, one resolver is waited for before it, or the next, is asked as well. */
const FIRST_WAIT_MS = 400;
/** Every resolver is asked so often; each round waits twice as long as the one before. */
const ROUNDS = 4;

/**
 * Puts a question to the resolvers (the system's, if none are given), one after the other, until one answers; never rejects.
 * A lost packet must not look like a slow resolver, so it is soon asked again; nor may a slow one look like one that is
 * several times as slow, so the earlier question stays open and its answer counts. c-ares by itself hears no more answers
 * to what it has asked again: hence a resolver object, with a socket of its own, for each time.
 */
export function askDns<T>(
  servers: readonly string[] | undefined,
  ask: AskResolver<T>,
  signal: AbortSignal,
): Promise<DnsRecords<T>> {
  const given = servers ?? getServers();
  const plan = Array.from({ length: ROUNDS }, (_, round) =>
    (given.length > 0 ? given : [undefined]).map((server) => ({ server, waitMs: FIRST_WAIT_MS * 2 ** round })),
  ).flat();
  const wholeMs = plan.reduce((sum, { waitMs }) => sum + waitMs, 0);
  return new Promise((resolve) => {
    const open = new Set<Resolver>();
    let timer: NodeJS.Timeout | undefined;
    let asked = 0;
    let failure: NodeJS.ErrnoException | undefined;
    let ended = false;

    const end = (error: NodeJS.ErrnoException | undefined, records: readonly T[] = []): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      for (const each of open) each.cancel();
      resolve({ records, error });
    };
    const cancel = (): void => end(coded('ECANCELLED'));
    const next = (): void => {
      clearTimeout(timer);
      const turn = plan[asked++];
      if (turn === undefined) {
        end(failure ?? coded('ETIMEOUT'));
        return;
      }
      const mine = asked;
      const resolver = new Resolver({ timeout: wholeMs, tries: 1 });
      if (turn.server !== undefined) resolver.setServers([turn.server]);
      open.add(resolver);
      timer = setTimeout(next, turn.waitMs);
      try {
        ask(resolver, (error, records) => {
          open.delete(resolver);
          if (ended || error?.code === 'ETIMEOUT') return;
          if (error !== null && isOfServer(error)) {
            failure = error;
            if (mine === asked) next();
          } else end(error ?? undefined, error === null ? records : []);
        });
      } catch (error) {
        // A name that cannot be put into a question (a label of more than 63 bytes).
        end(error as NodeJS.ErrnoException);
      }
    };
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    else next();
  });
}

/** That one resolver cannot or will not: another one may, or the same one a moment later. */
function isOfServer({ code = '' }: NodeJS.ErrnoException): boolean {
  return ['ESERVFAIL', 'EREFUSED', 'ECONNREFUSED', 'EFORMERR', 'ENOTIMP', 'EBADRESP'].includes(code);
}

function coded(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
