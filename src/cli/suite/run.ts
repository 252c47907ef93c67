import { DEFAULT_TIMEOUT_MS } from '../../probe/gather-options.ts';
import type { SuiteOptions, SuitePart } from '../../probe/suite.ts';
import type { Report } from '../../record/report.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { startLocal } from '../gather/local.ts';
import { readNetwork } from '../gather/network.ts';
import type { vantageOptions } from '../gather/options.ts';
import { chooseBrowser } from '../gather/vantages.ts';
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
import { observe } from './observe.ts';
import type { furtherOptions, lifetimeOptions, natOptions, probeOptions } from './options.ts';
import type { PeerObserving } from './peer.ts';

/** What every command that asks a network several questions takes. */
export const suiteOptions = { ...serverOptions, ...networkOptions, ...outputOptions, ...packetOptions } as const;

type Values = ValuesOf<typeof suiteOptions> &
  ValuesOf<typeof probeOptions> &
  ValuesOf<typeof lifetimeOptions> &
  ValuesOf<typeof furtherOptions> &
  ValuesOf<typeof natOptions> &
  ValuesOf<typeof vantageOptions>;

export interface SuiteCommand {
  readonly name: string;
  readonly parts: readonly SuitePart[];
  /** Holds the report to what is expected of it. */
  readonly judge?: (report: Report) => Report;
  /** Done with the report before it is rendered. */
  readonly finish?: (report: Report) => Report | Promise<Report>;
  /** How often a run that failed is repeated. A later success is reported as the flake it is. */
  readonly retries?: number;
  /** Looks at the servers before anything is sent. Throws `UsageError`. */
  readonly examine?: (urls: readonly string[]) => void;
  /** Observes together with another iceprobe. */
  readonly peer?: (
    options: SuiteOptions & { readonly signal: AbortSignal },
    observing: Omit<PeerObserving, 'meeting'>,
  ) => Promise<Report>;
  /** After the report, for a person. */
  readonly closing?: (report: Report) => string;
}

const LOCAL_REMARK = `Using a private TURN server on this machine.
No packet leaves it. This does NOT test your network.
`;

/** Time for the last question after the longest idle binding, and to give everything back. */
const LIFETIME_SLACK_MS = 15_000;
/** For the ladders before it, and for finding out what ended. */
const SOAK_SLACK_MS = 30_000;
/** A few ladders at a time, and more servers than that. */
const RATE_PHASES = 3;
/** What is asked beyond the ladder goes allocation by allocation, of each way to each server. */
const DEEP_MS = 20_000;
const AUDIT_MS = 10_000;

/** Asks the questions of a command; resolves to its exit code. */
export async function runSuite(
  command: SuiteCommand,
  given: Values,
  positionals: readonly string[],
  context: Context,
): Promise<number> {
  const browser = chooseBrowser(given);
  const configuration = await configure(positionals, given, context);
  if (configuration === undefined && given.local !== true) {
    throw new UsageError(
      `${command.name} needs a server to ask, and none is given`,
      'give URLs, -c FILE, --ice-servers JSON or --from URL; or --local for the embedded one, which tests no network',
    );
  }
  if (configuration !== undefined) requireValid(configuration, context);
  const network = await readNetwork(given, configuration);
  const output = openOutput(given, context, { live: false });
  await using local = configuration === undefined ? await startLocal() : undefined;
  if (local !== undefined) await output.remark(LOCAL_REMARK);
  const servers = configuration === undefined ? { iceServers: [] } : iceOptions(configuration);
  const options = { ...network, ...servers, ...local?.options };
  command.examine?.(options.iceServers.flatMap(({ urls }) => urls));
  const capture = given.pcap === undefined ? undefined : new CaptureFile(given.pcap, given['pcap-integrity']);
  const { signal } = context;
  const suite = {
    ...options,
    ...probing(given),
    ...timing(given, network.timeoutMs),
    ...(given.server === undefined ? {} : { natServers: given.server }),
    ...(given['ask-gateway'] === true ? { askGateway: true } : {}),
    parts: command.parts,
    command: command.name,
    signal,
  };
  const common = { onEvent: output.onEvent, withEvents: given.events === true };
  const { peer } = command;
  const observed =
    peer === undefined
      ? await observe(() => suite, {
          ...common,
          vantage: given.vantage,
          browser,
          capture,
          judge: command.judge,
          retries: command.retries,
        })
      : await peer(suite, { ...common, capture, timeoutMs: network.timeoutMs });
  const report = (await command.finish?.(observed)) ?? observed;
  const isCaptured = (await capture?.close(context)) ?? true;
  const exitCode = signal.aborted && signal.reason instanceof Interrupted ? signal.reason.exitCode : report.exitCode;
  const written = await output.finish({ ...report, exitCode }, command.closing?.(report) ?? '');
  return isCaptured ? written : 2;
}

function iceOptions({ servers, policy, remarks }: Configuration) {
  return {
    iceServers: servers.map((server) => ({ ...server, urls: server.urls.map(({ text }) => text) })),
    iceTransportPolicy: policy,
    problems: remarks,
  };
}

function probing({ packets, size, rate, ports, duration, soak, audit, deep }: Values) {
  return {
    ...(packets === undefined ? {} : { packets }),
    ...(size === undefined ? {} : { size }),
    ...(rate === undefined ? {} : { rate }),
    ...(ports === undefined ? {} : { ports }),
    ...(duration === undefined ? {} : { durationSeconds: duration }),
    ...(soak === undefined ? {} : { soakMinutes: soak }),
    ...(audit === true ? { audit } : {}),
    ...(deep === true ? { deep } : {}),
  };
}

/** A run that is asked to last derives its deadline from that (and says so in its options), unless one was given. */
function timing(
  { lifetime, packets = 0, rate = 500, duration = 0, soak, deep, audit }: Values,
  timeoutMs: number | undefined,
) {
  const soaking = soak === undefined ? 0 : 60_000 * soak + SOAK_SLACK_MS;
  const further = soaking + (deep === true ? DEEP_MS : 0) + (audit === true ? AUDIT_MS : 0);
  const sending = (4 * packets * 1000) / rate + RATE_PHASES * 1000 * duration;
  const lasting = (lifetime === undefined ? 0 : lifetime * 1000 + LIFETIME_SLACK_MS) + sending + further;
  return {
    timeoutMs: timeoutMs ?? Math.max(DEFAULT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS / 2 + lasting),
    ...(lifetime === undefined ? {} : { lifetimeSeconds: lifetime }),
  };
}
