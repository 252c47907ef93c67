import { familyOf } from '../core/address.ts';
import type { PeerRole, PeerState } from '../core/call/events.ts';
import { readStats } from '../core/call/stats.ts';
import { parseCandidate } from '../core/ice/sdp.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { VERSION } from '../core/version.ts';
import { reportedConfiguration } from './configuration.ts';
import type { EventBody, RunEvent } from './events.ts';
import type { IceTransportPolicy, ReportedIceServer } from './report.ts';

/** What `chrome://webrtc-internals` saves, as far as it is read. Its form is nobody's promise: everything may be missing. */
export interface InternalsDump {
  readonly PeerConnections: Readonly<Record<string, InternalsConnection>>;
  readonly UserAgent?: string;
}

interface InternalsConnection {
  readonly rtcConfiguration?: unknown;
  readonly updateLog?: readonly LogEntry[];
  readonly stats?: Readonly<Record<string, { readonly statsType?: string; readonly values?: string }>>;
}

interface LogEntry {
  /** Milliseconds since 1970; older versions have `time` alone, as the machine's language writes it. */
  readonly timestamp?: number;
  readonly time?: string | number;
  /** `onicecandidate`; older versions leave out the "on". */
  readonly type?: string;
  /** JSON; in older versions `name: value, ...`. */
  readonly value?: string;
}

export function isInternalsDump(value: unknown): value is InternalsDump {
  return isRecord(value) && isRecord(value['PeerConnections']);
}

/**
 * The events of a call that is over, from such a dump: of its connections the one that failed, or else the one that did
 * most. Fails, in words, where there is none.
 */
export function readInternalsDump(dump: InternalsDump): Result<RunEvent[], string> {
  const connections = Object.entries(dump.PeerConnections)
    .map(([id, connection]) => [id, wellFormed(connection)] as const)
    .filter(([, { updateLog }]) => updateLog.length > 0);
  const [first] = connections.toSorted(([, a], [, b]) => weightOf(b) - weightOf(a));
  if (first === undefined) return fail('there is no peer connection in it that did anything');
  const [, connection] = first;
  const log = connection.updateLog;
  const times = log.map(({ timestamp, time }) => timestamp ?? timeOf(time));
  const beginning = times.find(isTime) ?? 0;
  const { iceServers, iceTransportPolicy } = configurationOf(connection.rtcConfiguration);
  const role = roleOf(log);
  const stamped = new Stamped(beginning);
  stamped.add(0, {
    type: 'run-started',
    command: 'webrtc-internals',
    tool: { name: 'iceprobe', version: VERSION },
    startedAt: new Date(beginning).toISOString(),
    configuration: reportedConfiguration(iceServers, iceTransportPolicy),
    deadlineMs: 0,
  });
  stamped.add(0, { type: 'gathering-state', url: null, state: 'new', ...agentOf(dump) });
  log.forEach((entry, index) => {
    for (const body of bodiesOf(entry, role, iceServers)) stamped.add(times[index] ?? Number.NaN, body);
  });
  for (const body of pairsOf(connection, role)) stamped.add(Number.NaN, body);
  for (const text of remarksOn(connection, connections.length)) stamped.add(Number.NaN, { type: 'note', text });
  return ok(stamped.events);
}

type WellFormed = Required<Pick<InternalsConnection, 'updateLog' | 'stats'>> &
  Pick<InternalsConnection, 'rtcConfiguration'>;

/** Without whatever is not of the form that {@link InternalsDump} says. */
function wellFormed(connection: unknown): WellFormed {
  const { rtcConfiguration, updateLog, stats } = isRecord(connection) ? connection : {};
  const entries = Array.isArray(updateLog) ? (updateLog as readonly unknown[]).filter(isRecord) : [];
  const series = Object.entries(isRecord(stats) ? stats : {});
  return {
    rtcConfiguration,
    updateLog: entries.map(({ timestamp, time, type, value }) => ({
      ...(isTime(timestamp) ? { timestamp } : {}),
      ...(typeof time === 'string' || typeof time === 'number' ? { time } : {}),
      ...(typeof type === 'string' ? { type } : {}),
      ...(typeof value === 'string' ? { value } : {}),
    })),
    stats: Object.fromEntries(
      series.flatMap(([key, each]) => {
        const { statsType, values } = isRecord(each) ? each : {};
        return typeof statsType === 'string' && typeof values === 'string' ? [[key, { statsType, values }]] : [];
      }),
    ),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Milliseconds since 1970 that a date can have (ECMAScript 21.4.1.1). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

/** Gives numbers and times: entries without a time stand where the one before them stands. */
class Stamped {
  readonly events: RunEvent[] = [];
  readonly #beginning: number;
  #ms = 0;

  constructor(beginning: number) {
    this.#beginning = beginning;
  }

  add(time: number, body: EventBody): void {
    if (time > 0) this.#ms = Math.max(this.#ms, time - this.#beginning);
    this.events.push({ ...body, seq: this.events.length + 1, ms: this.#ms, vantage: 'browser' } as RunEvent);
  }
}

function weightOf({ updateLog, rtcConfiguration }: WellFormed): number {
  const failed = updateLog.some(
    (entry) => /^(?:ice)?connectionstatechange$/.test(kindOf(entry)) && /failed/i.test(entry.value ?? ''),
  );
  // Of the two ends of a call within one page the one with servers tells more.
  return updateLog.length + (configurationOf(rtcConfiguration).iceServers.length > 0 ? 1e3 : 0) + (failed ? 1e6 : 0);
}

function kindOf({ type = '' }: LogEntry): string {
  return type.toLowerCase().replace(/^on/, '');
}

function timeOf(time: string | number | undefined): number {
  if (typeof time === 'number') return time;
  if (time === undefined) return Number.NaN;
  return /^\d{12,}$/.test(time) ? Number(time) : Date.parse(time);
}

function agentOf({ UserAgent }: InternalsDump): { readonly userAgent?: string } {
  return typeof UserAgent === 'string' ? { userAgent: UserAgent } : {};
}

/** Credentials are not in the dump: that there were some has to be believed, or each TURN server would lack them. */
function configurationOf(value: unknown): {
  readonly iceServers: readonly ReportedIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
} {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  const urls = [...new Set(text.match(/\b(?:stuns?|turns?):[^\s,"'\\\]}]+/g) ?? [])];
  const isRelay = /iceTransportPolicy"?\\?"?\s*:\s*\\?"?relay/.test(text);
  return {
    iceServers: urls.map((url) => ({
      urls: [url],
      ...(url.startsWith('turn') ? { username: '(not in the dump)', credential: '[redacted]' as const } : {}),
    })),
    iceTransportPolicy: isRelay ? 'relay' : 'all',
  };
}

/** Who made the first offer. */
function roleOf(log: readonly LogEntry[]): PeerRole {
  return log.some((entry) => kindOf(entry) === 'createoffer') ? 'offerer' : 'answerer';
}

const MACHINES: Readonly<Record<string, PeerState['machine']>> = {
  iceconnectionstatechange: 'ice',
  connectionstatechange: 'connection',
  signalingstatechange: 'signaling',
};

function bodiesOf(entry: LogEntry, peer: PeerRole, servers: readonly ReportedIceServer[]): EventBody[] {
  const { value = '' } = entry;
  const kind = kindOf(entry);
  switch (kind) {
    case 'icegatheringstatechange': {
      const state = (['gathering', 'complete'] as const).find((each) => value.toLowerCase().includes(each));
      return state === undefined ? [] : [{ type: 'gathering-state', url: null, state }];
    }
    case 'icecandidate':
      return candidateOf(value, servers);
    case 'icecandidateerror':
      return errorOf(value, servers);
    default: {
      const machine = MACHINES[kind];
      return machine === undefined ? [] : [{ type: 'peer-state', call: 'any', peer, machine, state: wordOf(value) }];
    }
  }
}

function candidateOf(value: string, servers: readonly ReportedIceServer[]): EventBody[] {
  const line = fieldOf(value, 'candidate');
  const parsed = line === undefined ? undefined : parseCandidate(line);
  if (line === undefined || parsed?.ok !== true) return [];
  const { foundation, component, protocol, priority, address, port, type, relatedAddress, relatedPort, tcpType } =
    parsed.value;
  const url = fieldOf(value, 'url') ?? '';
  const relay = fieldOf(value, 'relayProtocol');
  const candidate = {
    candidate: line,
    foundation,
    component,
    protocol: protocol === 'tcp' ? 'tcp' : 'udp',
    priority,
    address,
    port,
    type,
    relatedAddress,
    relatedPort,
    tcpType,
    url: url === '' || type === 'host' ? null : ourUrl(url, servers),
    relayProtocol: relay === 'udp' || relay === 'tcp' || relay === 'tls' ? relay : null,
    rttMs: null,
    requestsSent: null,
    interface: null,
  } as const;
  return [{ type: 'candidate', gathering: null, candidate }];
}

function errorOf(value: string, servers: readonly ReportedIceServer[]): EventBody[] {
  const code = Number(fieldOf(value, 'error_code') ?? fieldOf(value, 'errorCode') ?? Number.NaN);
  if (!Number.isInteger(code)) return [];
  const address = fieldOf(value, 'address') ?? '';
  const port = Number(fieldOf(value, 'port') ?? 0);
  return [
    {
      type: 'candidate-error',
      gathering: null,
      url: ourUrl(fieldOf(value, 'url') ?? '', servers),
      errorCode: code,
      errorText: fieldOf(value, 'error_text') ?? fieldOf(value, 'errorText') ?? '',
      address: address === '' ? null : address,
      port: port > 0 && port < 65_536 ? port : null,
      family: familyOf(address.replace(/^\[|\]$/g, '')) ?? null,
    },
  ];
}

/** A field of a value, which is JSON, or `name: value` separated by commas or lines. */
function fieldOf(value: string, name: string): string | undefined {
  try {
    const field = (JSON.parse(value) as Readonly<Record<string, unknown>>)[name];
    return field === undefined || field === null ? undefined : String(field);
  } catch {
    return new RegExp(`(?:^|[,\\n] ?)${name}: ?"?(.*?)"?(?:, ?\\w+:|\\n|$)`).exec(value)?.[1]?.trim();
  }
}

/** `"connected"`, or `ICEConnectionStateConnected` of older versions. */
function wordOf(value: string): string {
  return value
    .replaceAll('"', '')
    .replace(/^ICE(?:Connection|Gathering)State/, '')
    .toLowerCase()
    .slice(0, 60);
}

/** The browser calls the Binding requests to a TURN server `stun:`. */
function ourUrl(url: string, servers: readonly ReportedIceServer[]): string {
  const urls = servers.flatMap((server) => server.urls);
  const place = (text: string): string => text.replace(/^(?:stun|turn)s?:/, '').replace(/\?transport=udp$/, '');
  return urls.find((each) => each === url) ?? urls.find((each) => place(each) === place(url)) ?? url;
}

/** The last word of the statistics on each candidate pair. */
function pairsOf({ stats }: WellFormed, peer: PeerRole): EventBody[] {
  const all = new Map<string, Record<string, unknown>>();
  for (const [key, { statsType, values }] of Object.entries(stats)) {
    const [, id = '', field = ''] = /^(.+)-([a-zA-Z]+)$/.exec(key) ?? [];
    if (!STATISTICS.includes(statsType ?? '') || field === '') continue;
    const stat = all.get(id) ?? { id, type: statsType };
    stat[field] = lastOf(values);
    all.set(id, stat);
  }
  return readStats([...all.values()]).pairs.map((pair) => ({ type: 'candidate-pair', call: 'any', peer, pair }));
}

const STATISTICS: readonly string[] = ['candidate-pair', 'local-candidate', 'remote-candidate', 'transport'];

function lastOf(values: string | undefined): unknown {
  try {
    const all: unknown = JSON.parse(values ?? '[]');
    return Array.isArray(all) ? ((all as readonly unknown[]).at(-1) ?? null) : null;
  } catch {
    return null;
  }
}

function remarksOn({ updateLog }: WellFormed, count: number): string[] {
  const states = (kind: string): string =>
    updateLog
      .filter((entry) => kindOf(entry) === kind)
      .map(({ value = '' }) => wordOf(value))
      .join(' > ');
  const ice = states('iceconnectionstatechange');
  const whole = states('connectionstatechange');
  return [
    'From a chrome://webrtc-internals dump: credentials are not in it.',
    ...(count > 1 ? [`The dump has ${count} connections; shown is the one that failed, or else the busiest.`] : []),
    ...(ice === '' ? [] : [`ICE connection: ${ice}`]),
    ...(whole === '' ? [] : [`Connection: ${whole}`]),
  ];
}
