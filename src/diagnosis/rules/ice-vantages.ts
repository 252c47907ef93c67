import type { Gathering } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { ServerView, View } from '../view.ts';
import { gatheringsOfAll, isTurn } from './gatherings.ts';

/** Why a browser and this program may see different things for one URL, as far as what was seen points at it. */
type Reason = 'portList' | 'trustStore' | 'tlsName' | 'proxy' | 'unknown';

/** A URL that gives candidates to one of them and none to the other. */
export function vantagesDiffer(view: View): Conclusion[] {
  const all = gatheringsOfAll(view);
  const terminal = all.find(({ vantage }) => vantage === 'terminal');
  const browser = all.find(({ vantage }) => vantage === 'browser');
  if (terminal === undefined || browser === undefined) return [];
  return view.servers.flatMap((server): Conclusion[] => {
    const here = gave(terminal, server);
    const there = gave(browser, server) ?? byKind(browser, server, view);
    if (here === undefined || there === undefined || here === there) return [];
    const reason = reasonOf(server, here, view);
    return [
      {
        id: 'ice.vantages-differ',
        subject: server.url,
        urls: [server.url],
        confidence: reason === 'unknown' ? 'possible' : 'likely',
        params: {
          works: here ? 'terminal' : 'browser',
          fails: here ? 'browser' : 'terminal',
          userAgent: browser.userAgent,
          reason,
          [reason]: true,
          port: server.uri?.port ?? null,
          error: browser.errors.find(({ url }) => url === server.url)?.errorText ?? null,
        },
        evidence: view.evidence.where(
          (event) =>
            (event.type === 'candidate-error' && event.url === server.url) ||
            (event.type === 'candidate' && event.candidate.url === server.url),
        ),
      },
    ];
  });
}

/** By the candidates' own `url`; undefined where this browser names no URLs at all. */
function gave(gathering: Gathering, server: ServerView): boolean | undefined {
  const type = isTurn(server) ? 'relay' : 'srflx';
  if (gathering.candidates.some((each) => each.type === type && each.url === server.url)) return true;
  if (gathering.omitted.some((each) => each.candidate.includes(` typ ${type}`))) return true;
  const names =
    gathering.candidates.some((each) => each.url !== null) || gathering.errors.some(({ url }) => url !== '');
  return names || gathering.candidates.length === 0 ? false : undefined;
}

/** Firefox tells no URL: where a kind has one URL alone, the kind tells it. */
function byKind(gathering: Gathering, server: ServerView, view: View): boolean | undefined {
  const same = view.servers.filter((each) => isTurn(each) === isTurn(server));
  if (same.length !== 1) return undefined;
  return gathering.candidates.some((each) => each.type === (isTurn(server) ? 'relay' : 'srflx'));
}

function reasonOf(server: ServerView, worksHere: boolean, view: View): Reason {
  const { uri } = server;
  if (uri === undefined) return 'unknown';
  if (worksHere) {
    if (isTurn(server) && uri.port < 1024 && ![53, 80, 443].includes(uri.port)) return 'portList';
    if (uri.transport === 'tls' && uri.literal !== undefined) return 'tlsName';
    if (uri.transport === 'tls') return 'trustStore';
    return 'unknown';
  }
  if (view.observation.network.proxy !== null && uri.transport !== 'udp') return 'proxy';
  if (server.server.attempts.some((attempt) => (attempt.tls?.problems.length ?? 0) > 0)) return 'trustStore';
  return 'unknown';
}
