import type { Report, Server } from '../record/report.ts';
import type { Check, Outcome } from './check.ts';
import { dataCrossed, stageOf } from './requirement.ts';

/** What must hold when nothing else is asked: data crosses the relay of every TURN URL, and every STUN URL answers. */
export function defaultChecks(urls: readonly string[]): Check[] {
  return urls.map((url) => (/^turns?:/i.test(url) ? relayCarriesData(url) : answers(url)));
}

function relayCarriesData(url: string): Check {
  return ofServer(`data crosses the relay of ${url}`, url, (server) => {
    if (server.attempts.some(dataCrossed)) return { met: true, value: true };
    return failed(server, 'data does not cross its relay');
  });
}

function answers(url: string): Check {
  return ofServer(`${url} answers`, url, (server) => {
    const answered = server.attempts.some((attempt) => stageOf(attempt, 'binding')?.status === 'pass');
    return answered ? { met: true, value: true } : failed(server, 'it does not answer');
  });
}

function ofServer(text: string, url: string, evaluate: (server: Server) => Outcome): Check {
  return {
    text,
    evaluate(report: Report) {
      const server = (report.servers ?? []).find((candidate) => candidate.url === url);
      return server === undefined ? { met: null, value: null, because: 'it was not tried' } : evaluate(server);
    },
    impossible: () => undefined,
  };
}

function failed(server: Server, because: string): Outcome {
  if (server.verdict === 'undetermined')
    return { met: null, value: null, because: 'the run ended before it was known' };
  return { met: false, value: false, because, subjects: [server.url] };
}
