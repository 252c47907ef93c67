import type { CallEvent } from '../../core/call/events.ts';
import type { PeerReport } from '../../core/call/remote.ts';
import type { SessionEnd } from '../../core/call/session-options.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { readPeerMessage } from '../../core/signaling/message.ts';
import { noEvent } from '../../record/event-form.ts';
import type { RunEvent } from '../../record/events.ts';
import type { PageIceServer, PageMessage } from '../../record/page-messages.ts';

/** A message of a page is no longer: 200 servers with long credentials, or an event with a long candidate. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** What a browser tells of itself is short; an event stays in memory until the run is over. */
const MAX_EVENT = 16 * 1024;
const MAX_SERVERS = 200;
const MAX_URLS = 100;
const MAX_TEXT = 4096;
const MAX_TIMEOUT_MS = 300_000;

/** Reads what a page sent. Whatever is not exactly a message is refused: the other end may be no page of ours. */
export function readPageMessage(text: string): Result<PageMessage, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('no JSON');
  }
  if (!isRecord(value)) return fail('no object');
  switch (value['type']) {
    case 'stop':
    case 'local-server':
    case 'finished':
      return ok({ type: value['type'] });
    case 'event':
      return readEvent(value['event']);
    case 'run':
      return readRun(value);
    case 'peer': {
      const report = readPeerReport(value['report']);
      return report === undefined ? fail('a report of a peer') : ok({ type: 'peer', report });
    }
    default:
      return fail('unknown type');
  }
}

function readRun(value: Readonly<Record<string, unknown>>): Result<PageMessage, string> {
  const { iceServers, iceTransportPolicy, timeoutMs } = value;
  if (!Array.isArray(iceServers) || iceServers.length > MAX_SERVERS) return fail('iceServers');
  const servers: PageIceServer[] = [];
  for (const each of iceServers) {
    const server = readServer(each);
    if (server === undefined) return fail('a server');
    servers.push(server);
  }
  if (iceTransportPolicy !== 'all' && iceTransportPolicy !== 'relay') return fail('iceTransportPolicy');
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 100 && timeoutMs <= MAX_TIMEOUT_MS)) return fail('timeoutMs');
  return ok({ type: 'run', iceServers: servers, iceTransportPolicy, timeoutMs });
}

function readServer(value: unknown): PageIceServer | undefined {
  if (!isRecord(value)) return undefined;
  const { urls, username, credential } = value;
  if (!Array.isArray(urls) || urls.length === 0 || urls.length > MAX_URLS || !urls.every(isText)) return undefined;
  if (username !== undefined && !isText(username)) return undefined;
  if (credential !== undefined && !isText(credential)) return undefined;
  return {
    urls,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** Only what a browser sees: no other event is a page's to tell. */
const BROWSER_EVENTS: readonly unknown[] = [
  'run-started',
  'gathering-state',
  'candidate',
  'candidate-error',
  'note',
] satisfies readonly RunEvent['type'][];

function readEvent(value: unknown): Result<PageMessage, string> {
  if (!isRecord(value) || !BROWSER_EVENTS.includes(value['type'])) return fail('an event');
  if (typeof value['seq'] !== 'number' || typeof value['ms'] !== 'number' || value['vantage'] !== 'browser') {
    return fail('the stamp of an event');
  }
  if (!isEvent(value)) return fail('the form of an event');
  return ok({ type: 'event', event: value as unknown as RunEvent });
}

/** Of the form that everything else relies on: whoever folds it looks no more. */
function isEvent(value: object): boolean {
  return noEvent(value) === undefined && JSON.stringify(value).length <= MAX_EVENT;
}

const CALL_EVENTS: readonly unknown[] = ['signaling', 'peer-state', 'candidate-pair', 'data-channel'];

const OUTCOMES: readonly SessionEnd['outcome'][] = ['measured', 'ended', 'failed', 'timeout', 'lost', 'error'];

function readPeerReport(value: unknown): PeerReport | undefined {
  if (!isRecord(value)) return undefined;
  const { type, stack, at, event, message, end } = value;
  if (type === 'ready' && isText(stack)) return { type, stack };
  if (type === 'event' && typeof at === 'number' && isRecord(event) && CALL_EVENTS.includes(event['type'])) {
    const stamped = { ...event, seq: 1, ms: at, vantage: 'browser' };
    return isEvent(stamped) ? { type, at, event: event as unknown as CallEvent } : undefined;
  }
  if (type === 'ended' && isRecord(end) && isText(end['reason'])) {
    const outcome = OUTCOMES.find((each) => each === end['outcome']);
    return outcome === undefined ? undefined : { type, end: { outcome, reason: end['reason'] } };
  }
  if (type !== 'message') return undefined;
  const read = readPeerMessage(message);
  return read.ok ? { type, message: read.value } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
