import type { SrvRecord } from 'node:dns';
import { canonicalAddress, type Family, familyOf } from '../core/address.ts';
import type { NameResolved, ResolveErrorCode } from '../record/events.ts';
import { askDns } from './dns-question.ts';
import { type HostsFile, readHostsFile } from './hosts-file.ts';
import { readSearchRule, type SearchRule, searchNames } from './resolv-conf.ts';

/** What one family of a name came to. */
export type NameAnswer = Omit<NameResolved, 'type' | 'urls' | 'host' | 'family'> & { readonly family: Family };

/** Where a service runs, in the order in which it is to be tried (RFC 2782). */
export interface ServiceTarget {
  readonly host: string;
  readonly port: number;
}

export interface ServiceAnswer {
  readonly targets: readonly ServiceTarget[];
  readonly error: ResolveErrorCode | null;
  readonly errorText: string | null;
  readonly durationMs: number;
}

export interface NameResolverOptions {
  /** Addresses of resolvers (`192.0.2.53`, `127.0.0.1:5353`) instead of the system's. */
  readonly servers?: readonly string[];
  readonly hosts?: HostsFile;
  readonly search?: SearchRule;
}

/**
 * Names by the hosts file and by DNS (c-ares). Never by getaddrinfo: a call of it in flight can be ended by nothing, and
 * holds the process for as long as the system's resolver cares to wait. So what only the system's name switch knows
 * (mDNS, LDAP) is not found.
 */
export class NameResolver {
  readonly #options: NameResolverOptions;
  readonly #running = new Set<AbortController>();
  #hosts: HostsFile | undefined;
  #search: SearchRule | undefined;
  #cancelled = false;

  constructor(options: NameResolverOptions = {}) {
    this.#options = options;
  }

  /** The addresses of a host as far as they are known without asking anybody: literals, the hosts file, `localhost`. */
  known(host: string): readonly string[] | undefined {
    return this.#withoutAsking(host, [4, 6])?.flatMap(({ addresses }) => addresses);
  }

  /**
   * The addresses of a host name or address literal: one answer for each of the families asked for, all asked at once,
   * each told as it comes. Never rejects. A family that has no answer after `timeoutMs` is given up as `timeout`.
   */
  async resolve(
    host: string,
    families: readonly Family[],
    timeoutMs: number,
    told: (answer: NameAnswer) => void,
  ): Promise<readonly NameAnswer[]> {
    const known = this.#withoutAsking(host, families);
    if (known !== undefined) {
      known.forEach(told);
      return known;
    }
    return this.#bounded(timeoutMs, (signal) =>
      Promise.all(
        families.map(async (family) => {
          const answer = await this.#ask(host, family, signal);
          told(answer);
          return answer;
        }),
      ),
    );
  }

  /** SRV records of `_service._protocol.host` (RFC 8489 8, RFC 5928 3). */
  async resolveService(
    service: string,
    protocol: 'udp' | 'tcp',
    host: string,
    timeoutMs: number,
  ): Promise<ServiceAnswer> {
    const startedAt = performance.now();
    const name = `_${service}._${protocol}.${host}`;
    const { records, error } = await this.#bounded(timeoutMs, (signal) =>
      askDns<SrvRecord>(this.#options.servers, (resolver, done) => resolver.resolveSrv(name, done), signal),
    );
    // RFC 2782: the lowest priority first. Within one, by weight: the order is the same in each run, as a diagnosis wants it.
    const targets = [...records]
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      // A single record with the target "." says that the service is decidedly not there.
      .filter(({ name: target }) => target !== '' && target !== '.')
      .map(({ name: target, port }) => ({ host: target, port }));
    return { targets, ...describe(error), durationMs: performance.now() - startedAt };
  }

  /** Ends every question that is under way, as `timeout`, and all later ones. */
  cancel(): void {
    this.#cancelled = true;
    for (const each of this.#running) each.abort();
  }

  #withoutAsking(host: string, families: readonly Family[]): readonly NameAnswer[] | undefined {
    const literal = familyOf(host);
    if (literal !== undefined) {
      return families
        .filter((family) => family === literal)
        .map((family) => found(family, [canonicalAddress(host) ?? host], 'literal'));
    }
    this.#hosts ??= this.#options.hosts ?? readHostsFile();
    const name = host.toLowerCase().replace(/\.$/, '');
    const entries = this.#hosts.get(name) ?? loopbackOf(name);
    return entries === undefined
      ? undefined
      : families.map((family) =>
          found(
            family,
            entries.filter((address) => familyOf(address) === family),
            'hosts',
          ),
        );
  }

  async #ask(host: string, family: Family, signal: AbortSignal): Promise<NameAnswer> {
    const startedAt = performance.now();
    this.#search ??= this.#options.search ?? readSearchRule();
    let first: NodeJS.ErrnoException | undefined;
    for (const name of searchNames(host, this.#search)) {
      const { records, error } = await askDns<string>(
        this.#options.servers,
        (resolver, done) => (family === 4 ? resolver.resolve4(name, done) : resolver.resolve6(name, done)),
        signal,
      );
      if (error === undefined) {
        const addresses = records.map((address) => canonicalAddress(address) ?? address);
        return { ...found(family, [...new Set(addresses)], 'dns'), durationMs: performance.now() - startedAt };
      }
      // The error to be told is that of the name as the user wrote it.
      if (first === undefined || name === host) first = error;
      // Only "there is no such name" says that another completion may exist; with a dead resolver each try costs seconds.
      if (describe(error).error !== 'not-found') break;
    }
    return {
      family,
      addresses: [],
      source: 'dns',
      ...describe(first),
      durationMs: performance.now() - startedAt,
    };
  }

  async #bounded<T>(timeoutMs: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.add(controller);
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      if (this.#cancelled) controller.abort();
      return await ask(controller.signal);
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }
}

/** RFC 6761 6.3: `localhost` and what is below it are this machine, and no question for a resolver. */
function loopbackOf(name: string): readonly string[] | undefined {
  return name === 'localhost' || name.endsWith('.localhost') ? ['127.0.0.1', '::1'] : undefined;
}

function found(family: Family, addresses: readonly string[], source: NameAnswer['source']): NameAnswer {
  const nothing = addresses.length === 0;
  return { family, addresses, source, error: nothing ? 'no-data' : null, errorText: null, durationMs: 0 };
}

const ERROR_CODES: Readonly<Record<string, ResolveErrorCode>> = {
  ENOTFOUND: 'not-found',
  ENODATA: 'no-data',
  // The resolver's port is closed, or it does not answer our questions: either way it is there and will not.
  ECONNREFUSED: 'refused',
  EREFUSED: 'refused',
  ESERVFAIL: 'server-failure',
  EBADRESP: 'server-failure',
  EFORMERR: 'server-failure',
  ENOTIMP: 'server-failure',
  ETIMEOUT: 'timeout',
  // We cancel only where the time is up.
  ECANCELLED: 'timeout',
};

function describe(error: NodeJS.ErrnoException | undefined): Pick<NameAnswer, 'error' | 'errorText'> {
  if (error === undefined) return { error: null, errorText: null };
  const code = error.code ?? 'EUNKNOWN';
  return { error: ERROR_CODES[code] ?? 'other', errorText: code };
}
