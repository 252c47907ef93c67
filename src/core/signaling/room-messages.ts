import { fail, ok, type Result } from '../result.ts';
import { MAX_MESSAGE_BYTES, type MessageError, type PeerMessage, readPeerMessage } from './message.ts';
import type { RoomErrorCode } from './rooms.ts';

/** What a client asks of a server of rooms, a JSON text for each WebSocket message. */
export type RoomRequest =
  /** Open a room and wait in it. */
  | { readonly type: 'open' }
  /** Join whoever waits in that room. */
  | { readonly type: 'join'; readonly code: string }
  /** To the other one in the room. */
  | { readonly type: 'message'; readonly to: string; readonly message: PeerMessage };

/** What the server tells. Client ids are those of {@link RoomRequest.to}. */
export type RoomNotice =
  | { readonly type: 'opened'; readonly code: string; readonly id: string; readonly expiresInMs: number }
  | { readonly type: 'joined'; readonly code: string; readonly id: string; readonly peer: string }
  /** To the one who waited. */
  | { readonly type: 'peer-joined'; readonly peer: string }
  | { readonly type: 'message'; readonly from: string; readonly message: PeerMessage }
  /** The room is over: the other one has left, or its time is up. */
  | { readonly type: 'over'; readonly reason: 'peer-left' | 'expired' | 'server-closed' }
  | {
      readonly type: 'error';
      readonly code: RoomErrorCode | MessageError['code'] | 'no-room';
      readonly message: string;
    };

/** An envelope is little more than the message in it. */
export const MAX_ROOM_TEXT = MAX_MESSAGE_BYTES + 1024;

/** Reads what a client sent; unknown fields are left out. */
export function readRoomRequest(text: string): Result<RoomRequest, MessageError> {
  const value = readJson(text);
  if (!value.ok) return value;
  const { type, code, to, message } = value.value;
  if (type === 'open') return ok({ type });
  if (type === 'join' && typeof code === 'string' && code.length <= 40) return ok({ type, code });
  if (type === 'message' && typeof to === 'string' && to.length <= 40) {
    const read = readPeerMessage(message);
    return read.ok ? ok({ type, to, message: read.value }) : read;
  }
  if (type === 'join' || type === 'message')
    return fail({ code: 'bad-field', message: `a field of "${type}" is wrong` });
  return fail({ code: 'unknown-type', message: 'no kind of request' });
}

/** Reads what a server told; a server may be anybody's, too. */
export function readRoomNotice(text: string): Result<RoomNotice, MessageError> {
  const value = readJson(text);
  if (!value.ok) return value;
  const { type, code, id, peer, from, message, reason, expiresInMs } = value.value;
  if (type === 'opened' && isText(code) && isText(id) && typeof expiresInMs === 'number') {
    return ok({ type, code, id, expiresInMs });
  }
  if (type === 'joined' && isText(code) && isText(id) && isText(peer)) return ok({ type, code, id, peer });
  if (type === 'peer-joined' && isText(peer)) return ok({ type, peer });
  if (type === 'over') {
    return ok({ type, reason: reason === 'peer-left' || reason === 'expired' ? reason : 'server-closed' });
  }
  if (type === 'error' && isText(code) && typeof message === 'string') {
    return ok({ type, code: code as RoomErrorCode, message: message.slice(0, 300) });
  }
  if (type === 'message' && isText(from)) {
    const read = readPeerMessage(message);
    return read.ok ? ok({ type, from, message: read.value }) : read;
  }
  return fail({ code: 'unknown-type', message: 'no kind of notice' });
}

function readJson(text: string): Result<Readonly<Record<string, unknown>>, MessageError> {
  if (text.length > MAX_ROOM_TEXT) return fail({ code: 'too-large', message: `more than ${MAX_ROOM_TEXT} characters` });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return ok(value as Readonly<Record<string, unknown>>);
    }
  } catch {
    return fail({ code: 'not-json', message: 'no JSON' });
  }
  return fail({ code: 'bad-field', message: 'no object' });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 40;
}
