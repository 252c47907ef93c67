import type { BrowserName } from '../../support/browser.ts';
import { CASES, type OracleCase } from './cases.ts';
import { DIFFERENCES, type Difference, type DifferenceId } from './differences.ts';

/** docs/browsers.md, from the table that the test goes by. */
export function renderPage(): string {
  const used = new Set(CASES.flatMap(({ differs }) => Object.values(differs).flat()));
  return [
    '# What browsers gather, and what iceprobe gathers',
    '',
    `In ${CASES.length} configurations a browser and iceprobe gather one after the other on the same host, a small internet of network`,
    'namespaces with coturn. Both must find the same set of candidates by type, protocol, address and, of relays, the protocol to the',
    'server. `test/lab/oracle.test.ts` runs them all, and fails for a difference that is not explained here as well as for an explanation',
    'that nothing shows. Ports are left out: each run has its own.',
    '',
    'To compare like with like, mDNS is off in the browsers, their page may use a camera (a false one), and iceprobe runs with `--tcp`, for',
    "browsers gather active TCP host candidates as well. Chromium trusts the test's certificate by its key.",
    '',
    '| configuration | network | Chromium | Firefox |',
    '|---|---|---|---|',
    ...CASES.map(row),
    '',
    '¹ Asked what it had by then: Chromium gives a silent UDP server 40 s, a silent TCP connection for ever. iceprobe gives both 5 s, and the',
    'whole run the time of `--timeout`.',
    '',
    '## The differences',
    '',
    ...[...used].sort().flatMap((id) => section(id, DIFFERENCES[id])),
    '## What both do alike, though it may surprise',
    '',
    '- Of a `turn:` URL over UDP comes a server-reflexive candidate too, even if the password is wrong.',
    '- A mapped address that is the host address itself is redundant (RFC 8445 5.1.3), and not told.',
    '- With the policy `relay` a STUN server is not asked at all.',
    '- `iceCandidatePoolSize` changes when a browser gathers, not what.',
    '- Where a name does not exist, or a port is closed, the other servers give what they give.',
    '',
    '## What a browser alone has to itself',
    '',
    'Chromium 156 told all its candidates and often never said `complete` where a `stun:` URL gave the address and a `turn:` URL',
    'the name of one and the same server, and the name was not in its cache. Written alike in both, it completed each time. So these',
    'configurations name servers by name.',
    '',
  ].join('\n');
}

function row({ title, network, cutMs, differs }: OracleCase): string {
  const cell = (browser: BrowserName): string => {
    const ids = differs[browser];
    if (ids === undefined) return '';
    const links = ids.map((id) => `[${DIFFERENCES[id].title}](#${id})`).join(', ');
    return `${links === '' ? 'the same' : `but for ${links}`}${cutMs === undefined ? '' : ` after ${cutMs / 1000} s ¹`}`;
  };
  return `| ${title} | \`${network}\` | ${cell('chromium')} | ${cell('firefox')} |`;
}

function section(id: DifferenceId, { only, title, why }: Difference): string[] {
  const who = only === 'iceprobe' ? 'Only iceprobe' : 'Only the browser';
  return [`### ${id}`, '', `${who}: ${title}. ${why}`, ''];
}
