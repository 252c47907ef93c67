import { gather } from '../../src/index.ts';
import type { GatherOptions } from '../../src/probe/gather-options.ts';
import type { EventBody, RunEvent } from '../../src/record/events.ts';
import type { Report } from '../../src/record/report.ts';

export interface Gathered {
  readonly report: Report;
  readonly events: readonly RunEvent[];
  /** From the call to the report, in milliseconds. */
  readonly tookMs: number;
  /** `relay udp udp 4`: type, protocol, relay protocol and family of each candidate, in order, each once. */
  readonly kinds: readonly string[];
  readonly findings: readonly string[];
  of<T extends EventBody['type']>(type: T): Extract<RunEvent, { readonly type: T }>[];
}

/** Runs `gather` to its end. */
export async function gathered(options: GatherOptions): Promise<Gathered> {
  const startedAt = performance.now();
  const run = gather(options);
  const report = await run.report;
  const tookMs = performance.now() - startedAt;
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  const all = report.gatherings?.find(({ url }) => url === null)?.candidates ?? [];
  const kinds = all.map(({ type, protocol, relayProtocol, address }) =>
    [type, protocol, ...(relayProtocol === null ? [] : [relayProtocol]), address.includes(':') ? 6 : 4].join(' '),
  );
  return {
    report,
    events,
    tookMs,
    kinds: [...new Set(kinds)],
    findings: report.findings.map(({ id }) => id),
    of: <T extends EventBody['type']>(type: T) =>
      events.filter((event): event is Extract<RunEvent, { readonly type: T }> => event.type === type),
  };
}
