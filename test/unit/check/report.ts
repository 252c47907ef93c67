import type { Candidate } from '../../../src/core/ice/candidate.ts';
import type { Finding } from '../../../src/record/finding.ts';
import type { Attempt, Report, Server } from '../../../src/record/report.ts';

/** A report with a healthy server for each URL; parts can be replaced. */
export function report(urls: readonly string[], parts: Partial<Report> = {}): Report {
  return {
    schema: 'iceprobe.report/1',
    tool: { name: 'iceprobe', version: '0.0.0' },
    command: 'probe',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 100,
    exitCode: 0,
    configuration: { iceServers: [{ urls }], iceTransportPolicy: 'all' },
    network: { interfaces: [], resolvers: [], proxy: null },
    gatherings: [
      {
        vantage: 'terminal',
        userAgent: null,
        url: null,
        states: [
          { state: 'new', ms: 0 },
          { state: 'gathering', ms: 1 },
          { state: 'complete', ms: 51 },
        ],
        candidates: [
          candidate({ type: 'host' }),
          candidate({ type: 'srflx', address: '203.0.113.5', url: urls[0] ?? null }),
        ],
        omitted: [],
        errors: [],
      },
    ],
    servers: urls.map((url) => server(url)),
    findings: [],
    verdict: 'ok',
    ...parts,
  };
}

export function server(url: string, attempt: Partial<Attempt> = {}, verdict: Server['verdict'] = 'ok'): Server {
  return { url, verdict, attempts: [healthyAttempt(url, attempt)] };
}

export function healthyAttempt(url: string, parts: Partial<Attempt> = {}): Attempt {
  const turn = url.startsWith('turn');
  const stage = (name: 'binding' | 'relay-data') => ({
    stage: name,
    status: 'pass' as const,
    ms: 1,
    detail: '',
    data: {},
  });
  return {
    id: `${url}#1`,
    family: 4,
    address: '198.51.100.1',
    port: 3478,
    transport: url.startsWith('turns') ? 'tls' : 'udp',
    interface: null,
    localAddress: null,
    verdict: 'ok',
    stages: turn ? [stage('binding'), stage('relay-data')] : [stage('binding')],
    ...(turn && {
      relay: {
        address: '198.51.100.1',
        port: 50_000,
        directions: [],
        rttMs: { min: 10, p50: 20, p95: 30, max: 40 },
        jitterMs: 1,
        lossPercent: 0,
      },
    }),
    ...parts,
  };
}

export function candidate(parts: Partial<Candidate>): Candidate {
  return {
    candidate: 'candidate:1 1 udp 1 192.0.2.1 1 typ host',
    type: 'host',
    component: 1,
    foundation: '1',
    protocol: 'udp',
    tcpType: null,
    priority: 1,
    address: '192.0.2.1',
    port: 1,
    relatedAddress: null,
    relatedPort: null,
    url: null,
    relayProtocol: null,
    ms: 1,
    rttMs: null,
    requestsSent: null,
    interface: null,
    ...parts,
  };
}

export function finding(parts: Partial<Finding>): Finding {
  return {
    id: 'relay.no-data',
    severity: 'error',
    locus: 'server',
    confidence: 'certain',
    subject: 'turn:a',
    title: '',
    detail: '',
    fix: '',
    ruledOut: [],
    consequences: [],
    params: {},
    evidence: [],
    ...parts,
  };
}
