import type { Check } from '../../check/check.ts';
import { judge } from '../../check/judge.ts';
import { expectationOptions } from '../check/options.ts';
import { checksFor, expectationsOf } from '../check/read.ts';
import { checkTargets } from '../check/targets.ts';
import { defineCommand } from '../command.ts';
import { vantageOptions } from '../gather/options.ts';
import { probeOptions } from '../suite/options.ts';
import { runSuite, suiteOptions } from '../suite/run.ts';
import { configFileFor } from '../targets/choose.ts';
import { targetOptions } from '../targets/options.ts';

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Holds servers to expectations, for CI. Without any, data must cross the relay of every TURN URL, and every STUN URL ' +
    'must answer. Without servers, the targets of iceprobe.config.json in the current folder are tested. Exit code 0: all ' +
    'is met; 1: something is not; 3: something was not determined; 2: a mistake in the call.',
  options: { ...suiteOptions, ...targetOptions, ...vantageOptions, ...probeOptions, ...expectationOptions },
  examples: [
    ['iceprobe check turn:turn.example.org --report junit=turn.xml', 'user and credential from the environment'],
    ['iceprobe check -c ice.json --require relay/udp,relay/tls --max-rtt 200 --min-cert-days 14', 'what must hold'],
    ['iceprobe check --target prod --report junit=turn.xml', 'what iceprobe.config.json says of this target'],
    ["iceprobe check -c ice.json --expect 'findings.count == 0'", 'anything that the JSON report tells'],
  ],
  async run({ options, positionals }, context) {
    const file = await configFileFor(positionals, options);
    if (file !== undefined) return checkTargets(file, options, context);
    const expectations = expectationsOf(options);
    let checks: readonly Check[] = [];
    return runSuite(
      {
        name: 'check',
        parts: ['gather', 'probe'],
        retries: options.retries ?? 0,
        examine: (urls) => {
          checks = checksFor(urls, expectations);
        },
        judge: (report) =>
          judge(report, {
            checks,
            allowances: expectations.allowances,
            failOn: options['fail-on'] ?? 'error',
          }),
      },
      options,
      positionals,
      context,
    );
  },
});
