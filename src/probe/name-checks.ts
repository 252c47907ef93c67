import { addressKind, type Family, leadsBeyondLink } from '../core/address.ts';
import type { GatherServer } from '../core/ice/gatherer-io.ts';
import { NameResolver } from '../net/resolve.ts';
import { systemResolvers } from '../net/system.ts';
import type { EventBody } from '../record/events.ts';
import { within } from './within.ts';

export interface NameChecksTask {
  readonly servers: readonly GatherServer[];
  readonly families: readonly Family[];
  /** Addresses of resolvers; the system's where absent. */
  readonly resolvers?: readonly string[] | undefined;
  /** The addresses of this machine that the run may use. */
  readonly locals: readonly { readonly family: Family; readonly address: string }[];
  readonly timeoutMs: number;
  readonly record: (body: EventBody) => void;
}

const MOST_RESOLVERS = 3;
const MOST_HOSTS = 8;
/** What comparing may cost a run that is through otherwise: resolvers that live answer in less. */
const COMPARING_GRACE_MS = 200;
/** An address literal fails at once without IPv4: this one answer says why, so it may take its time. */
const NAT64_GRACE_MS = 1500;
/** RFC 7050 2: has A records and nothing else, so that an AAAA can only come from a resolver that translates. */
const NAT64_HOST = 'ipv4only.arpa';

/** Questions about names whose answers nobody needs to go on, and which tell causes apart. */
export class NameChecks {
  readonly #task: NameChecksTask;
  readonly #asked: NameResolver[] = [];
  readonly #comparing: Promise<unknown>;
  readonly #translator: Promise<unknown>;

  /** Asks at once; answers are recorded as they come. */
  constructor(task: NameChecksTask) {
    this.#task = task;
    this.#comparing = this.#compareResolvers();
    this.#translator = this.#askForTranslator();
  }

  /** Resolves when all is answered or it is not worth the wait any more. To be called when the run is through otherwise. */
  async settled(): Promise<void> {
    await Promise.all([within(COMPARING_GRACE_MS, this.#comparing), within(NAT64_GRACE_MS, this.#translator)]);
    this.cancel();
  }

  cancel(): void {
    for (const resolver of this.#asked) resolver.cancel();
  }

  /** Each of the resolvers by itself: inside and outside views of one name differ (split horizon). */
  async #compareResolvers(): Promise<void> {
    const { servers, families, timeoutMs, record } = this.#task;
    const resolvers = this.#resolvers().slice(0, MOST_RESOLVERS);
    if (resolvers.length < 2) return;
    const known = new NameResolver();
    const hosts = [...new Set(servers.map(({ uri }) => uri.host))].filter((host) => known.known(host) === undefined);
    await Promise.all(
      resolvers.flatMap((address) => {
        const resolver = this.#resolver(address);
        return hosts.slice(0, MOST_HOSTS).map((host) => {
          const urls = servers.filter(({ uri }) => uri.host === host).map(({ url }) => url);
          return resolver.resolve(host, families, timeoutMs, (answer) =>
            record({ type: 'resolve', urls, host, resolver: address, ...answer }),
          );
        });
      }),
    );
  }

  /** RFC 7050: is there a NAT64, which serves names and not address literals? */
  async #askForTranslator(): Promise<void> {
    const { servers, families, locals, timeoutMs, record } = this.#task;
    const hasIPv4 = locals.some(({ family, address }) => family === 4 && leadsBeyondLink(addressKind(address)));
    const urls = servers.filter(({ uri }) => uri.literal === 4).map(({ url }) => url);
    const [first] = this.#resolvers();
    if (urls.length === 0 || hasIPv4 || !families.includes(6) || first === undefined) return;
    await this.#resolver(first).resolve(NAT64_HOST, [6], timeoutMs, (answer) =>
      record({ type: 'resolve', urls, host: NAT64_HOST, resolver: first, ...answer }),
    );
  }

  #resolvers(): readonly string[] {
    return [...new Set(this.#task.resolvers ?? systemResolvers())];
  }

  #resolver(address: string): NameResolver {
    const resolver = new NameResolver({ servers: [address] });
    this.#asked.push(resolver);
    return resolver;
  }
}
