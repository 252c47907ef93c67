import type { CallIceServer } from '../../core/call/path.ts';
import { type CallRequest, callBothEnds } from '../call/both-ends.ts';
import { callOptions } from '../call/options.ts';
import { callServers, hasLoopbackOnly, pathsOf, timesOf } from '../call/plan.ts';
import { defineCommand } from '../command.ts';
import { LOCAL_BY_DEFAULT, LOCAL_BY_OPTION, nextSteps, startLocal } from '../gather/local.ts';
import { readCertificates } from '../gather/network.ts';
import type { ValuesOf } from '../options/option.ts';
import { outputOptions } from '../options/output.ts';
import { serverOptions } from '../options/server.ts';
import { openOutput } from '../output/run-output.ts';
import { configure } from '../servers/configure.ts';
import { requireValid } from '../servers/validate.ts';
import { Interrupted } from '../signals.ts';

const options = { ...serverOptions, ...callOptions, ...outputOptions } as const;

type Values = ValuesOf<typeof options>;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Makes real peer connections between two WebRTC implementations on this machine, one for each path (direct, through the ' +
    'NAT, relayed over UDP, TCP and TLS), and measures what crosses them; tells why a path fails. Needs @roamhq/wrtc ' +
    '(libwebrtc) beside iceprobe. Without a server it uses a TURN server of its own, which does not test your network.',
  options,
  examples: [
    ['iceprobe call turn:turn.example.org turns:turn.example.org -u alice -p -', 'every path through this server'],
    ['iceprobe call -c ice.json --path relay/tls --duration 30', 'one path, measured for half a minute'],
    ['iceprobe call', 'see what it looks like, without a server'],
  ],
  async run({ options: given, positionals }, context) {
    const configuration = await configure(positionals, given, context);
    if (configuration !== undefined) requireValid(configuration, context);
    const ca = given.ca === undefined ? undefined : await readCertificates(given.ca, '--ca');
    const output = openOutput(given, context, { live: false });
    const { signal } = context;
    const call = async (servers: readonly CallIceServer[], more: Partial<CallRequest>, closing = '') => {
      const policy = more.iceTransportPolicy ?? given.policy ?? 'all';
      const request = {
        ...requestOf(given, servers, pathsOf(given, servers, policy)),
        ...more,
        ca: more.ca ?? ca,
        signal,
      };
      const report = await callBothEnds(request, output.onEvent);
      const exitCode =
        signal.aborted && signal.reason instanceof Interrupted ? signal.reason.exitCode : report.exitCode;
      return output.finish({ ...report, exitCode }, closing);
    };
    if (configuration !== undefined) {
      const { policy, remarks } = configuration;
      return await call(callServers(configuration), { iceTransportPolicy: policy, problems: remarks });
    }
    await using local = await startLocal();
    await output.remark(given.local === true ? LOCAL_BY_OPTION : LOCAL_BY_DEFAULT);
    const closing = given.local === true ? '' : nextSteps();
    return await call(local.options.iceServers, { ca: local.options.ca }, closing);
  },
});

function requestOf(given: Values, iceServers: readonly CallIceServer[], paths: CallRequest['paths']) {
  return {
    ...timesOf(given, paths.length),
    paths,
    iceServers,
    iceTransportPolicy: given.policy ?? 'all',
    problems: [],
    trickle: given['no-trickle'] !== true,
    loopback: given.loopback === true || hasLoopbackOnly(),
    insecure: given.insecure === true,
    withEvents: given.events === true,
  } as const;
}
