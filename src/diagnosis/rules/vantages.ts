import { addressKind } from '../../core/address.ts';
import { readRestUsername } from '../../core/stun/rest-credentials.ts';
import type { ServerUri } from '../../core/stun/uri.ts';
import { parseServerUri } from '../../core/stun/uri.ts';
import type { ReportedIceServer } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { browserOutcome, type Outcome, terminalOutcome } from '../outcome.ts';
import type { View } from '../view.ts';
import { showAge } from './config-credentials.ts';

/** What only a browser shows: alone, where no terminal asked the same server, and beside the terminal. */
export const vantageRules: readonly Rule[] = [differ, rejectedInBrowser, nothingInBrowser];

interface Compared {
  readonly url: string;
  readonly uri: ServerUri;
  readonly entry: ReportedIceServer;
  readonly browser: Outcome;
  readonly terminal: Outcome;
}

function compared(view: View): Compared[] {
  const { observation } = view;
  return observation.configuration.iceServers.flatMap((entry) =>
    entry.urls.flatMap((url) => {
      const uri = parseServerUri(url);
      if (!uri.ok) return [];
      const outcomes = { browser: browserOutcome(observation, url), terminal: terminalOutcome(observation, url) };
      return [{ url, uri: uri.value, entry, ...outcomes }];
    }),
  );
}

/** One of them has a result, and the other one is through without. */
function differ(view: View): Conclusion[] {
  return compared(view)
    .filter(({ browser, terminal }) =>
      browser.word === 'works' ? terminal.word === 'fails' : browser.word === 'fails' && terminal.word === 'works',
    )
    .map((each) => {
      const { url, browser, terminal } = each;
      const works = browser.word === 'works' ? 'browser' : 'terminal';
      const failed = works === 'browser' ? terminal : browser;
      const { reason, confidence } = reasonFor(each, view);
      return {
        id: 'ice.vantages-differ',
        subject: url,
        urls: [url],
        confidence,
        locus: works === 'terminal' ? 'client' : 'unknown',
        params: {
          works,
          fails: works === 'browser' ? 'terminal' : 'browser',
          errorCode: failed.code,
          errorText: failed.text,
          reason,
          [reason]: true,
        },
        evidence: view.evidence.where(
          (event) =>
            (event.type === 'candidate-error' && event.url === url) ||
            (event.type === 'tls' && each.uri.transport === 'tls') ||
            (event.type === 'candidate' && event.candidate.url === url),
        ),
      };
    });
}

type Reason = 'portList' | 'trustStore' | 'proxy' | 'loopback' | 'unknownReason';

function reasonFor(each: Compared, view: View): { reason: Reason; confidence: Conclusion['confidence'] } {
  const { uri, browser, url } = each;
  const browserFails = browser.word === 'fails';
  const isTurn = uri.scheme === 'turn' || uri.scheme === 'turns';
  // Chromium skips such a server without a word (w3c/webrtc-pc#2625).
  if (browserFails && browser.code === null && isTurn && uri.port < 1024 && ![53, 80, 443].includes(uri.port)) {
    return { reason: 'portList', confidence: 'likely' };
  }
  if (uri.transport === 'tls') {
    const attempts = view.servers.find((server) => server.url === url)?.server.attempts ?? [];
    const refusedHere = attempts.some((attempt) => (attempt.tls?.problems.length ?? 0) > 0);
    // Each side answers by its own list of authorities, and a browser tells of TLS no more than 701.
    if (browserFails ? browser.code === 701 || browser.code === null : refusedHere) {
      return { reason: 'trustStore', confidence: 'likely' };
    }
  }
  if (view.observation.network.proxy !== null && uri.transport !== 'udp') {
    return { reason: 'proxy', confidence: 'possible' };
  }
  const isHere = uri.host === 'localhost' || (uri.literal !== undefined && addressKind(uri.host) === 'loopback');
  // Firefox asks no server on a loopback address unless its preferences say so.
  if (browserFails && isHere && browser.code === 701) return { reason: 'loopback', confidence: 'likely' };
  return { reason: 'unknownReason', confidence: 'certain' };
}

/** 401 in a browser: after the challenge, with the credentials. Where the terminal asked too, its packets tell more. */
function rejectedInBrowser(view: View): Conclusion[] {
  return compared(view)
    .filter(({ browser, terminal }) => terminal.word === 'untried' && browser.code === 401)
    .map(({ url, entry, browser }) => {
      const rest = readRestUsername(entry.username ?? '');
      const now = Date.parse(view.observation.startedAt) / 1000;
      const isExpired =
        rest !== undefined && !rest.reversed && rest.unit === 'seconds' && rest.expiresAt * 1000 < now * 1000;
      const common = {
        subject: url,
        urls: [url],
        confidence: 'likely',
        ruledOut: ['unreachable-server'],
        evidence: view.evidence.where((event) => event.type === 'candidate-error' && event.url === url),
      } as const;
      if (isExpired) {
        const expiredAt = new Date(rest.expiresAt * 1000).toISOString().replace('.000Z', 'Z');
        const params = {
          username: entry.username ?? '',
          expiredAt,
          ago: showAge(now - rest.expiresAt),
          errorCode: 401,
        };
        return { ...common, id: 'auth.expired', params: { ...params, serverAgrees: false } };
      }
      const params = { username: entry.username ?? '', errorCode: 401, reason: browser.text, realm: '', software: '' };
      return { ...common, id: 'auth.bad-credentials', params: { ...params, rest: rest !== undefined } };
    });
}

/** A TURN server that gave the browser nothing, and that no terminal asked: what is missing is all that can be said. */
function nothingInBrowser(view: View): Conclusion[] {
  const failed = compared(view).filter(
    ({ uri, browser, terminal }) =>
      terminal.word === 'untried' &&
      browser.word === 'fails' &&
      browser.code !== 401 &&
      (uri.scheme === 'turn' || uri.scheme === 'turns'),
  );
  const all = (view.observation.gatherings ?? []).find(
    (gathering) => gathering.vantage === 'browser' && gathering.url === null,
  );
  const [first] = failed;
  if (first === undefined || all === undefined || all.states.at(-1)?.state !== 'complete') return [];
  if (all.candidates.some((candidate) => candidate.type === 'relay')) return [];
  const urls = failed.map(({ url }) => url);
  return [
    {
      id: 'ice.no-relay',
      subject: first.url,
      urls,
      confidence: 'certain',
      params: {
        vantage: 'browser',
        errors: failed.flatMap(({ browser }) =>
          browser.code === null ? [] : `${browser.code} ${browser.text}`.trim(),
        ),
        candidates: all.candidates.length,
      },
      evidence: view.evidence.where((event) => event.type === 'candidate-error' && urls.includes(event.url)),
    },
  ];
}
