import type { InstalledBrowser } from '../../browser/find.ts';
import { openBridges } from '../../call/bridges.ts';
import { monotonicMs } from '../../call/peer/clock.ts';
import type { Peer } from '../../call/peer.ts';
import { answerCalls, type CallEnd, type CallOptions, offerCalls } from '../../core/call/call.ts';
import type { CallIceServer, CallPath } from '../../core/call/path.ts';
import { inProcessChannel, type SignalingChannel } from '../../core/signaling/channel.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { limited } from '../../net/limit.ts';
import { TrustStore } from '../../net/trust.ts';
import { Run } from '../../probe/run.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import type { RunEvent } from '../../record/events.ts';
import type { ConfigurationProblem, IceTransportPolicy, Report } from '../../record/report.ts';
import { Peers } from './peers.ts';
import type { CallTimes } from './plan.ts';

export interface CallRequest extends CallTimes {
  /** What our offering end connects over; an answering one follows the other end. */
  readonly paths: readonly CallPath[];
  readonly iceServers: readonly CallIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  readonly problems: readonly ConfigurationProblem[];
  readonly trickle: boolean;
  readonly loopback: boolean;
  readonly insecure: boolean;
  readonly ca: string | undefined;
  /** Which of the ends here are browsers; the others are libwebrtc. */
  readonly browsers: { readonly offerer?: InstalledBrowser; readonly answerer?: InstalledBrowser };
  readonly withEvents: boolean;
  /** People carry the messages between the ends. */
  readonly patient?: boolean;
  readonly signal: AbortSignal;
}

/** What making connections needs. */
export type Connecting = Omit<CallOptions, 'bridges'> & Pick<CallRequest, 'paths' | 'insecure' | 'ca'>;

/** Who takes part from here, and how one end reaches the other. */
export type CallParts =
  | { readonly ends: 'both' }
  | {
      readonly ends: 'offerer' | 'answerer';
      /** Once the peer is ready: what it costs to load it is no part of the call. Rejects with what the user is to be told. */
      readonly meet: (signal: AbortSignal) => Promise<SignalingChannel>;
    };

/** A call, in a process for each end that is here. Throws `UsageError` without a WebRTC implementation. */
export async function runCall(
  request: CallRequest,
  parts: CallParts,
  onEvent: (event: RunEvent) => void,
): Promise<Report> {
  const { iceServers, deadlineMs } = request;
  await using peers = new Peers();
  const { offerer, answerer } = request.browsers;
  const slots = [
    peers.slot(parts.ends === 'answerer' ? answerer : offerer),
    ...(parts.ends === 'both' ? [peers.slot(answerer)] : []),
  ] as const;
  await Promise.all(slots.map((slot) => slot()));
  const channels = parts.ends === 'both' ? inProcessChannel() : [await parts.meet(request.signal)];
  const run = new Run();
  run.start('call', reportedConfiguration(iceServers, request.iceTransportPolicy, request.problems), deadlineMs);
  const told = run.tell(onEvent);
  run.describeNetwork(listInterfaces());
  using limit = limited(request.signal, deadlineMs);
  await connectEnds(run, slots, channels, parts.ends, { ...request, signal: limit.signal });
  // What servers hold for us is given back before anything is said to be over.
  await peers[Symbol.asyncDispose]();
  for (const channel of channels) channel.close();
  const report = finishRun(run.log, run.record, { withEvents: request.withEvents });
  run.end();
  await told;
  return report;
}

/** Makes the connections; what happens goes to the run. `slots`: a peer for each of the channels' ends here. */
export async function connectEnds(
  run: Run,
  slots: readonly (() => Promise<Peer>)[],
  channels: readonly SignalingChannel[],
  ends: CallParts['ends'],
  request: Connecting,
): Promise<void> {
  const { iceServers, insecure } = request;
  const trust = new TrustStore(request.ca);
  await using tls = await openBridges(iceServers, { trust, insecure }, run.record);
  const options: CallOptions = { ...request, bridges: tls.bridges };
  await Promise.all(
    channels.map((channel, index) => {
      const peer = slots[index];
      if (peer === undefined) throw new RangeError('an end without a peer');
      const end: CallEnd = { record: run.record, msOf: (at) => run.clock.now() - (monotonicMs() - at), peer, channel };
      const answers = ends === 'answerer' || index === 1;
      return answers ? answerCalls(end, options) : offerCalls(request.paths, end, options);
    }),
  );
}
