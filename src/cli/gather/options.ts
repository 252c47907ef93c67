import { choice, flag, text } from '../options/option.ts';

/** What gathering alone takes. */
export const gatherOptions = {
  tcp: flag({
    group: 'Network',
    help: 'host candidates over TCP too (RFC 6544), which browsers gather and seldom use',
  }),
  srv: flag({ group: 'Network', help: 'look for SRV records where a URL has no port, which browsers do not' }),
  'per-url': flag({ group: 'Network', help: 'gather for each URL alone too, to tell what each gives and costs' }),
} as const;

/** From where it is seen. */
export const vantageOptions = {
  vantage: choice(['terminal', 'browser', 'both'], {
    group: 'Network',
    help: "see it from here, from an installed browser's WebRTC, or from both and tell the differences (default: terminal)",
  }),
  browser: text({
    group: 'Network',
    placeholder: 'NAME|PATH',
    help: 'which browser: chrome, chromium, edge, firefox, or the path of one (default: the first that is found)',
  }),
} as const;
