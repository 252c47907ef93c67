import type { InstalledBrowser } from '../../browser/find.ts';
import { judge } from '../../check/judge.ts';
import type { Target } from '../../check/targets/target.ts';
import { inPool } from '../../probe/pool.ts';
import type { Report } from '../../record/report.ts';
import { targetsReport } from '../../record/targets.ts';
import type { Context } from '../context.ts';
import type { vantageOptions } from '../gather/options.ts';
import { chooseBrowser } from '../gather/vantages.ts';
import type { ValuesOf } from '../options/option.ts';
import { CaptureFile } from '../output/capture-file.ts';
import { openOutput, type RunOutput } from '../output/run-output.ts';
import { Interrupted } from '../signals.ts';
import { observe } from '../suite/observe.ts';
import type { probeOptions } from '../suite/options.ts';
import type { suiteOptions } from '../suite/run.ts';
import { loadTargets } from '../targets/load.ts';
import type { targetOptions } from '../targets/options.ts';
import { overridesOf } from '../targets/overrides.ts';
import type { expectationOptions } from './options.ts';

type Values = ValuesOf<typeof suiteOptions> &
  ValuesOf<typeof vantageOptions> &
  ValuesOf<typeof probeOptions> &
  ValuesOf<typeof expectationOptions> &
  ValuesOf<typeof targetOptions>;

const DEFAULT_CONCURRENCY = 4;

/** Tests the targets of a configuration file; resolves to the exit code, the worst of theirs. */
export async function checkTargets(file: string, given: Values, context: Context): Promise<number> {
  const browser = chooseBrowser(given);
  const { targets, concurrency = DEFAULT_CONCURRENCY } = await loadTargets(
    file,
    given.target ?? [],
    context,
    overridesOf(given),
  );
  const output = openOutput(given, context, { live: false });
  const capture = given.pcap === undefined ? undefined : new CaptureFile(given.pcap, given['pcap-integrity']);
  const keeping = { output, capture, withEvents: given.events === true, vantage: given.vantage, browser };
  const reports = new Map<string, Report>();
  await inPool(targets, concurrency, async (target) => {
    reports.set(target.name, await check(target, keeping, context));
  });
  const { signal } = context;
  // In the order of the file, whichever came first.
  const report = targetsReport(
    targets.flatMap(({ name }) => {
      const own = reports.get(name);
      return own === undefined ? [] : [{ target: name, report: own }];
    }),
  );
  const isCaptured = (await capture?.close(context)) ?? true;
  const exitCode = signal.aborted && signal.reason instanceof Interrupted ? signal.reason.exitCode : report.exitCode;
  const written = await output.finish({ ...report, exitCode });
  return isCaptured ? written : 2;
}

interface Keeping {
  readonly output: RunOutput;
  readonly capture: CaptureFile | undefined;
  readonly withEvents: boolean;
  readonly vantage: Values['vantage'];
  readonly browser: InstalledBrowser | undefined;
}

function check(target: Target, { output, ...keeping }: Keeping, { signal }: Context): Promise<Report> {
  const { checks, allowances, failOn, retries } = target;
  return observe(
    () => ({
      ...target.options,
      iceServers: target.servers(),
      parts: ['gather', 'probe'],
      command: 'check',
      signal,
    }),
    {
      onEvent: (event) => output.onEvent(event, target.name),
      ...keeping,
      judge: (report) => judge(report, { checks, allowances, failOn }),
      retries,
    },
  );
}
