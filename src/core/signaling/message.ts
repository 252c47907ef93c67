import { fail, ok, type Result } from '../result.ts';
import { readWitness, type WitnessMessage } from './witness-message.ts';

/** What two peers tell each other on the way to a connection (the names of the WebRTC signaling examples at MDN). */
export type PeerMessage = PeerMessageBody & {
  /** Which of several connections between the two it is about: a name that the offer gives. Absent where there is one. */
  readonly connection?: string;
};

type PeerMessageBody =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | {
      readonly type: 'new-ice-candidate';
      /** A candidate-attribute, beginning with `candidate:`. */
      readonly candidate: string;
      readonly sdpMid: string | null;
      readonly sdpMLineIndex: number | null;
      readonly usernameFragment: string | null;
    }
  | { readonly type: 'end-of-candidates' }
  | { readonly type: 'goodbye'; readonly reason: string }
  | WitnessMessage;

/** A message under way: `from` and `to` are client ids within a room. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly message: PeerMessage;
}

/** A real SDP of a data channel has about 1 KB, with many candidates 20 KB. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

export interface MessageError {
  readonly code: 'too-large' | 'not-json' | 'unknown-type' | 'bad-field';
  readonly message: string;
}

/** Reads a peer's message from JSON. Unknown fields are left out, so that nothing unasked crosses a room. */
export function parsePeerMessage(text: string): Result<PeerMessage, MessageError> {
  if (text.length > MAX_MESSAGE_BYTES)
    return error('too-large', `${text.length} characters, at most ${MAX_MESSAGE_BYTES} are taken`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return error('not-json', 'the message is no JSON');
  }
  return readPeerMessage(value);
}

/** The same from a value that is JSON already. */
export function readPeerMessage(value: unknown): Result<PeerMessage, MessageError> {
  if (!isRecord(value)) return error('bad-field', 'the message is no object');
  const { connection } = value;
  if (isAbsent(connection)) return readBody(value);
  if (typeof connection !== 'string' || !/^[\w/-]{1,40}$/.test(connection)) {
    return error('bad-field', '"connection" is no name');
  }
  const body = readBody(value);
  return body.ok ? ok({ ...body.value, connection }) : body;
}

function readBody(value: Readonly<Record<string, unknown>>): Result<PeerMessageBody, MessageError> {
  const { type } = value;
  switch (type) {
    case 'offer':
    case 'answer': {
      const sdp = value['sdp'];
      if (typeof sdp !== 'string' || !sdp.startsWith('v=0'))
        return error('bad-field', `"sdp" of the ${type} is no SDP`);
      return ok({ type, sdp });
    }
    case 'new-ice-candidate':
      return readCandidate(value);
    case 'end-of-candidates':
      return ok({ type });
    case 'goodbye': {
      const reason = value['reason'];
      return ok({ type, reason: typeof reason === 'string' ? reason.slice(0, 200) : '' });
    }
    case 'witness': {
      const read = readWitness(value);
      return read === undefined ? error('bad-field', 'a field of "witness" is wrong') : ok(read);
    }
    default:
      return error(
        'unknown-type',
        typeof type === 'string' ? `"${type.slice(0, 40)}" is no kind of message` : '"type" is no text',
      );
  }
}

function readCandidate(value: Readonly<Record<string, unknown>>): Result<PeerMessageBody, MessageError> {
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = value;
  if (typeof candidate !== 'string' || candidate.length > 1000)
    return error('bad-field', '"candidate" is no candidate line');
  if (!isAbsent(sdpMid) && typeof sdpMid !== 'string') return error('bad-field', '"sdpMid" is no text');
  if (!isAbsent(sdpMLineIndex) && !(Number.isInteger(sdpMLineIndex) && Number(sdpMLineIndex) >= 0)) {
    return error('bad-field', '"sdpMLineIndex" is no index');
  }
  if (!isAbsent(usernameFragment) && typeof usernameFragment !== 'string') {
    return error('bad-field', '"usernameFragment" is no text');
  }
  return ok({
    type: 'new-ice-candidate',
    candidate,
    sdpMid: sdpMid ?? null,
    sdpMLineIndex: isAbsent(sdpMLineIndex) ? null : Number(sdpMLineIndex),
    usernameFragment: usernameFragment ?? null,
  });
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function error(code: MessageError['code'], message: string): Result<never, MessageError> {
  return fail({ code, message });
}
