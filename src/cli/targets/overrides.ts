import { resolve } from 'node:path';
import type { TargetDefaults } from '../../check/targets/config.ts';
import type { expectationOptions } from '../check/options.ts';
import { expectationsOf, writtenIn } from '../check/read.ts';
import type { networkOptions } from '../options/network.ts';
import type { ValuesOf } from '../options/option.ts';
import type { probeOptions } from '../suite/options.ts';

type Values = ValuesOf<typeof networkOptions> & ValuesOf<typeof probeOptions> & ValuesOf<typeof expectationOptions>;

/** What the options say, in the words of a configuration: it goes before what a target says. Throws `UsageError`. */
export function overridesOf(values: Values): TargetDefaults {
  // A mistake in an option is told as that, and not as one of the file.
  expectationsOf(values);
  const { policy, family, ca, interface: name, timeout, rto, insecure, loopback, packets, size, rate, ports } = values;
  const given = {
    ...{ iceTransportPolicy: policy, interface: name, timeout, rto, insecure, loopback, packets, size, rate, ports },
    family: family === '4' ? 4 : family === '6' ? 6 : undefined,
    // Paths among the arguments are meant from here, those in the file from where it stands.
    ca: ca === undefined ? undefined : resolve(ca),
    failOn: values['fail-on'],
    retries: values.retries,
  } as const;
  return {
    ...writtenIn(values),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}
