import { type Courier, manualChannel } from '../../call/manual.ts';
import { joinRoom, openRoom } from '../../call/room-channel.ts';
import { printable } from '../../core/printable.ts';
import type { SignalingChannel } from '../../core/signaling/channel.ts';
import { RoomFailure } from '../../core/signaling/room-client.ts';
import { formatRoom } from '../../core/signaling/rooms.ts';
import { startSignalServer } from '../../web/server/signal.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import { certificateFor } from '../web/certificate.ts';
import { listenError, roomServerUrls } from '../web/listen.ts';
import type { callOptions } from './options.ts';
import { parseRoom, parseRoomServer } from './room-address.ts';
import type { CallParts } from './run.ts';

type Values = Partial<Pick<ValuesOf<typeof callOptions>, 'host' | 'join' | 'manual' | 'via' | 'listen'>>;

/** How the two ends of a call meet, and which of them is here. What was opened for it is closed with `dispose`. */
export interface Meeting extends AsyncDisposable {
  readonly parts: CallParts;
  readonly patient: boolean;
}

/** Nobody came, or nobody stayed: no mistake of whoever called, and no result either. */
export class NobodyThere extends Error {}

/**
 * Reads how the ends are to meet. Throws {@link UsageError} for what contradicts itself. `invite` is what the other end types
 * before the address of the room; its last word is the option that `join` stands for.
 */
export function planMeeting(
  given: Values,
  ca: string | undefined,
  context: Context,
  invite = 'iceprobe call --join',
): Meeting {
  const option = invite.slice(invite.lastIndexOf(' ') + 1);
  const ways = (['host', 'join', 'manual'] as const).filter((way) => given[way] !== undefined);
  if (ways.length > 1) {
    throw new UsageError(`--${ways[0]} and --${ways[1]} contradict each other`, 'give one of them');
  }
  const [way] = ways;
  if (given.via !== undefined && way !== 'host' && way !== 'join') {
    throw new UsageError('--via is of no use without --host or --join CODE', 'add one of them');
  }
  if (given.listen !== undefined && (way !== 'host' || given.via !== undefined)) {
    throw new UsageError('--listen is for --host without --via', 'leave it out');
  }
  const opened: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()));
  };
  const plan = (parts: CallParts, patient = false): Meeting => ({ parts, patient, [Symbol.asyncDispose]: dispose });
  switch (way) {
    case 'host':
      if (given.via !== undefined) parseRoomServer(given.via, '--via', ca);
      return plan({ ends: 'answerer', meet: (signal) => host(given, ca, context, opened, signal, invite) });
    case 'join': {
      const room = parseRoom(given.join ?? '', given.via, ca, option);
      return plan({ ends: 'offerer', meet: (signal) => explained(joinRoom(room.server, room.code, signal)) });
    }
    case 'manual': {
      const role = given.manual === 'offer' ? 'offerer' : 'answerer';
      return plan({ ends: role, meet: async () => manualChannel(role, courierOf(context, role)) }, true);
    }
    default:
      return plan({ ends: 'both' });
  }
}

async function host(
  given: Values,
  ca: string | undefined,
  { stderr }: Context,
  opened: AsyncDisposable[],
  signal: AbortSignal,
  invite: string,
): Promise<SignalingChannel> {
  let base = given.via;
  if (base === undefined) {
    const listen = given.listen ?? '127.0.0.1';
    const certificate = certificateFor(listen);
    const tls = certificate === undefined ? {} : { tls: certificate.tls };
    const server = await startSignalServer({ listen, ...tls }).catch((error: unknown) => {
      throw listenError(error, listen, 0);
    });
    opened.push(server);
    base = roomServerUrls(listen, server.port, certificate?.fingerprint)[0] ?? '';
  }
  const room = await explained(openRoom(parseRoomServer(base, '--via', ca), signal));
  const minutes = Math.round(room.expiresInMs / 60_000);
  await stderr.write(`ready: a room is open for ${minutes} minutes. At the other end:

  ${invite} '${formatRoom(base, room.code)}'

`);
  const channel = await explained(room.joined);
  await stderr.write('the other end is there\n');
  return channel;
}

/** What the user can do about it. */
async function explained<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
    const words = printable(error.message);
    switch (error.code) {
      case 'wrong-code':
      case 'room-full':
        throw new UsageError(words, 'ask the other end for the address that it shows now');
      case 'certificate':
        throw new UsageError(
          `the certificate of the server of rooms is not good: ${words}`,
          'copy the whole address with its pin, or trust its authority: --ca FILE',
        );
      case 'unreachable':
      case 'silent':
      case 'no-rooms':
        throw new UsageError(
          `no room: ${words}`,
          'is iceprobe signal or web running at that address, or does the other end still wait?',
        );
      case 'aborted':
        throw new NobodyThere('interrupted');
      default:
        throw new NobodyThere(words);
    }
  }
}

const LINE = 76;

function courierOf({ stdin, stdout, stderr }: Context, role: 'offerer' | 'answerer'): Courier {
  const ask = role === 'offerer' ? 'paste the answer here, then Enter' : 'paste the offer here, then Enter';
  if (role === 'answerer') void stderr.write(`${ask}:\n`);
  stdin.setEncoding('utf8');
  return {
    show(text) {
      const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
      const next = role === 'offerer' ? `\n${ask}:\n` : '\nwaiting for the other end\n';
      void stdout.write(`${lines.join('\n')}\n`).then(() => stderr.write(next));
    },
    pasted: stdin as AsyncIterable<string>,
    complain: (why) => void stderr.write(`${why}; ${ask}:\n`),
  };
}
