import { RoomClient, RoomFailure } from '../../../core/signaling/room-client.ts';
import { normaliseCode } from '../../../core/signaling/rooms.ts';
import { socketUrl } from '../link.ts';
import { isStringKey, t } from '../strings.ts';
import { clock } from './own-peer.ts';

/** What a person sees of a room. */
export type RoomState =
  | { readonly state: 'none' }
  | { readonly state: 'asking' }
  /** `line`: for the terminal of the other end. */
  | { readonly state: 'waiting'; readonly code: string; readonly line: string }
  | { readonly state: 'met' }
  | { readonly state: 'failed'; readonly why: string };

/** A connection to the rooms of the server that this page came from. Rejects with a {@link RoomFailure}. */
export async function connectRooms(signal: AbortSignal): Promise<RoomClient> {
  const socket = new WebSocket(socketUrl('rooms'));
  const client = new RoomClient({
    send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
    close: () => socket.close(),
    after: clock.after,
  });
  signal.addEventListener('abort', () => client.fail(new RoomFailure('aborted', '')), { once: true });
  socket.addEventListener('message', ({ data }) => client.onText(String(data)));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('close', () => reject(client.fail(new RoomFailure('unreachable', ''))));
  });
  return client;
}

/**
 * The code in what a person typed or pasted: the code itself, the address of a room, or the whole line with it. Throws a
 * {@link RoomFailure} for what holds none, and for a room of another server, which no page of ours can reach.
 */
export function readRoomCode(text: string, roomServer: string): string {
  const [, host, path] = /\bwss?:\/\/([^/\s'"]+)\/([^?\s'"]*)/.exec(text) ?? [];
  if (host !== undefined && ![new URL(roomServer).host, location.host].includes(host)) {
    throw new RoomFailure('elsewhere', '');
  }
  const code = normaliseCode(path ?? text);
  if (code.length === 6) return code;
  throw new RoomFailure('wrong-code', '');
}

/** For a person; in the server's own words where there are none of ours. */
export function roomWords(error: unknown): string {
  if (!(error instanceof RoomFailure)) return String(error);
  const key = `room.${error.code}`;
  return isStringKey(key) ? t(key) : error.message;
}
