/** The candidate-attributes of a description, as a report may show them. */
export function candidatesIn(sdp: string): string[] {
  const lines = sdp.split('\r\n').filter((line) => line.startsWith('a=candidate:'));
  return lines.slice(0, 500).map((line) => withoutFragment(line.slice(2)));
}

/** With its password, the user name fragment is what the checks are authenticated with; nobody needs it in a report. */
export function withoutFragment(candidate: string): string {
  return candidate.replace(/ ufrag \S+/, '');
}

/** RFC 8840 4.1.1: who does not trickle must not say so. */
export function withoutTrickle(sdp: string): string {
  return sdp.replace(/^(a=ice-options:.*?) ?\btrickle\b/gm, '$1').replace(/^a=ice-options:[ \t]*\r\n/gm, '');
}
