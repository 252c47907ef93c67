import type { ConfigurationDocument } from '../../core/configuration/configuration.ts';
import { readConfiguration } from '../../core/configuration/read.ts';
import { parseServerUri } from '../../core/stun/uri.ts';
import { VERSION } from '../../core/version.ts';
import { makeReport } from '../../diagnosis/make-report.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import type { Finding } from '../../record/finding.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { IceTransportPolicy } from '../../record/report.ts';

/** A server as it stands in the form: text as it is typed. */
export interface EditedServer {
  /** One a line. */
  urls: string;
  username: string;
  credential: string;
}

export function editedOf({ urls, username, credential }: PageIceServer): EditedServer {
  return { urls: urls.join('\n'), username: username ?? '', credential: credential ?? '' };
}

/** What a peer connection gets: empty fields are no fields. */
export function iceServersOf(edited: readonly EditedServer[]): PageIceServer[] {
  return edited.flatMap(({ urls, username, credential }) => {
    const list = urls
      .split('\n')
      .map((url) => url.trim())
      .filter((url) => url !== '');
    if (list.length === 0) return [];
    return [
      {
        urls: list,
        ...(username === '' ? {} : { username }),
        ...(credential === '' ? {} : { credential }),
      },
    ];
  });
}

export interface Pasted {
  readonly servers: readonly EditedServer[];
  readonly policy: IceTransportPolicy | undefined;
}

/** Reads whatever was pasted: URLs one a line, JSON, JavaScript, a provider's answer. A failure says why, with its place. */
export function readPasted(text: string): Pasted | { readonly error: string } {
  const lines = text
    .split(/[\s,]+/)
    .map((line) => line.replace(/^["']|["']$/g, ''))
    .filter((line) => line !== '');
  if (lines.length > 0 && lines.every((line) => parseServerUri(line).ok)) {
    return { servers: [{ urls: lines.join('\n'), username: '', credential: '' }], policy: undefined };
  }
  const read = readConfiguration(text);
  if (read.ok) return { servers: read.value.servers.map(editedOfDocument), policy: read.value.policy };
  const { line, column, message, hint } = read.error;
  return { error: `${line}:${column}: ${message}. ${hint}` };
}

function editedOfDocument({ urls, username, credential }: ConfigurationDocument['servers'][number]): EditedServer {
  return {
    urls: urls.map(({ text }) => text).join('\n'),
    username: username ?? '',
    // The page's form is one of the places that hand a credential on.
    credential: credential?.reveal() ?? '',
  };
}

/** The terminal's own `lint`, as the form stands. */
export function lint(iceServers: readonly PageIceServer[], policy: IceTransportPolicy): readonly Finding[] {
  if (iceServers.length === 0) return [];
  return makeReport([
    {
      type: 'run-started',
      seq: 1,
      ms: 0,
      vantage: 'browser',
      command: 'lint',
      tool: { name: 'iceprobe', version: VERSION },
      startedAt: new Date().toISOString(),
      configuration: reportedConfiguration(iceServers, policy),
      deadlineMs: 0,
    },
  ]).findings;
}

/** `#servers=...`: URLs and policy, never a user name or a credential. */
export function linkOf(iceServers: readonly PageIceServer[], policy: IceTransportPolicy): string {
  const url = new URL(location.href);
  url.search = '';
  const value = JSON.stringify({ iceServers: iceServers.map(({ urls }) => ({ urls })), iceTransportPolicy: policy });
  url.hash = `servers=${encodeURIComponent(value)}`;
  return url.href;
}

export function readLink(hash: string): Pasted | undefined {
  const text = /^#servers=(.+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  try {
    const read = readPasted(decodeURIComponent(text));
    return 'error' in read ? undefined : read;
  } catch {
    return undefined;
  }
}
