import { dirname, resolve } from 'node:path';
import type { ScheduleConfig, TargetDefaults } from '../../check/targets/config.ts';
import { readTargets, type TargetPlan } from '../../check/targets/read.ts';
import { resolveTarget } from '../../check/targets/resolve.ts';
import type { Target } from '../../check/targets/target.ts';
import { optional } from '../../core/optional.ts';
import { suggest } from '../../core/suggest.ts';
import { FINDING_IDS } from '../../diagnosis/catalogue.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readCertificates, requireInterface } from '../gather/network.ts';
import { mint } from '../servers/credentials.ts';
import { requireValid } from '../servers/validate.ts';
import { type ConfigDocument, readConfigFile, refusal } from './document.ts';

/** The targets of a configuration file, ready to be tested. */
export interface LoadedTargets {
  readonly file: string;
  /** In the order of the file; one at least. */
  readonly targets: readonly Target[];
  /** How many are tested at the same time, at most; absent where the file does not say. */
  readonly concurrency?: number;
}

/**
 * Reads a configuration file and makes these of its targets ready, all of them where none is named. Throws `UsageError`
 * with the place and the remedy for whatever is wrong with the file, the environment or what they refer to. `overrides`,
 * from the command line, go before what a target says; `fallbacks` after it.
 */
export async function loadTargets(
  file: string,
  names: readonly string[],
  context: Context,
  overrides: TargetDefaults = {},
  fallbacks: ScheduleConfig = {},
): Promise<LoadedTargets> {
  const document = await readConfigFile(file);
  if (document.problems.length > 0) throw refusal(document, document.problems);
  const read = readTargets(document.value, FINDING_IDS, overrides, fallbacks);
  if (!read.ok) throw refusal(document, read.error);
  const targets: Target[] = [];
  for (const plan of chosen(read.value.targets, names, document)) targets.push(await ready(plan, document, context));
  refuseUseless(targets, document, names.length === 0 ? undefined : overrides);
  return { file, targets, ...optional('concurrency', read.value.concurrency) };
}

/** What none of the targets could meet was asked for in vain; of some targets alone, only what was `asked` for just now. */
function refuseUseless(targets: readonly Target[], { file }: ConfigDocument, asked: TargetDefaults | undefined): void {
  const [first, ...others] = targets.map(({ leftOut }) => leftOut);
  const useless = first
    ?.filter(({ key }) => asked === undefined || asked[key] !== undefined)
    .find(({ text }) => others.every((all) => all.some((other) => other.text === text)));
  if (useless === undefined) return;
  throw new UsageError(
    `${file}: ${useless.text}: ${useless.why}`,
    'no target that is tested could ever meet it: mend it or take it out',
  );
}

function chosen(
  plans: readonly TargetPlan[],
  names: readonly string[],
  { file }: ConfigDocument,
): readonly TargetPlan[] {
  const known = plans.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = suggest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new UsageError(`${file} has no target ${JSON.stringify(name)}`, hint);
  }
  return names.length === 0 ? plans : plans.filter(({ name }) => names.includes(name));
}

async function ready(plan: TargetPlan, document: ConfigDocument, context: Context): Promise<Target> {
  const { config, name } = plan;
  if (config.interface !== undefined) requireInterface(config.interface);
  // Paths in a file are meant from where the file stands.
  const ca =
    config.ca === undefined
      ? undefined
      : await readCertificates(resolve(dirname(document.file), config.ca), document.place(['targets', name, 'ca']));
  const resolved = resolveTarget(plan, { env: context.env, mint, ...(ca === undefined ? {} : { ca }) });
  if (!resolved.ok) throw refusal(document, resolved.error);
  const target = resolved.value;
  const servers = target.servers().map((server, index) => {
    const where = document.place(['targets', name, 'iceServers', index]);
    return { ...server, urls: server.urls.map((text) => ({ text, where })) };
  });
  requireValid({ servers, policy: target.options.iceTransportPolicy, remarks: [] }, context);
  return target;
}
