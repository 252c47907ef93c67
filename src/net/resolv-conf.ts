import { readFileSync } from 'node:fs';

/** How a name without a final dot is completed (resolv.conf(5)). */
export interface SearchRule {
  readonly domains: readonly string[];
  /** A name with at least so many dots is tried as it stands first. */
  readonly ndots: number;
}

const NO_SEARCH: SearchRule = { domains: [], ndots: 1 };

/** The last `search` or `domain` line counts, and `options ndots:N`. */
export function parseSearchRule(text: string): SearchRule {
  let { domains, ndots } = NO_SEARCH;
  for (const line of text.split(/\r?\n/)) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search' || keyword === 'domain') {
      domains = (keyword === 'domain' ? words.slice(0, 1) : words).filter((word) => word !== '.');
    }
    if (keyword !== 'options') continue;
    for (const word of words) {
      const match = /^ndots:(\d+)$/.exec(word);
      if (match !== null) ndots = Math.min(Number(match[1]), 15);
    }
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')), ndots };
}

export function readSearchRule(): SearchRule {
  try {
    return parseSearchRule(readFileSync('/etc/resolv.conf', 'utf8'));
  } catch {
    // Windows and some sandboxes have none.
    return NO_SEARCH;
  }
}

/** The absolute names to ask for in turn, until one exists. */
export function searchNames(host: string, rule: SearchRule): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  const completed = rule.domains.map((domain) => `${host}.${domain}`);
  const dots = host.split('.').length - 1;
  return dots >= rule.ndots ? [host, ...completed] : [...completed, host];
}
