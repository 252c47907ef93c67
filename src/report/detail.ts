import type { Finding } from '../record/finding.ts';

/** The ways across a relay, with how many of how many packets each let through, where a finding is about those. */
export function directionsOf({ params }: Finding): readonly (readonly [words: string, count: string])[] {
  const rows = [
    ['peer -> relay, peer first', params['peerFirst']],
    ['peer -> relay, from another place', params['outside']],
    ['relay -> peer', params['relayToPeer']],
    ['peer -> relay, after relay spoke', params['peerAfterRelay']],
  ] as const;
  return rows.flatMap(([words, count]) =>
    typeof count === 'string' && count !== '0/0' ? [[words, count] as const] : [],
  );
}

/** What was observed, figures included, in one line. */
export function detailOf(finding: Finding): string {
  const figures = directionsOf(finding).map(([words, count]) => `${words} ${count}`);
  return [finding.detail, figures.join('; ')].filter((part) => part !== '').join(' ');
}
