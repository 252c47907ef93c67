import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Mailbox, type SignalingChannel } from '../core/signaling/channel.ts';
import { MAX_MESSAGE_BYTES, type PeerMessage, parsePeerMessage } from '../core/signaling/message.ts';

/** A description as a text to be carried over by a person: `iceprobe-offer:....` with a full stop at its end. */
export function packMessage(message: Extract<PeerMessage, { readonly type: 'offer' | 'answer' }>): string {
  return `iceprobe-${message.type}:${deflateRawSync(JSON.stringify(message)).toString('base64url')}.`;
}

export type Unpacked =
  | { readonly state: 'incomplete' }
  | { readonly state: 'wrong'; readonly why: string }
  | { readonly state: 'whole'; readonly message: PeerMessage };

/** Reads such a text out of what was pasted, broken into lines wherever a mail program liked to. */
export function unpackMessage(pasted: string, wanted: 'offer' | 'answer'): Unpacked {
  const text = pasted.replace(/[\s>]/g, '');
  const [, type, body] = /iceprobe-(offer|answer):([\w-]+)\./.exec(text) ?? [];
  if (type === undefined || body === undefined) {
    return text.length > MAX_MESSAGE_BYTES ? { state: 'wrong', why: 'it does not end' } : { state: 'incomplete' };
  }
  if (type !== wanted) return { state: 'wrong', why: `this is an ${type}, and an ${wanted} is waited for` };
  try {
    const json = inflateRawSync(Buffer.from(body, 'base64url'), { maxOutputLength: MAX_MESSAGE_BYTES }).toString();
    const message = parsePeerMessage(json);
    if (!message.ok) return { state: 'wrong', why: message.error.message };
    return { state: 'whole', message: message.value };
  } catch {
    return { state: 'wrong', why: 'it is damaged: something was lost on the way' };
  }
}

export interface Courier {
  /** Shows a text that somebody is to carry over. */
  show(text: string): void;
  /** What somebody pastes, as it comes; ends when nothing more can come. */
  readonly pasted: AsyncIterable<string>;
  /** What was pasted is of no use. */
  complain(why: string): void;
}

/** A channel that people carry: one offer, one answer, and nothing else. */
export function manualChannel(role: 'offerer' | 'answerer', courier: Courier): SignalingChannel {
  const mailbox = new Mailbox(role, role === 'offerer' ? 'answerer' : 'offerer');
  const wanted = role === 'offerer' ? 'answer' : 'offer';
  mailbox.onSend = (message) => {
    if (message.type === 'offer' || message.type === 'answer') courier.show(packMessage(message));
  };
  void listen(mailbox, wanted, courier);
  return mailbox;
}

async function listen(mailbox: Mailbox, wanted: 'offer' | 'answer', courier: Courier): Promise<void> {
  let text = '';
  for await (const piece of courier.pasted) {
    text += piece;
    const unpacked = unpackMessage(text, wanted);
    if (unpacked.state === 'incomplete') continue;
    text = '';
    if (unpacked.state === 'wrong') {
      courier.complain(unpacked.why);
      continue;
    }
    mailbox.deliver(unpacked.message);
    return;
  }
  mailbox.end(`no ${wanted} was pasted`);
}
