import { inPool } from '../../probe/pool.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Report } from '../../record/report.ts';
import { targetsReport } from '../../record/targets.ts';
import type { Context } from '../context.ts';
import type { vantageOptions } from '../gather/options.ts';
import { chooseBrowser } from '../gather/vantages.ts';
import type { ValuesOf } from '../options/option.ts';
import { CaptureFile } from '../output/capture-file.ts';
import { openOutput } from '../output/run-output.ts';
import { Interrupted } from '../signals.ts';
import type { probeOptions } from '../suite/options.ts';
import type { suiteOptions } from '../suite/run.ts';
import { askTarget } from '../targets/ask.ts';
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
  const keeping = { capture, withEvents: given.events === true, vantage: given.vantage, browser };
  const { signal } = context;
  const reports = new Map<string, Report>();
  await inPool(targets, concurrency, async (target) => {
    const onEvent = (event: RunEvent): void => output.onEvent(event, target.name);
    reports.set(target.name, await askTarget(target, signal, { ...keeping, onEvent }));
  });
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
