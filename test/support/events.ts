import { addressKind, type Family, familyOf, type TransportKind } from '../../src/core/address.ts';
import type { AttemptKey, FailureCause, StageData, StageName, StageStatus } from '../../src/core/attempt.ts';
import type { Candidate, CandidateType } from '../../src/core/ice/candidate.ts';
import { parseServerUri } from '../../src/core/stun/uri.ts';
import { makeReport, type ReportOptions } from '../../src/diagnosis/make-report.ts';
import { type GivenIceServer, reportedConfiguration } from '../../src/record/configuration.ts';
import type { EventBody, RelayData, ResolveErrorCode, RunEvent } from '../../src/record/events.ts';
import type { Finding } from '../../src/record/finding.ts';
import { type Observation, observe } from '../../src/record/observation.ts';
import { Recorder } from '../../src/record/recorder.ts';
import type {
  ConfigurationProblem,
  IceTransportPolicy,
  Report,
  TlsProblem,
  TlsProblemCode,
  Vantage,
} from '../../src/record/report.ts';

export const STARTED_AT = '2026-03-01T12:00:00.000Z';
export const STARTED_UNIX = Date.parse(STARTED_AT) / 1000;

export interface RunGiven {
  readonly command?: string;
  readonly servers?: readonly GivenIceServer[];
  readonly policy?: IceTransportPolicy;
  readonly problems?: readonly ConfigurationProblem[];
}

/** The events of a run, made by hand: time moves only where `at` says so. */
export class Run {
  readonly events: RunEvent[] = [];
  readonly #recorder = new Recorder(() => this.#now);
  readonly #servers: readonly GivenIceServer[];
  #now = 0;
  #vantage: Vantage | undefined;
  #attempts = 0;

  constructor({ command = 'gather', servers = [], policy = 'all', problems = [] }: RunGiven = {}) {
    this.#servers = servers;
    this.#recorder.subscribe((event) => {
      this.events.push(this.#vantage === undefined ? event : { ...event, vantage: this.#vantage });
    });
    this.record({
      type: 'run-started',
      command,
      tool: { name: 'iceprobe', version: '0.0.0-test', node: '20.0.0', platform: 'linux' },
      startedAt: STARTED_AT,
      configuration: reportedConfiguration(servers, policy, problems),
      deadlineMs: 10_000,
    });
  }

  get urls(): readonly string[] {
    return this.#servers.flatMap((server) => server.urls);
  }

  at(ms: number): this {
    this.#now = ms;
    return this;
  }

  record(body: EventBody): this {
    this.#recorder.record(body);
    return this;
  }

  /** What follows is seen by a browser (or by the terminal again). */
  from(vantage: Vantage): this {
    this.#vantage = vantage;
    return this;
  }

  interface(name: string, address: string, kind = addressKind(address) as 'public' | 'private' | 'vpn'): this {
    return this.record({ type: 'interface', name, family: familyOf(address) ?? 4, address, kind });
  }

  resolved(
    url: string,
    addresses: readonly string[],
    more: { family?: Family; source?: 'dns' | 'hosts'; ms?: number } = {},
  ) {
    const { family = null, source = 'dns', ms = 2 } = more;
    const host = hostOf(url);
    return this.record({
      type: 'resolve',
      urls: [url],
      host,
      family,
      addresses,
      source,
      error: null,
      errorText: null,
      durationMs: ms,
    });
  }

  /** The name could not be resolved: the event of the resolver and the stage of the URL. */
  unresolved(url: string, error: ResolveErrorCode, errorText = error.toUpperCase(), ms = 15): this {
    const host = hostOf(url);
    const cause: FailureCause =
      error === 'not-found' || error === 'no-data'
        ? 'dns-not-found'
        : error === 'timeout'
          ? 'dns-timeout'
          : 'dns-failed';
    this.record({
      type: 'resolve',
      urls: [url],
      host,
      family: null,
      addresses: [],
      source: 'dns',
      error,
      errorText,
      durationMs: ms,
    });
    return this.record({
      type: 'stage',
      url,
      attempt: null,
      transport: null,
      stage: 'resolve',
      status: 'fail',
      durationMs: ms,
      detail: `${host}: ${errorText}`,
      data: { cause },
    });
  }

  /** A stage of the URL before any address is known. */
  stageOfUrl(url: string, stage: StageName, status: StageStatus, data: StageData = {}): this {
    return this.record({
      type: 'stage',
      url,
      attempt: null,
      transport: null,
      stage,
      status,
      durationMs: 2,
      detail: status,
      data,
    });
  }

  gathering(url: string | null = null): this {
    this.record({ type: 'gathering-state', url, state: 'new' });
    return this.record({ type: 'gathering-state', url, state: 'gathering' });
  }

  complete(url: string | null = null): this {
    return this.record({ type: 'gathering-state', url, state: 'complete' });
  }

  candidate(type: CandidateType, endpoint: string, more: Partial<Candidate> = {}): this {
    return this.record({ type: 'candidate', gathering: null, candidate: candidateOf(type, endpoint, more) });
  }

  omitted(type: CandidateType, endpoint: string, reason: string): this {
    const { candidate } = candidateOf(type, endpoint, {});
    return this.record({ type: 'candidate-omitted', gathering: null, candidate, reason });
  }

  error(url: string, errorCode: number, errorText: string, family: Family = 4): this {
    const address = family === 4 ? '192.168.1.23' : '2001:db8::23';
    return this.record({
      type: 'candidate-error',
      gathering: null,
      url,
      errorCode,
      errorText,
      address,
      port: 51_022,
      family,
    });
  }

  /** Begins an attempt at a URL; its stages follow on what it returns. */
  attempt(url: string, key: Partial<AttemptKey> = {}): AttemptOf {
    const parsed = parseServerUri(url);
    const uri = parsed.ok ? parsed.value : undefined;
    const address = key.address ?? (uri?.literal === undefined ? '198.51.100.7' : uri.host);
    const family = key.family ?? familyOf(address) ?? 4;
    return new AttemptOf(this, url, {
      id: `a${++this.#attempts}`,
      family,
      address,
      port: uri?.port ?? 3478,
      transport: uri?.transport ?? 'udp',
      interface: 'eth0',
      localAddress: family === 4 ? '192.168.1.23' : '2001:db8::23',
      ...key,
    });
  }

  observation(): Observation {
    return observe(this.events);
  }

  report(options: ReportOptions = {}): Report {
    return makeReport(this.events, options);
  }

  /** Ids of the findings, worst first. */
  findings(options: ReportOptions = {}): string[] {
    return this.report(options).findings.map((finding) => finding.id);
  }

  finding(id: string, options: ReportOptions = {}): Finding {
    const { findings } = this.report(options);
    const found = findings.find((finding) => finding.id === id);
    if (found === undefined)
      throw new Error(`no ${id}, but ${findings.map((each) => each.id).join(', ') || 'nothing'}`);
    return found;
  }
}

/** One attempt of a {@link Run}. */
export class AttemptOf {
  readonly run: Run;
  readonly url: string;
  readonly key: AttemptKey;
  #control: string | undefined;

  constructor(run: Run, url: string, key: AttemptKey) {
    this.run = run;
    this.url = url;
    this.key = key;
  }

  get transport(): string {
    return `t-${this.key.id}`;
  }

  /** Nobody asked for it: it is tried to tell two causes apart. */
  asControl(why: string): this {
    this.#control = why;
    return this;
  }

  /** A burst of relayed data; round trips of 20 ms where none are given. */
  burst(direction: RelayData['direction'], sent: number, received: number, roundTripsMs?: readonly number[]): this {
    this.run.record({
      type: 'relay-data',
      attempt: this.key.id,
      direction,
      sent,
      received,
      roundTripsMs: roundTripsMs ?? [],
      size: 172,
    });
    return this;
  }

  stage(stage: StageName, status: StageStatus, detail: string, data: StageData = {}, ms = 12): this {
    this.run.record({
      type: 'stage',
      url: this.url,
      attempt: this.key,
      transport: this.transport,
      stage,
      status,
      durationMs: ms,
      detail,
      data,
      ...(this.#control === undefined ? {} : { control: this.#control }),
    });
    return this;
  }

  /** The certificate that the server shows; its stage follows by itself. */
  handshake(given: HandshakeGiven = {}): this {
    const {
      names = ['turn.example.org'],
      validDays = 60,
      problems = [],
      protocol = 'TLSv1.3',
      issuer = 'CN=R11',
    } = given;
    const validFrom = new Date((STARTED_UNIX - 30 * 86_400) * 1000).toISOString();
    const validTo = new Date((STARTED_UNIX + validDays * 86_400) * 1000).toISOString();
    const subject = `CN=${names[0] ?? 'nobody'}`;
    const fingerprint256 = given.fingerprint ?? 'AA:BB:CC:DD:EE:FF:00:11';
    this.run.record({
      type: 'tls',
      transport: this.transport,
      protocol,
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: null,
      servername: 'turn.example.org',
      chain: [{ subject, issuer, subjectAltNames: names, validFrom, validTo, fingerprint256 }],
      problems,
      durationMs: 9,
    });
    return this;
  }

  /** A certificate that is refused, as the handshake and its stage tell it. */
  refusedCertificate(code: TlsProblemCode, given: HandshakeGiven = {}): this {
    const detail = `the certificate is ${code}`;
    this.pass('connect').handshake({ ...given, problems: [{ code, detail }] });
    return this.fail('tls', 'tls', { problem: `${code}: ${detail}` });
  }

  pass(stage: StageName, data: StageData = {}, ms?: number): this {
    return this.stage(stage, 'pass', 'ok', data, ms);
  }

  fail(stage: StageName, cause: FailureCause, data: StageData = {}, ms?: number): this {
    return this.stage(stage, 'fail', detailOf(cause, data), { cause, ...data }, ms);
  }

  /** A server that never answers: by default the four requests that fit into the five seconds of gathering. */
  silent(stage: StageName = 'binding', requestsSent = 4, ms = 5000): this {
    return this.fail(stage, 'timeout', { requestsSent }, ms);
  }

  /** The challenge passed, the credential did not. */
  rejected(errorCode = 401, data: StageData = {}): this {
    return this.pass('challenge', { realm: 'example.org' }).fail('allocate', 'stun-error', {
      errorCode,
      reason: 'Unauthorized',
      authenticated: true,
      realm: 'example.org',
      ...data,
    });
  }

  /** A relay on a healthy server. */
  allocated(relayedAddress = '203.0.113.99:49161', data: StageData = {}): this {
    return this.pass('challenge', { realm: 'example.org' }).pass('allocate', {
      relayedAddress,
      mappedAddress: '203.0.113.7:41022',
      lifetime: 600,
      authenticated: true,
      ...data,
    });
  }
}

export interface HandshakeGiven {
  readonly names?: readonly string[];
  readonly validDays?: number;
  readonly problems?: readonly TlsProblem[];
  readonly protocol?: string;
  readonly issuer?: string;
  readonly fingerprint?: string;
}

export function turnServer(urls: string | readonly string[], username = 'alice'): GivenIceServer {
  return { urls: typeof urls === 'string' ? [urls] : urls, username, credential: 'not shown' };
}

export function stunServer(...urls: string[]): GivenIceServer {
  return { urls };
}

export function candidateOf(type: CandidateType, endpoint: string, more: Partial<Candidate>): Omit<Candidate, 'ms'> {
  const { address, port } = parseEndpoint(endpoint);
  const preference = { host: 126, prflx: 110, srflx: 100, relay: 0 }[type];
  const protocol = more.protocol ?? 'udp';
  const priority = preference * 2 ** 24 + 65_535 * 2 ** 8 + 255;
  const related = type === 'host' ? null : (more.relatedAddress ?? '192.168.1.23');
  const relatedPort = type === 'host' ? null : (more.relatedPort ?? 51_022);
  const tail = related === null ? '' : ` raddr ${related} rport ${relatedPort}`;
  const transport: TransportKind | null = type === 'relay' ? 'udp' : null;
  const { ms: _ms, ...given } = more;
  return {
    candidate: `candidate:1 1 ${protocol} ${priority} ${address} ${port} typ ${type}${tail}`,
    type,
    component: 1,
    foundation: '1',
    protocol,
    tcpType: null,
    priority,
    address,
    port,
    relatedAddress: related,
    relatedPort,
    url: null,
    relayProtocol: transport,
    rttMs: type === 'host' ? null : 11.9,
    requestsSent: type === 'host' ? null : 1,
    interface: 'eth0',
    ...given,
  };
}

function parseEndpoint(text: string): { address: string; port: number } {
  const match = /^\[?([^\]]*)\]?:(\d+)$/.exec(text);
  return { address: match?.[1] ?? text, port: Number(match?.[2] ?? 0) };
}

function hostOf(url: string): string {
  const parsed = parseServerUri(url);
  return parsed.ok ? parsed.value.host : url;
}

function detailOf(cause: FailureCause, data: StageData): string {
  if (cause === 'stun-error') return `${data.errorCode} ${data.reason ?? ''}`.trim();
  if (cause === 'timeout') return `no answer to ${data.requestsSent ?? 1} requests`;
  return cause;
}
