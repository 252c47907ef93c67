/** RFC 4787 5. */
export type Filtering = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** How the sender of a packet stands to those that we have sent to from that socket. */
export type SenderRelation = 'other-address' | 'same-address-other-port';

/** One question: does a packet from such a sender reach us? */
export interface FilteringSample {
  readonly sender: SenderRelation;
  /** `undetermined`: nothing came, but loss could explain it. */
  readonly outcome: 'arrived' | 'filtered' | 'undetermined';
}

export interface FilteringVerdict {
  readonly verdict: Filtering | 'not-determined';
  readonly remaining: readonly Filtering[];
  readonly reason: string;
  readonly settledBy?: string;
}

/** RFC 5780 4.4 as a function of what was seen, whoever the senders were (CHANGE-REQUEST, or a relay of ours). */
export function filteringVerdict(samples: readonly FilteringSample[]): FilteringVerdict {
  const other = outcomeOf(samples, 'other-address');
  const port = outcomeOf(samples, 'same-address-other-port');
  if (other === 'arrived') return settled('endpoint-independent', 'a packet from an address never sent to arrived');
  if (port === 'filtered') {
    return settled(
      'address-and-port-dependent',
      other === 'filtered'
        ? 'packets from another address, and from another port of the same address, did not arrive'
        : 'packets from another port of the address sent to did not arrive',
    );
  }
  if (port === 'arrived') {
    return other === 'filtered'
      ? settled('address-dependent', 'another port of the address sent to got through, another address did not')
      : undetermined(
          ['endpoint-independent', 'address-dependent'],
          'another port of the address sent to got through; nothing is known of other addresses',
          OTHER_ADDRESS_NEEDED,
        );
  }
  if (other === 'filtered') {
    return undetermined(
      ['address-dependent', 'address-and-port-dependent'],
      'another address did not get through; nothing is known of other ports of the address sent to',
      'a server that answers from another port (RFC 5780)',
    );
  }
  return undetermined(
    ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'],
    samples.length === 0
      ? 'nobody could send from an address or port that we had not sent to'
      : 'loss hides the answer',
    samples.length === 0 ? OTHER_ADDRESS_NEEDED : 'a path with less loss, or more tries',
  );
}

/**
 * How probable it is that `sends` answers were all lost by accident, given that of `controlSends` requests on the same path
 * `controlAnswers` were answered. Laplace's rule: the next one is lost with (lost + 1) / (sent + 2), so that a clean but
 * short control does not claim a lossless path.
 */
export function doubtOf(sends: number, controlSends: number, controlAnswers: number): number {
  return ((controlSends - controlAnswers + 1) / (controlSends + 2)) ** sends;
}

/** "Filtered" is said only with less doubt than this. */
export const MAX_DOUBT = 0.001;

const OTHER_ADDRESS_NEEDED =
  'a server with a second address (RFC 5780), or a relay on another address than the STUN server';

function outcomeOf(
  samples: readonly FilteringSample[],
  sender: SenderRelation,
): FilteringSample['outcome'] | undefined {
  const outcomes = samples.filter((sample) => sample.sender === sender).map((sample) => sample.outcome);
  // One arrival proves that such packets pass; several silences are no stronger than the surest of them.
  return (['arrived', 'filtered', 'undetermined'] as const).find((outcome) => outcomes.includes(outcome));
}

function settled(verdict: Filtering, reason: string): FilteringVerdict {
  return { verdict, remaining: [verdict], reason };
}

function undetermined(remaining: readonly Filtering[], reason: string, settledBy: string): FilteringVerdict {
  return { verdict: 'not-determined', remaining, reason, settledBy };
}
