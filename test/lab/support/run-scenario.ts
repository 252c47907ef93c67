import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { Finding } from '../../../src/record/finding.ts';
import type { Candidate, Report } from '../../../src/record/report.ts';
import { certificate } from '../../support/certificates.ts';
import { type Lab, startLab } from './lab.ts';
import { type AccessNetwork, serverAddresses } from './network.ts';
import { NETWORKS } from './networks.ts';
import { type Scenario, START_MS } from './scenario.ts';
import { installCertificate, startTurn } from './servers.ts';

const ROOT = join(import.meta.dirname, '../../..');

export interface Outcome {
  /** Undefined where the program printed none. */
  readonly report: Report | undefined;
  readonly exitCode: number | null;
  readonly durationMs: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Setting = Pick<Scenario, 'network' | 'servers' | 'zone' | 'otherZone'>;

/** Brings up what a scenario describes. */
export async function prepare(setting: Setting): Promise<Lab> {
  const lab = await startLab({
    sites: [networkOf(setting)],
    servers: setting.servers,
    ...(setting.zone === undefined ? {} : { zone: setting.zone }),
    ...(setting.otherZone === undefined ? {} : { otherZone: setting.otherZone }),
  });
  try {
    await Promise.all(setting.servers.map((server, i) => startServer(lab, server, i + 1)));
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs iceprobe on the client of a lab; the word `{ca}` stands for the tests' root certificate. `deadlineMs` ends it. */
export async function runIceprobe(
  lab: Lab,
  command: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly at?: string; readonly deadlineMs: number },
): Promise<Outcome> {
  const words = [process.execPath, join(ROOT, 'bin/iceprobe.js'), ...command.map(fill), '-f', 'json'];
  const env = { NO_COLOR: '1', ...options.env };
  const { code, stdout, stderr, durationMs } = await lab.sandbox.run(options.at ?? lab.client(), words, {
    env,
    timeoutMs: options.deadlineMs,
  });
  return { report: parse(stdout), exitCode: code, durationMs, stdout, stderr };
}

export async function runScenario(scenario: Scenario): Promise<Outcome> {
  await using lab = await prepare(scenario);
  return await runIceprobe(lab, scenario.command, {
    ...(scenario.env === undefined ? {} : { env: scenario.env }),
    ...(scenario.at === undefined ? {} : { at: scenario.at }),
    // Past its bound, so that what it would have said can be shown.
    deadlineMs: scenario.expect.withinMs + 2 * START_MS,
  });
}

/** Everything in which an outcome is not what was expected, in words; empty when all is well. */
export function complaints(
  { expect: expected, misses = [] }: Pick<Scenario, 'expect' | 'misses'>,
  outcome: Outcome,
): string[] {
  const { report, exitCode, durationMs } = outcome;
  if (report === undefined) return [`no report; exit code ${exitCode}\n${outcome.stdout}\n${outcome.stderr}`];
  const found: string[] = schemaErrors(report);
  const first = firstFinding(report);
  const wanted = typeof expected.first === 'string' ? [expected.first] : expected.first;
  if (!wanted.includes(first?.id ?? 'none'))
    found.push(`first: ${wanted.join(' or ')} expected, ${describe(first)} found`);
  else if (first !== undefined) {
    const loci = typeof expected.locus === 'string' ? [expected.locus] : expected.locus;
    if (loci?.includes(first.locus) === false) found.push(`locus: ${first.locus}, not ${loci.join(' or ')}`);
    const confidences = typeof expected.confidence === 'string' ? [expected.confidence] : expected.confidence;
    if (confidences?.includes(first.confidence) === false) found.push(`confidence: ${first.confidence}`);
  }
  const ids = report.findings.map(({ id }) => id);
  for (const id of expected.also ?? []) if (!ids.includes(id)) found.push(`${id} is missing`);
  for (const pattern of [...misses, ...(expected.forbidden ?? [])]) {
    const raised = ids.filter((id) => (pattern.endsWith('.*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern));
    if (raised.length > 0) found.push(`${raised.join(', ')} must not be raised`);
  }
  if (expected.report !== undefined) found.push(...mismatches(expected.report, report, 'report'));
  if (expected.candidates !== undefined) found.push(...candidateMismatch(expected.candidates, report));
  if (exitCode !== expected.exitCode) found.push(`exit code: ${exitCode}, not ${expected.exitCode}`);
  if (report.exitCode !== exitCode) found.push(`the report says exit code ${report.exitCode}, it was ${exitCode}`);
  if (report.durationMs > expected.withinMs)
    found.push(`took ${Math.round(report.durationMs)} ms of ${expected.withinMs}`);
  if (durationMs > report.durationMs + START_MS) found.push(`hung: ${Math.round(durationMs)} ms in all`);
  if (found.length > 0) found.push(`all findings: ${report.findings.map(describe).join('; ')}`, outcome.stderr);
  return found;
}

/** The first finding that is a fault, else the first there is. */
export function firstFinding(report: Report): Finding | undefined {
  return report.findings.find(({ severity }) => severity === 'error' || severity === 'warning');
}

export function describe(finding: Finding | undefined): string {
  if (finding === undefined) return 'none';
  return `${finding.id} (${finding.severity}, ${finding.locus}, ${finding.confidence}): ${finding.title}`;
}

export function networkOf({ network }: Pick<Scenario, 'network'>): AccessNetwork {
  return typeof network === 'string' ? NETWORKS[network] : network;
}

/** `host 4 udp`, `srflx 4 udp`, `relay 4 tls`. */
export function candidateSort(candidate: Candidate): string {
  const protocol = candidate.type === 'relay' ? candidate.relayProtocol : candidate.protocol;
  return `${candidate.type} ${candidate.address.includes(':') ? 6 : 4} ${protocol}`;
}

function fill(word: string): string {
  return word === '{ca}' ? certificate('good').ca : word;
}

async function startServer(lab: Lab, server: Scenario['servers'][number], index: number): Promise<void> {
  const host = lab.servers[index - 1] ?? '';
  const addresses = serverAddresses(index, server);
  const services = server.services ?? [];
  // First: a TURN server may keep its users there.
  if (services.length > 0) await lab.serve(host, services);
  const turns = (server.turn ?? []).map(async ({ certificate: kind, ...options }) => {
    const shown = kind === undefined ? {} : { certificate: await installCertificate(lab, certificate(kind)) };
    await startTurn(lab, host, addresses, { ...options, ...shown });
  });
  await Promise.all(turns);
}

const validate = new Ajv({ strict: false, allErrors: true }).compile(
  JSON.parse(readFileSync(join(ROOT, 'test/support/report.strict.schema.json'), 'utf8')) as object,
);

function schemaErrors(report: Report): string[] {
  if (validate(report)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `schema: ${instancePath} ${message}`);
}

function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}

function candidateMismatch(expected: readonly string[], report: Report): string[] {
  const found = (report.gatherings ?? []).flatMap(({ candidates }) => candidates.map(candidateSort));
  const sorted = [...new Set(found)].sort();
  const wanted = [...expected].sort();
  return sorted.join(', ') === wanted.join(', ')
    ? []
    : [`candidates: ${sorted.join(', ')}; expected ${wanted.join(', ')}`];
}

/** Where `actual` lacks what `expected` names. Each element of an expected list must match some element of the actual one. */
function mismatches(expected: unknown, actual: unknown, place: string): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${place}: no list`];
    return expected
      .filter((each) => !actual.some((one) => mismatches(each, one, place).length === 0))
      .map((each) => `${place}: nothing like ${JSON.stringify(each)} in ${JSON.stringify(actual).slice(0, 1500)}`);
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${place}: no object`];
    return Object.entries(expected).flatMap(([key, value]) =>
      mismatches(value, (actual as Record<string, unknown>)[key], `${place}.${key}`),
    );
  }
  return Object.is(expected, actual) ? [] : [`${place}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`];
}
