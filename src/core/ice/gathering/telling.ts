import type { Family, SocketAddress, TransportKind } from '../../address.ts';
import type { AttemptKey, Stage, StageData } from '../../attempt.ts';
import type { TransportId } from '../../machine.ts';
import { describeFailure, reasonOf } from '../../stun/describe.ts';
import type { GatheringEvent, GatheringStateName } from '../events.ts';
import { Candidates, type Found } from './candidates.ts';
import type { Local } from './locals.ts';
import type { Settings } from './settings.ts';

/** What a gathering tells, in the shape of its events. */
export class Telling {
  readonly #event: (event: GatheringEvent) => void;
  readonly #candidates = new Candidates();
  readonly #gathering: string | null;
  readonly #prefix: string;
  #attempts = 0;

  constructor(settings: Settings, event: (event: GatheringEvent) => void) {
    this.#gathering = settings.gathering;
    this.#prefix = settings.prefix;
    this.#event = event;
  }

  state(state: GatheringStateName): void {
    this.#event({ type: 'gathering-state', url: this.#gathering, state });
  }

  /** A name for a new attempt. `local` null: it could not even be begun. */
  attemptKey(local: Local | null, remote: SocketAddress, transport: TransportKind): AttemptKey {
    return {
      id: `${this.#prefix}${++this.#attempts}`,
      family: remote.family,
      address: remote.address,
      port: remote.port,
      transport,
      interface: local?.interface ?? null,
      localAddress: local?.address ?? null,
    };
  }

  stage(url: string, attempt: AttemptKey | null, { ms, ...stage }: Stage, transport: TransportId | null): void {
    this.#event({ type: 'stage', url, attempt, transport, durationMs: ms, ...stage });
  }

  candidate(found: Found): void {
    const offered = this.#candidates.add(found);
    if (offered.kind === 'new') {
      this.#event({ type: 'candidate', gathering: this.#gathering, candidate: offered.candidate });
      return;
    }
    const reason = `redundant with ${offered.with}`;
    this.#event({ type: 'candidate-omitted', gathering: this.#gathering, candidate: offered.candidate, reason });
  }

  /** `local` null: there was no socket. */
  candidateError(url: string, data: StageData, local: SocketAddress | null, family: Family | null): void {
    this.#event({
      type: 'candidate-error',
      gathering: this.#gathering,
      url,
      // WebRTC 4.8.2: the STUN error code, or 701 where the server could not be reached.
      ...(data.cause === 'stun-error' && data.errorCode !== undefined
        ? { errorCode: data.errorCode, errorText: reasonOf(data.errorCode, data.reason) }
        : { errorCode: 701, errorText: describeFailure(data) }),
      address: local?.address ?? null,
      port: local?.port ?? null,
      family,
    });
  }
}
