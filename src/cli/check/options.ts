import { choice, number, repeatable, text } from '../options/option.ts';

/** What is expected of the servers. */
export const expectationOptions = {
  require: repeatable(
    text({
      group: 'Expectations',
      placeholder: 'WHAT',
      help: 'host, srflx or relay must come about, relays with data: relay/udp,relay/tls/6,srflx@stun:HOST',
    }),
  ),
  expect: repeatable(
    text({
      group: 'Expectations',
      placeholder: 'ASSERTION',
      help: "a field of the JSON report, an operator, a value: 'findings.count == 0'",
    }),
  ),
  'max-rtt': number({
    group: 'Expectations',
    placeholder: 'MS',
    min: 0,
    max: 60_000,
    unit: ' of milliseconds',
    help: 'the median round trip through each relay',
  }),
  'max-loss': number({
    group: 'Expectations',
    placeholder: 'PERCENT',
    min: 0,
    max: 100,
    unit: ' of percent',
    help: 'packets lost through each relay',
  }),
  'max-gather-time': number({
    group: 'Expectations',
    placeholder: 'MS',
    min: 1,
    max: 600_000,
    unit: ' of milliseconds',
    help: 'the time until gathering is complete',
  }),
  'min-cert-days': number({
    group: 'Expectations',
    placeholder: 'DAYS',
    min: 0,
    max: 3650,
    unit: ' of days',
    help: 'how long each certificate must still be valid',
  }),
  'fail-on': choice(['error', 'warning'], {
    group: 'Expectations',
    help: 'from which severity on a finding fails the check (default: error)',
  }),
  allow: repeatable(
    text({
      group: 'Expectations',
      placeholder: 'FINDING',
      help: "bear with a finding that is known: 'relay.private-address@turn:HOST until 2027-01-31'",
    }),
  ),
  retries: number({
    group: 'Expectations',
    placeholder: 'N',
    min: 0,
    max: 10,
    whole: true,
    help: 'repeat a run that fails; a later success is reported as unreliable',
  }),
} as const;
