import { existsSync } from 'node:fs';
import { parseServerUri, type ServerUri, type UriError } from '../../core/stun/uri.ts';
import { suggest } from '../../core/suggest.ts';
import { COMMANDS } from '../commands.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Configuration, ConfiguredServer, ConfiguredUrl } from './configuration.ts';

/**
 * What a browser's RTCPeerConnection would throw at, and what contradicts itself: such a run would say nothing about the
 * servers. `lint` reports the same as findings instead. Throws {@link UsageError}.
 */
export function requireValid(configuration: Configuration, context: Context): void {
  if (configuration.servers.length === 0) {
    throw new UsageError(
      'nothing there says by which name or public address the TURN server is reached',
      'give its URL: turn:HOST; iceprobe lint tells what else is wrong there',
    );
  }
  for (const server of configuration.servers) {
    for (const url of server.urls) {
      const uri = requireUri(url);
      if (uri.scheme === 'turn' || uri.scheme === 'turns') requireCredentials(server, url, context);
    }
  }
  const hasTurn = configuration.servers.some(({ urls }) => urls.some(({ text }) => isTurn(text)));
  if (configuration.policy === 'relay' && !hasTurn) {
    throw new UsageError(
      'the policy "relay" without a turn: or turns: URL: nothing could come of it',
      'add a TURN server, or drop the policy',
    );
  }
}

export function isTurn(url: string): boolean {
  return /^turns?:/i.test(url);
}

/** Throws {@link UsageError} with the place of the mistake and how to mend it. */
export function requireUri(url: ConfiguredUrl): ServerUri {
  const parsed = parseServerUri(url.text);
  if (parsed.ok) return parsed.value;
  const { message, shown, column } = parsed.error;
  const place = url.where === undefined ? '' : `${url.where}: `;
  const excerpt = shown === '' ? undefined : { text: shown, column };
  throw new UsageError(`${place}not a server URL: ${message}`, hintFor(url, parsed.error), excerpt);
}

function hintFor({ text, where }: ConfiguredUrl, error: UriError): string {
  if (where !== undefined || error.code !== 'uri.missing-scheme') return error.hint;
  // What stands where a URL belongs may have been meant as something else.
  const meant = suggest(text, Object.keys(COMMANDS));
  if (meant !== undefined) return `did you mean the command ${meant}? Or ${error.hint}`;
  if (existsSync(text)) return `to read servers from this file: --config ${text}`;
  return error.hint;
}

function requireCredentials(server: ConfiguredServer, url: ConfiguredUrl, context: Context): void {
  const missing = [
    ...(hasText(server.username) ? [] : ['user name']),
    ...(server.credential === undefined || server.credential.isEmpty ? ['credential'] : []),
  ];
  if (missing.length === 0) return;
  const empty = ['ICEPROBE_USERNAME', 'ICEPROBE_CREDENTIAL', 'ICEPROBE_SECRET'].filter(
    (name) => context.env[name] === '',
  );
  const hints = [
    ...empty.map((name) => `${name} is set, but empty`),
    url.where === undefined
      ? 'give -u NAME -p PASSWORD ("-p -" asks for it), or set ICEPROBE_USERNAME and ICEPROBE_CREDENTIAL'
      : 'add "username" and "credential" there, or give -u NAME -p PASSWORD ("-p -" asks for it)',
  ];
  const place = url.where === undefined ? '' : `${url.where}: `;
  throw new UsageError(`${place}${url.text} has no ${missing.join(' and no ')}`, hints.join('\n'));
}

function hasText(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
