import type { InstalledBrowser } from '../../browser/find.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { startGather } from '../../probe/gather.ts';
import type { GatherOptions } from '../../probe/gather-options.ts';
import type { Report } from '../../record/report.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { LOCAL_BY_DEFAULT, LOCAL_BY_OPTION, nextSteps, startLocal } from '../gather/local.ts';
import { readNetwork } from '../gather/network.ts';
import { gatherOptions, vantageOptions } from '../gather/options.ts';
import { chooseBrowser, observeFromVantages } from '../gather/vantages.ts';
import { networkOptions } from '../options/network.ts';
import type { ValuesOf } from '../options/option.ts';
import { outputOptions, packetOptions } from '../options/output.ts';
import { serverOptions } from '../options/server.ts';
import { CaptureFile } from '../output/capture-file.ts';
import { openOutput } from '../output/run-output.ts';
import type { Configuration } from '../servers/configuration.ts';
import { configure } from '../servers/configure.ts';
import { requireValid } from '../servers/validate.ts';
import { Interrupted } from '../signals.ts';

const options = {
  ...serverOptions,
  ...networkOptions,
  ...gatherOptions,
  ...vantageOptions,
  ...outputOptions,
  ...packetOptions,
} as const;

type Values = ValuesOf<typeof options>;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Gathers ICE candidates as a browser does, and tells what each server gave, what failed, and why. Without a server it ' +
    'uses a TURN server of its own on this machine, which does not test your network.',
  options,
  examples: [
    ['iceprobe stun:stun.example.org turn:turn.example.org -u alice -p -', 'two servers; asks for the password'],
    ['iceprobe -c ice.json --policy relay -f json -o report.json', 'a configuration as it stands in your code'],
    ['iceprobe', 'see what it looks like, without a server'],
  ],
  async run({ options: given, positionals }, context) {
    const browser = chooseBrowser(given);
    const configuration = await configure(positionals, given, context);
    if (configuration !== undefined) requireValid(configuration, context);
    const network = await readNetwork(given, configuration);
    const output = openOutput(given, context);
    if (configuration !== undefined)
      return gather({ ...network, ...iceOptions(configuration) }, given, { browser, output, context });

    await using server = await startLocal();
    await output.remark(given.local === true ? LOCAL_BY_OPTION : LOCAL_BY_DEFAULT);
    const iceTransportPolicy = given.policy ?? 'all';
    const local = { ...network, ...server.options, iceTransportPolicy };
    const closing = given.local === true ? '' : nextSteps();
    return await gather(local, given, { browser, output, context, closing });
  },
});

function iceOptions({ servers, policy, remarks }: Configuration) {
  return {
    iceServers: servers.map((server) => ({ ...server, urls: server.urls.map(({ text }) => text) })),
    iceTransportPolicy: policy,
    problems: remarks,
  };
}

interface Surroundings {
  /** Set where a browser is one of the vantages. */
  readonly browser: InstalledBrowser | undefined;
  readonly output: ReturnType<typeof openOutput>;
  readonly context: Context;
  readonly closing?: string;
}

async function gather(options: GatherOptions, given: Values, around: Surroundings): Promise<number> {
  const { browser, output, context, closing = '' } = around;
  const { signal } = context;
  const withEvents = given.events === true;
  const capture = given.pcap === undefined ? undefined : new CaptureFile(given.pcap, given['pcap-integrity']);
  let report: Report;
  if (browser === undefined) {
    const run = startGather(
      { ...options, signal, ...(capture === undefined ? {} : { onPacket: capture.begin() }) },
      (log, record) => finishRun(log, record, { withEvents }),
    );
    for await (const event of run) output.onEvent(event);
    report = await run.report;
  } else {
    const startHere = given.vantage === 'both' ? () => startGather({ ...options, signal }, finishRun) : undefined;
    const vantages = { browser, command: 'gather', withEvents, startHere };
    report = await observeFromVantages({ ...options, signal }, vantages, output.onEvent);
  }
  const isCaptured = (await capture?.close(context)) ?? true;
  // What was seen so far is told all the same; how it ended is in the exit code.
  const exitCode = signal.aborted && signal.reason instanceof Interrupted ? signal.reason.exitCode : report.exitCode;
  const written = await output.finish({ ...report, exitCode }, closing);
  return isCaptured ? written : 2;
}
