import type { Report, Server } from './report.ts';

/** The servers of the configuration, without what was tried beside them to tell causes apart. */
export function askedServers(report: Pick<Report, 'servers'>): readonly Server[] {
  return (report.servers ?? []).filter((server) => server.control === undefined);
}
