import { VERSION } from '../../core/version.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import { EventLog } from '../../record/event-log.ts';
import { Recorder } from '../../record/recorder.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { networkOptions } from '../options/network.ts';
import { outputOptions } from '../options/output.ts';
import { serverOptions } from '../options/server.ts';
import { openOutput } from '../output/run-output.ts';
import { styleFor } from '../output/style.ts';
import { configure } from '../servers/configure.ts';
import { correctedConfiguration } from '../servers/corrected.ts';

const { local: _local, ...servers } = serverOptions;
const options = { ...servers, policy: networkOptions.policy, ...outputOptions } as const;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Checks servers and their configuration without sending a packet: mistakes in URLs, credentials that are missing or ' +
    'expired, ports that browsers refuse, what slows gathering down, what restrictive networks will not let through.',
  options,
  examples: [
    ['iceprobe lint turn:turn.example.org -u alice -p -', 'a URL; asks for the password'],
    ['iceprobe lint -c ice.json', 'an RTCConfiguration as it stands in your code, JSON or JavaScript'],
  ],
  async run({ options: given, positionals }, context) {
    const configuration = await configure(positionals, given, context);
    if (configuration === undefined) {
      throw new UsageError('no server to check', 'give URLs, -c FILE, --ice-servers JSON or --from URL');
    }
    const output = openOutput(given, context);
    const startedAt = performance.now();
    const recorder = new Recorder(() => performance.now() - startedAt);
    const log = new EventLog();
    recorder.subscribe(log.add);
    recorder.subscribe(output.onEvent);
    recorder.record({
      type: 'run-started',
      command: 'lint',
      tool: { name: 'iceprobe', version: VERSION, node: process.version, platform: process.platform },
      startedAt: new Date().toISOString(),
      configuration: reportedConfiguration(
        configuration.servers.map((server) => ({ ...server, urls: server.urls.map(({ text }) => text) })),
        configuration.policy,
        configuration.remarks,
      ),
      deadlineMs: 0,
    });
    const report = finishRun(log, recorder.record, { withEvents: given.events === true });
    // Masked output is for others, who have no use for a configuration of stand-ins.
    const closing = given.redact === true ? '' : correctedConfiguration(configuration, styleFor(context.stdout));
    return output.finish(report, closing);
  },
});
