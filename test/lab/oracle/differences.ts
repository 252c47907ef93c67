/** `host udp 192.0.2.1`, `relay udp 198.51.100.1 tcp`: type, protocol, address, and of a relay the protocol to its server. */
export type Sort = string;

export interface Sets {
  readonly ours: ReadonlySet<Sort>;
  readonly theirs: ReadonlySet<Sort>;
}

/** Candidates that one of the two has and the other has not, and why that is as it should be. */
export interface Difference {
  /** Whose they are. */
  readonly only: 'iceprobe' | 'browser';
  readonly what: RegExp;
  /** For the page. */
  readonly title: string;
  readonly why: string;
}

const V6 = '[0-9a-f]*:[0-9a-f:]+';
const V4 = '[0-9.]+';

export const DIFFERENCES = {
  'relay-of-own-family': {
    only: 'iceprobe',
    what: new RegExp(`^relay udp ${V6} `),
    title: 'relayed IPv6 addresses',
    why:
      'iceprobe asks for a relayed address of the family in which it reaches the server (REQUESTED-ADDRESS-FAMILY, RFC 8656 18.9): that shows ' +
      'whether the server can relay for IPv6 peers at all. Browsers never ask for a family, and what a server then gives is IPv4. ' +
      'Where a server knows no IPv6 relays, iceprobe asks again as browsers do.',
  },
  'relay-of-no-family': {
    only: 'browser',
    what: new RegExp(`^relay udp ${V4} `),
    title: 'relayed IPv4 addresses on a host that has IPv6 alone',
    why: 'The other side of the same: who asks for no family gets IPv4, even over IPv6.',
  },
  'stuns-over-udp': {
    only: 'browser',
    what: /^srflx udp /,
    title: 'a server-reflexive candidate from a `stuns:` URL',
    why:
      'Chromium sends a plain Binding request over UDP to the TLS port, which coturn answers there. RFC 7064 means TLS; iceprobe shakes hands ' +
      'and asks, and says that the server works. An address mapped for a TCP connection is no candidate.',
  },
  'dtls-as-tls': {
    only: 'browser',
    what: /^relay udp \S+ tls$/,
    title: 'a relay from a `turns:` URL with `transport=udp`',
    why:
      'The URL means TURN over DTLS (RFC 7065), which no browser has. Chromium takes it for TLS over TCP without a word, iceprobe says that ' +
      'it is not supported (`config.dtls-unsupported`): who wrote it expected UDP.',
  },
  'other-interfaces': {
    only: 'iceprobe',
    what: /^host (?:udp|tcp) 192\.168\./,
    title: 'host candidates of interfaces without the default route',
    why:
      'A page that may use neither camera nor microphone gets the interface of the default route alone (RFC 8828, mode 2), with `.local` in ' +
      'place of its address where mDNS is on. iceprobe sees what a page sees in a call; `--interface` is for one interface alone.',
  },
  'no-active-tcp': {
    only: 'iceprobe',
    what: /^host tcp 10\./,
    title: 'active TCP host candidates (`--tcp`)',
    why:
      'In such a page Chromium binds its sockets to no address, and offers no active TCP candidate (RFC 6544). With a camera it does, and Firefox ' +
      'in either case.',
  },
  'mapped-though-refused': {
    only: 'iceprobe',
    what: /^srflx udp /,
    title: 'a server-reflexive candidate where the allocation is refused',
    why:
      'Firefox takes the mapped address of a `turn:` URL from the answer to Allocate alone, so with a wrong password there is none. iceprobe sends ' +
      'a Binding request beside it, as Chromium does.',
  },
  'believes-alg': {
    only: 'iceprobe',
    what: /^srflx udp /,
    title: 'the server-reflexive candidate where an ALG rewrites MAPPED-ADDRESS',
    why:
      'Chromium reads MAPPED-ADDRESS where it is there, and XOR-MAPPED-ADDRESS, which no ALG changes, only where it is not: it takes its own ' +
      'address for the mapped one, and has no server-reflexive candidate. iceprobe names the ALG (`stun.alg-rewrites`).',
  },
  'forbidden-port': {
    only: 'iceprobe',
    what: /^(?:relay|srflx) udp /,
    title: 'what a server on a port below 1024 gives',
    why:
      'Chromium asks no TURN server on a port below 1024 but 53, 80 and 443, and tells nobody. iceprobe asks, and warns ' +
      '(`config.port-restricted`).',
  },
} as const satisfies Record<string, Difference>;

export type DifferenceId = keyof typeof DIFFERENCES;

/** Which of the candidates that only one has are explained by these, and which by none; and which of these explain nothing. */
export function explain(
  { ours, theirs }: Sets,
  ids: readonly DifferenceId[],
): { unexplained: string[]; unused: string[] } {
  const only = {
    iceprobe: [...ours].filter((sort) => !theirs.has(sort)),
    browser: [...theirs].filter((sort) => !ours.has(sort)),
  };
  const explains = (id: DifferenceId, who: 'iceprobe' | 'browser', sort: Sort): boolean =>
    DIFFERENCES[id].only === who && DIFFERENCES[id].what.test(sort);
  const unexplained = (['iceprobe', 'browser'] as const).flatMap((who) =>
    only[who].filter((sort) => !ids.some((id) => explains(id, who, sort))).map((sort) => `only ${who}: ${sort}`),
  );
  const unused = ids.filter(
    (id) => !only[DIFFERENCES[id].only].some((sort) => explains(id, DIFFERENCES[id].only, sort)),
  );
  return { unexplained, unused };
}
