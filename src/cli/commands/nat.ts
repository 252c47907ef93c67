import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { meaningOf, type NatBehaviour, predict } from '../../core/nat/prediction.ts';
import type { NatResult, Report } from '../../record/report.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';
import { text } from '../options/option.ts';
import { lifetimeOptions, natOptions } from '../suite/options.ts';
import { runSuite, suiteOptions } from '../suite/run.ts';

const options = {
  ...suiteOptions,
  ...lifetimeOptions,
  ...natOptions,
  save: text({
    group: 'Output',
    placeholder: 'FILE',
    isFile: true,
    help: 'keep the result, for the other person to compare',
  }),
  with: text({
    group: 'Output',
    placeholder: 'FILE',
    isFile: true,
    help: "the other person's result: says whether you two connect without a relay",
  }),
} as const;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Finds how the NAT in front of this machine maps and filters (RFC 4787), whether it hairpins, and how long an idle ' +
    'binding lives; then says who connects directly with it and who needs a relay. A server with two addresses (RFC 5780) ' +
    'answers most; with an ordinary TURN server the relay is used as the second address.',
  options,
  examples: [
    ['iceprobe nat stun:stun.example.org', 'what kind of NAT is this?'],
    ['iceprobe nat turn:turn.example.org -u alice -p - --lifetime 120', 'and how long does a binding live?'],
    ['iceprobe nat stun:stun.example.org --save me.json', 'to be compared: the other one adds --with me.json'],
  ],
  async run({ options: given, positionals }, context) {
    const other = given.with === undefined ? undefined : readBehaviours(given.with);
    return runSuite(
      {
        name: 'nat',
        parts: ['nat'],
        finish: async (report) => {
          if (given.save !== undefined) await save(given.save, report);
          return report;
        },
        closing: (report) => meaning(report, other),
      },
      given,
      positionals,
      context,
    );
  },
});

const SAVED_SCHEMA = 'iceprobe.nat/1';

async function save(path: string, report: Report): Promise<void> {
  const text = JSON.stringify({ schema: SAVED_SCHEMA, nat: report.nat ?? [] }, undefined, 2);
  await writeFile(path, `${text}\n`).catch((error: unknown) => {
    throw new UsageError(`--save ${path}: ${describeSystemError(error)}`, 'give a file that can be written');
  });
}

/** A file of `--save`, or any JSON report with a `nat` part. */
function readBehaviours(path: string): readonly NatBehaviour[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? `it is no JSON: ${error.message}` : describeSystemError(error);
    throw new UsageError(`--with ${path}: ${why}`, 'give a file that "iceprobe nat --save FILE" wrote');
  }
  const nat = typeof value === 'object' && value !== null && 'nat' in value ? value.nat : undefined;
  if (!Array.isArray(nat) || nat.length === 0 || !nat.every(isBehaviour)) {
    throw new UsageError(
      `--with ${path}: there is no NAT result in it`,
      'give a file that "iceprobe nat --save FILE" wrote',
    );
  }
  return nat;
}

function isBehaviour(value: unknown): value is NatBehaviour {
  if (typeof value !== 'object' || value === null || !('mapping' in value) || !('filtering' in value)) return false;
  return MAPPINGS.has(String(value.mapping)) && FILTERINGS.has(String(value.filtering));
}

const FILTERINGS = new Set([
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
  'not-determined',
]);
const MAPPINGS = new Set(['none', ...FILTERINGS]);

function meaning(report: Report, other: readonly NatBehaviour[] | undefined): string {
  const results = (report.nat ?? []).filter(({ mappedAddress }) => mappedAddress !== null);
  return results.map((result) => `\n${describe(result, other)}`).join('');
}

function describe(result: NatResult, other: readonly NatBehaviour[] | undefined): string {
  const { direct, relay } = meaningOf(result);
  const lines = [`What it means${result.interface === null ? '' : ` for ${result.interface}, IPv${result.family}`}`];
  if (direct.length > 0) lines.push(...list('connects directly with', direct));
  if (relay.length > 0) lines.push(...list('needs a relay for', relay));
  if (direct.length + relay.length === 0)
    lines.push('  not enough is known to tell who can be reached without a relay');
  for (const behaviour of other ?? []) {
    const { direct: answer, reason } = predict(result, behaviour);
    const verdict = {
      yes: 'you two connect without a relay',
      no: 'you two need a relay',
      'not-determined': 'not determined',
    }[answer];
    lines.push(`  with the other person: ${verdict}`, `    ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}

function list(title: string, items: readonly string[]): string[] {
  return [`  ${title}`, ...items.map((item) => `    - ${item}`)];
}
