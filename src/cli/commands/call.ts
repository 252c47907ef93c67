import type { CallIceServer } from '../../core/call/path.ts';
import { type Meeting, NobodyThere, planMeeting } from '../call/meet.ts';
import { callOptions } from '../call/options.ts';
import { callServers, hasLoopbackOnly, meetingTimes, pathsOf, timesOf } from '../call/plan.ts';
import { type CallRequest, runCall } from '../call/run.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { LOCAL_BY_DEFAULT, LOCAL_BY_OPTION, nextSteps, startLocal } from '../gather/local.ts';
import { readCertificates } from '../gather/network.ts';
import { requireBrowser } from '../gather/vantages.ts';
import type { ValuesOf } from '../options/option.ts';
import { outputOptions } from '../options/output.ts';
import { serverOptions } from '../options/server.ts';
import { openOutput, type RunOutput } from '../output/run-output.ts';
import { configure } from '../servers/configure.ts';
import { requireValid } from '../servers/validate.ts';
import { Interrupted } from '../signals.ts';

const options = { ...serverOptions, ...callOptions, ...outputOptions } as const;

type Values = ValuesOf<typeof options>;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Makes real peer connections, one for each path (direct, through the NAT, relayed over UDP, TCP and TLS), measures what ' +
    'crosses them, and tells why a path fails: between two WebRTC implementations on this machine, or with another terminal ' +
    'or a page (--host, --join). Needs @roamhq/wrtc (libwebrtc) beside iceprobe. Without a server it uses a TURN server of ' +
    'its own, which does not test your network.',
  options,
  examples: [
    ['iceprobe call turn:turn.example.org turns:turn.example.org -u alice -p -', 'every path through this server'],
    ['iceprobe call -c ice.json --path relay/tls --duration 30', 'one path, measured for half a minute'],
    ['iceprobe call -c ice.json --host --listen 192.0.2.7', 'with another machine: it shows what to type there'],
    ['iceprobe call', 'see what it looks like, without a server'],
  ],
  async run({ options: given, positionals }, context) {
    const configuration = await configure(positionals, given, context);
    if (configuration !== undefined) requireValid(configuration, context);
    const ca = given.ca === undefined ? undefined : await readCertificates(given.ca, '--ca');
    await using meeting = planMeeting(given, ca, context);
    const output = openOutput(given, context, { live: false });
    const around = { given, ca, meeting, output, context };
    if (configuration !== undefined) {
      const { policy, remarks } = configuration;
      return await call(around, callServers(configuration), { iceTransportPolicy: policy, problems: remarks });
    }
    if (meeting.parts.ends !== 'both' && given.local !== true) {
      await context.stderr.write('no server given: this end has direct candidates alone\n');
      return await call(around, [], {});
    }
    await using local = await startLocal();
    await output.remark(given.local === true ? LOCAL_BY_OPTION : LOCAL_BY_DEFAULT);
    const closing = given.local === true ? '' : nextSteps();
    return await call(around, local.options.iceServers, { ca: local.options.ca }, closing);
  },
});

interface Around {
  readonly given: Values;
  readonly ca: string | undefined;
  readonly meeting: Meeting;
  readonly output: RunOutput;
  readonly context: Context;
}

async function call(
  { given, ca, meeting, output, context }: Around,
  servers: readonly CallIceServer[],
  more: Partial<CallRequest>,
  closing = '',
): Promise<number> {
  const { signal } = context;
  const { patient, parts } = meeting;
  const policy = more.iceTransportPolicy ?? given.policy ?? 'all';
  // A person carries one offer, not six.
  const paths = pathsOf(patient ? { path: 'any', ...given } : given, servers, policy);
  const times = parts.ends === 'both' ? timesOf(given, paths.length) : meetingTimes(given, paths.length, patient);
  const request: CallRequest = {
    ...times,
    paths,
    iceServers: servers,
    iceTransportPolicy: policy,
    problems: [],
    trickle: given['no-trickle'] !== true && !patient,
    loopback: given.loopback === true || hasLoopbackOnly(),
    browsers: browsersOf(given, parts.ends),
    insecure: given.insecure === true,
    withEvents: given.events === true,
    ...(patient ? { patient } : {}),
    ...more,
    ca: more.ca ?? ca,
    signal,
  };
  try {
    const report = await runCall(request, parts, output.onEvent);
    const exitCode = signal.aborted && signal.reason instanceof Interrupted ? signal.reason.exitCode : report.exitCode;
    return await output.finish({ ...report, exitCode }, closing);
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error;
    if (signal.reason instanceof Interrupted) return signal.reason.exitCode;
    await context.stderr.write(`iceprobe: no call: ${error.message}\n`);
    return 3;
  }
}

/** Throws {@link UsageError} for a browser that is not there, or an end that is not here. */
function browsersOf(given: Values, ends: Meeting['parts']['ends']): CallRequest['browsers'] {
  const { offerer, answerer } = given;
  const elsewhere = ends === 'offerer' ? 'answerer' : ends === 'answerer' ? 'offerer' : undefined;
  if (elsewhere !== undefined && given[elsewhere] !== undefined) {
    throw new UsageError(`--${elsewhere}: that end is not on this machine`, `name a browser for ours: --${ends}`);
  }
  return {
    ...(offerer === undefined ? {} : { offerer: requireBrowser(offerer) }),
    ...(answerer === undefined ? {} : { answerer: requireBrowser(answerer) }),
  };
}
