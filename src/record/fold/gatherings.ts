import type { Candidate, CandidateError } from '../../core/ice/candidate.ts';
import type { GatheringStateName } from '../../core/ice/events.ts';
import type { RunEvent } from '../events.ts';
import type { Gathering, Vantage } from '../report.ts';

type GatheringRunEvent = Extract<
  RunEvent,
  { readonly type: 'gathering-state' | 'candidate' | 'candidate-omitted' | 'candidate-error' }
>;

interface Draft {
  readonly vantage: Vantage;
  readonly url: string | null;
  userAgent: string | null;
  readonly states: { state: GatheringStateName; ms: number }[];
  readonly candidates: Candidate[];
  readonly omitted: { candidate: string; reason: string }[];
  readonly errors: CandidateError[];
}

/** Folds candidates, errors and states into gatherings, one for each vantage and URL. */
export class GatheringsFold {
  readonly #drafts = new Map<string, Draft>();

  add(event: GatheringRunEvent): void {
    const { vantage, ms } = event;
    switch (event.type) {
      case 'gathering-state': {
        const draft = this.#draft(vantage, event.url);
        draft.states.push({ state: event.state, ms });
        draft.userAgent = event.userAgent ?? draft.userAgent;
        break;
      }
      case 'candidate':
        this.#draft(vantage, event.gathering).candidates.push({ ...event.candidate, ms });
        break;
      case 'candidate-omitted':
        this.#draft(vantage, event.gathering).omitted.push({ candidate: event.candidate, reason: event.reason });
        break;
      case 'candidate-error': {
        const { url, errorCode, errorText, address, port, family } = event;
        this.#draft(vantage, event.gathering).errors.push({ url, errorCode, errorText, address, port, family, ms });
        break;
      }
    }
  }

  /** Copies: the fold may go on. */
  list(): Gathering[] {
    return [...this.#drafts.values()].map((draft) => ({
      vantage: draft.vantage,
      userAgent: draft.userAgent,
      url: draft.url,
      states: [...draft.states],
      candidates: [...draft.candidates],
      omitted: [...draft.omitted],
      errors: [...draft.errors],
    }));
  }

  #draft(vantage: Vantage, url: string | null): Draft {
    const key = `${vantage} ${url ?? ''}`;
    const known = this.#drafts.get(key);
    if (known !== undefined) return known;
    const draft: Draft = { vantage, url, userAgent: null, states: [], candidates: [], omitted: [], errors: [] };
    this.#drafts.set(key, draft);
    return draft;
  }
}
