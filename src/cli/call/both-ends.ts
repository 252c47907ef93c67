import { openBridges } from '../../call/bridges.ts';
import { answerCalls, type CallEnd, type CallOptions, offerCalls } from '../../call/call.ts';
import { inProcessChannel } from '../../call/channel.ts';
import type { CallIceServer, CallPath } from '../../core/call/path.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { TrustStore } from '../../net/trust.ts';
import { Run } from '../../probe/run.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import type { RunEvent } from '../../record/events.ts';
import type { ConfigurationProblem, IceTransportPolicy, Report } from '../../record/report.ts';
import { Peers } from './peers.ts';
import type { CallTimes } from './plan.ts';

export interface CallRequest extends CallTimes {
  readonly paths: readonly CallPath[];
  readonly iceServers: readonly CallIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  readonly problems: readonly ConfigurationProblem[];
  readonly trickle: boolean;
  readonly loopback: boolean;
  readonly insecure: boolean;
  readonly ca: string | undefined;
  readonly withEvents: boolean;
  readonly signal: AbortSignal;
}

/** A call from this machine to itself, in a process for each end. Throws {@link UsageError} without a WebRTC implementation. */
export async function callBothEnds(request: CallRequest, onEvent: (event: RunEvent) => void): Promise<Report> {
  const { paths, iceServers, deadlineMs } = request;
  await using peers = new Peers();
  const slots = [peers.slot(), peers.slot()] as const;
  // Before the clock starts: loading a WebRTC implementation is no part of a connection.
  await Promise.all(slots.map((slot) => slot()));
  const run = new Run();
  run.start('call', reportedConfiguration(iceServers, request.iceTransportPolicy, request.problems), deadlineMs);
  const told = tellEach(run, onEvent);
  run.describeNetwork(listInterfaces());
  const trust = new TrustStore(request.ca);
  await using tls = await openBridges(iceServers, { trust, insecure: request.insecure }, run.record);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(deadlineMs)]);
  const options: CallOptions = { ...request, bridges: tls.bridges, signal };
  const [here, there] = inProcessChannel();
  const end = { record: run.record, now: run.clock.now };
  const offering: CallEnd = { ...end, peer: slots[0], channel: here };
  const answering: CallEnd = { ...end, peer: slots[1], channel: there };
  await Promise.all([offerCalls(paths, offering, options), answerCalls(answering, options)]);
  // What servers hold for us is given back before anything is said to be over.
  await peers[Symbol.asyncDispose]();
  const report = finishRun(run.log, run.record, { withEvents: request.withEvents });
  run.end();
  await told;
  return report;
}

async function tellEach(run: Run, onEvent: (event: RunEvent) => void): Promise<void> {
  for await (const event of run) onEvent(event);
}
