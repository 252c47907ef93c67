import type { SocketAddress } from '../../core/address.ts';
import { Mailbox, type SignalingChannel } from '../../core/signaling/channel.ts';
import type { PeerMessage } from '../../core/signaling/message.ts';
import type { WitnessNat } from '../../core/signaling/witness-message.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { nodeHashes } from '../../net/hashes.ts';
import { limited } from '../../net/limit.ts';
import { systemRandom } from '../../net/random.ts';
import { TrustStore } from '../../net/trust.ts';
import { DEFAULT_TIMEOUT_MS, serversOf } from '../../probe/gather-options.ts';
import { Run } from '../../probe/run.ts';
import { type SuiteOptions, startSuite } from '../../probe/suite.ts';
import { type WitnessTask, type WitnessWay, witnessEachOther } from '../../probe/witness.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Attempt, Report } from '../../record/report.ts';
import { type Meeting, NobodyThere, planMeeting } from '../call/meet.ts';
import { Peers } from '../call/peers.ts';
import { hasLoopbackOnly } from '../call/plan.ts';
import { connectEnds } from '../call/run.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readCertificates } from '../gather/network.ts';
import { include, pageServer } from '../gather/vantages.ts';
import type { ValuesOf } from '../options/option.ts';
import type { CaptureFile } from '../output/capture-file.ts';
import { Interrupted } from '../signals.ts';
import type { peerOptions } from './peer-options.ts';
import { runSuite, type SuiteCommand } from './run.ts';

export interface PeerObserving {
  readonly meeting: Meeting;
  readonly onEvent: (event: RunEvent) => void;
  readonly withEvents: boolean;
  /** Milliseconds for everything once the other end is there, as given; absent: derived. */
  readonly timeoutMs: number | undefined;
  readonly capture: CaptureFile | undefined;
}

/** For the other end's own tests, the testimony of both, and the call. */
const BEYOND_MS = 150_000;
/** Of a time limit that was given: the rest is for what two do together. */
const OWN_SHARE = 0.4;
const CONNECT_MS = 15_000;
const CALL_MS = 1000;

/** The suite of a command, with another iceprobe; resolves to the exit code. */
export async function doctorWithPeer(
  command: SuiteCommand,
  given: Parameters<typeof runSuite>[1] & ValuesOf<typeof peerOptions> & { readonly peer: string },
  positionals: readonly string[],
  context: Context,
): Promise<number> {
  const { peer, via, listen } = given;
  const room = { ...(via !== undefined && { via }), ...(listen !== undefined && { listen }) };
  const ca = given.ca === undefined ? undefined : await readCertificates(given.ca, '--ca');
  const place = peer === 'host' ? { host: true } : { join: peer };
  const urls = positionals.map((url) => (/[^\w:.@-]/.test(url) ? `'${url}'` : url));
  const servers = urls.length > 0 ? urls.join(' ') : '-c ice.json';
  await using meeting = planMeeting({ ...room, ...place }, ca, context, `iceprobe doctor ${servers} --peer`);
  try {
    const observe: SuiteCommand['peer'] = (options, observing) => observeWithPeer(options, { ...observing, meeting });
    return await runSuite({ ...command, peer: observe }, given, positionals, context);
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error;
    if (context.signal.reason instanceof Interrupted) return context.signal.reason.exitCode;
    await context.stderr.write(`iceprobe: no other end: ${error.message}\n`);
    return 3;
  }
}

/** What a suite sees, what another iceprobe at another place sees of it, and a call between the two, in one report. */
export async function observeWithPeer(
  options: SuiteOptions & { readonly signal: AbortSignal },
  { meeting, onEvent, withEvents, timeoutMs, capture }: PeerObserving,
): Promise<Report> {
  const { parts } = meeting;
  if (parts.ends === 'both') throw new RangeError('the other end is elsewhere');
  const channel = await parts.meet(options.signal);
  const run = new Run();
  const captured = () => (capture === undefined ? {} : { onPacket: capture.begin() });
  const later = { ...options, ...captured() };
  const iceServers = options.iceServers.map(pageServer);
  const deadlineMs = timeoutMs ?? (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + BEYOND_MS;
  const { command = 'doctor', iceTransportPolicy = 'all', insecure = false, ca, loopback = false } = options;
  run.start(command, reportedConfiguration(iceServers, iceTransportPolicy, options.problems), deadlineMs);
  const told = run.tell(onEvent);
  using limit = limited(options.signal, deadlineMs);
  const { signal } = limit;
  const suite = { ...options, ...(timeoutMs !== undefined && { timeoutMs: OWN_SHARE * timeoutMs }), signal };
  const peers = new Peers();
  try {
    const report = await include(startSuite({ ...suite, ...captured() }, finishRun), run);
    const slot = peers.slot(undefined);
    const canCall = await hasStack(slot, run);
    const { witness, rest } = splitChannel(channel);
    const task: WitnessTask = { ...witness, ...seenBy(report, options), canCall, nat: natOf(report, run), signal };
    const call = await testify(task, later, run);
    if (call) {
      const times = { connectMs: CONNECT_MS, durationMs: CALL_MS };
      const common = { iceServers, insecure, ca, trickle: true, loopback: loopback || hasLoopbackOnly() };
      const request = {
        ...times,
        ...common,
        paths: [iceTransportPolicy === 'relay' ? 'relay' : 'any'] as const,
        signal,
      };
      await connectEnds(run, [slot], [rest], parts.ends, request);
    }
  } finally {
    await peers[Symbol.asyncDispose]();
    channel.close();
  }
  const report = finishRun(run.log, run.record, { withEvents });
  run.end();
  await told;
  return report;
}

/** Without a WebRTC implementation there is no call, and everything else all the same. */
async function hasStack(slot: () => Promise<unknown>, run: Run): Promise<boolean> {
  try {
    await slot();
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    run.record({ type: 'note', text: `no call was made: ${error.message}` });
    return false;
  }
}

async function testify(task: WitnessTask, options: SuiteOptions, run: Run): Promise<boolean> {
  const kill = new AbortController();
  const faults: unknown[] = [];
  const { insecure = false, ca, onPacket } = options;
  const environment = {
    clock: run.clock,
    record: run.record,
    tls: { trust: new TrustStore(ca), insecure },
    random: systemRandom(),
    hashes: nodeHashes,
    kill: kill.signal,
    fault: (error: unknown) => {
      faults.push(error);
      kill.abort();
    },
    ...(onPacket !== undefined && { onPacket }),
  };
  const call = await witnessEachOther(task, environment).finally(() => kill.abort());
  if (faults.length > 0) throw faults[0];
  return call;
}

/** What the ends say as witnesses, and a channel for what comes after: the other end may be there already. */
function splitChannel(channel: SignalingChannel) {
  const rest = new Mailbox(channel.local, channel.remote);
  rest.onSend = (message) => channel.send(message);
  rest.onClose = () => channel.close();
  void channel.closed.then((reason) => rest.end(reason));
  const listen = (listener: (message: PeerMessage) => void): void =>
    channel.listen((message) => {
      if (message.type !== 'witness') rest.deliver(message);
      if (message.type === 'witness' || message.type === 'goodbye') listener(message);
    });
  return { witness: { listen, say: channel.send.bind(channel), closed: channel.closed }, rest };
}

/** The relays and STUN servers that worked for us, one way to each server; one family, IPv4 where there is a choice. */
function seenBy(report: Report, { iceServers }: SuiteOptions): Pick<WitnessTask, 'ways' | 'servers' | 'local'> {
  const servers = serversOf(iceServers);
  const asked = (report.servers ?? []).filter(({ control }) => control === undefined);
  const all = asked.flatMap(({ url, attempts }) => attempts.map((attempt) => ({ url, attempt })));
  const isOver = (attempt: Attempt, ...names: readonly string[]): boolean =>
    attempt.stages.some(({ stage, status }) => names.includes(stage) && status !== 'skip');
  const passed = all.filter(({ attempt }) =>
    attempt.stages.some(({ stage, status }) => (stage === 'binding' || stage === 'allocate') && status === 'pass'),
  );
  const heard = passed.filter(({ attempt }) => attempt.transport === 'udp');
  const families = (heard.length > 0 ? heard : passed).map(({ attempt }) => attempt.family);
  const family = families.includes(4) || families.length === 0 ? 4 : 6;
  const own = passed.filter(({ attempt }) => attempt.family === family && attempt.localAddress !== null);
  const order = ['udp', 'tcp', 'tls'];
  const ways = own
    .filter(({ attempt }) => isOver(attempt, 'permission', 'relay-data'))
    .toSorted((a, b) => order.indexOf(a.attempt.transport) - order.indexOf(b.attempt.transport))
    .flatMap(({ url, attempt }): WitnessWay[] => {
      const server = servers.find((each) => each.url === url);
      if (server === undefined) return [];
      const { uri, username, credential } = server;
      const credentials =
        username === undefined || credential === undefined ? {} : { credentials: { username, password: credential } };
      const { id, address, port, transport, interface: name, localAddress } = attempt;
      const local = { interface: name ?? '', family, address: localAddress ?? '' } as const;
      const target = {
        kind: transport,
        server: { family, address, port } as const,
        host: uri.host,
        local,
        ...credentials,
      };
      return [{ url, attempt: { id, family, address, port, transport, interface: name, localAddress }, target }];
    });
  const first = own.find(({ attempt }) => attempt.transport === 'udp') ?? own[0];
  const stun = own.filter(({ attempt }) => attempt.transport === 'udp').map(({ attempt }): SocketAddress => attempt);
  return {
    ways: ways.filter((way, i) => ways.findIndex(({ attempt }) => attempt.address === way.attempt.address) === i),
    servers: stun
      .filter(
        (server, i) => stun.findIndex((each) => each.address === server.address && each.port === server.port) === i,
      )
      .map(({ address, port }) => ({ family, address, port })),
    local: { interface: first?.attempt.interface ?? '', family, address: first?.attempt.localAddress ?? '0.0.0.0' },
  };
}

/** Of the address that the servers are reached from. */
function natOf(before: Report, run: Run): () => WitnessNat | null {
  return () => {
    const results = run.log.observation().nat ?? before.nat ?? [];
    const [result] = results
      .filter(({ mappedAddress }) => mappedAddress !== null)
      .toSorted((a, b) => a.family - b.family);
    if (result === undefined) return null;
    const { mapping, filtering, hairpinning, mappedAddress } = result;
    return { mapping, filtering, hairpinning, mappedAddress };
  };
}
