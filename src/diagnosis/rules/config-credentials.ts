import { readRestUsername } from '../../core/stun/rest-credentials.ts';
import type { ReportedIceServer } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { passed, type View } from '../view.ts';

/** What the user name and the presence of a credential show. */
export const credentialRules: readonly Rule[] = [missingCredential, credentialExpired, credentialExpiresSoon];

function turnEntries(view: View): { entry: ReportedIceServer; urls: string[] }[] {
  return view.observation.configuration.iceServers
    .map((entry) => ({ entry, urls: entry.urls.filter((url) => /^turns?:/i.test(url)) }))
    .filter(({ urls }) => urls.length > 0);
}

/** Browsers throw InvalidAccessError for these (WebRTC 4.2.4); an empty user name counts as none. */
function missingCredential(view: View): Conclusion[] {
  return turnEntries(view).flatMap(({ entry, urls }): Conclusion[] => {
    const noName = entry.username === undefined || entry.username === '';
    const noCredential = entry.credential === undefined;
    const [subject] = urls;
    if (subject === undefined || !(noName || noCredential)) return [];
    const missing = noName && noCredential ? 'user name and credential' : noName ? 'user name' : 'credential';
    return [
      { id: 'config.missing-credential', subject, urls, confidence: 'certain', params: { missing }, evidence: [] },
    ];
  });
}

function credentialExpired(view: View): Conclusion[] {
  const now = Date.parse(view.observation.startedAt) / 1000;
  return turnEntries(view).flatMap(({ entry, urls }): Conclusion[] => {
    const rest = readRestUsername(entry.username ?? '');
    const [subject] = urls;
    if (rest === undefined || rest.reversed || subject === undefined) return [];
    if (rest.unit === 'seconds' && rest.expiresAt >= now) return [];
    // A server that allocates with it has another clock, or does not look at the time.
    if (allocatedWith(view, urls)) return [];
    return [
      {
        id: 'config.credential-expired',
        subject,
        urls,
        confidence: 'likely',
        params: {
          username: entry.username ?? '',
          milliseconds: rest.unit === 'milliseconds',
          expiredAt: iso(rest.expiresAt),
          ago: rest.unit === 'milliseconds' ? null : showAge(now - rest.expiresAt),
        },
        evidence: [],
      },
    ];
  });
}

function credentialExpiresSoon(view: View): Conclusion[] {
  const now = Date.parse(view.observation.startedAt) / 1000;
  return turnEntries(view).flatMap(({ entry, urls }): Conclusion[] => {
    const rest = readRestUsername(entry.username ?? '');
    const [subject] = urls;
    if (rest === undefined || rest.reversed || rest.unit === 'milliseconds' || subject === undefined) return [];
    const left = rest.expiresAt - now;
    if (left < 0 || left >= view.thresholds.credentialMinutes * 60) return [];
    return [
      {
        id: 'config.credential-expires-soon',
        subject,
        urls,
        confidence: 'likely',
        params: { username: entry.username ?? '', expiresAt: iso(rest.expiresAt), left: showAge(left) },
        evidence: [],
      },
    ];
  });
}

function allocatedWith(view: View, urls: readonly string[]): boolean {
  return view.targets.some(
    (target) => urls.includes(target.url) && target.attempts.some((attempt) => passed(attempt, 'allocate')),
  );
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** `40 s`, `12 min`, `5 h`, `3 days`: how long ago, or how long still. */
export function showAge(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
