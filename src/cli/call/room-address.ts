import type { RoomServer } from '../../call/room-channel.ts';
import { normaliseCode } from '../../core/signaling/rooms.ts';
import { UsageError } from '../errors.ts';

/** A room and where it is. */
export interface RoomAddress {
  readonly server: RoomServer;
  readonly code: string;
}

/** The address of a server of rooms: `ws:` or `wss:`, host and port; `?pin=` as that server printed it. */
export function parseRoomServer(text: string, option: string, ca: string | undefined): RoomServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw new UsageError(`${option} ${text} is no address of a server of rooms`, 'it looks like wss://HOST:PORT');
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${option}: no user name and password belong there`, 'leave them out');
  }
  const pin = url.searchParams.get('pin');
  if (pin !== null && !/^[0-9a-f]{64}$/i.test(pin)) {
    throw new UsageError(
      `${option}: the pin is no SHA-256 fingerprint`,
      'copy the whole address, 64 hex digits at its end',
    );
  }
  return {
    url: `${url.protocol}//${url.host}/rooms`,
    ...(pin === null || url.protocol === 'ws:' ? {} : { fingerprint: pin }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** What `--join` was given: a room's whole address, or its code and `--via` beside it. Throws {@link UsageError}. */
export function parseRoom(
  text: string,
  via: string | undefined,
  ca: string | undefined,
  option = '--join',
): RoomAddress {
  if (/^wss?:/i.test(text)) {
    if (via !== undefined) throw new UsageError(`${option} with an address leaves nothing for --via`, 'drop --via');
    const server = parseRoomServer(text, option, ca);
    return { server, code: requireCode(decodeURIComponent(new URL(text).pathname.slice(1))) };
  }
  if (via === undefined) {
    throw new UsageError(
      `${option} ${text}: on which server is that room?`,
      'give the whole address that the other end shows, or its server: --via wss://HOST:PORT',
    );
  }
  return { server: parseRoomServer(via, '--via', ca), code: requireCode(text) };
}

function requireCode(text: string): string {
  const code = normaliseCode(text);
  if (code.length === 6) return code;
  throw new UsageError(`"${text}" is no code of a room`, 'it has six letters and digits, like ABC-DEF');
}
