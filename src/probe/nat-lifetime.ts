import { formatSocketAddress, type SocketAddress } from '../core/address.ts';
import { sameBytes } from '../core/bytes.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { NatTest } from '../core/nat/events.ts';
import { ResponsePort } from '../core/stun/attributes.ts';
import { MessageBuilder } from '../core/stun/encode.ts';
import { decodeMessage } from '../core/stun/message.ts';
import { Method } from '../core/stun/registry.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { NatRelay } from './nat-relays.ts';
import { Peer } from './peer.ts';

/** Who asks after a binding: the server itself (RESPONSE-PORT, RFC 5780 4.6), or a relay of ours. */
export type LifetimeSender =
  | { readonly via: 'rfc5780'; readonly server: SocketAddress }
  | { readonly via: 'relay'; readonly server: SocketAddress; readonly relay: NatRelay };

export interface LifetimeTask {
  readonly local: LocalAddress;
  readonly sender: LifetimeSender;
  /** Seconds, rising; each has a socket of its own. */
  readonly idleSeconds: readonly number[];
  readonly signal: AbortSignal;
}

const MAPPED_WAIT_MS = 1500;
const QUESTIONS = 4;
const QUESTION_SPACING_MS = 60;
const ANSWER_WAIT_MS = 500;
/** So many dead in a row, and the longer ones need not be waited for. */
const ENOUGH_DEAD = 3;

/**
 * How long an idle binding lives. All sockets send once at the start; each is asked after once, when its time has come,
 * so that no question keeps another socket's binding alive. Ends soon after the binding's life, or at the longest time.
 */
export async function measureLifetime(task: LifetimeTask, environment: ProbeEnvironment): Promise<void> {
  const { idleSeconds, signal } = task;
  const asker = task.sender.via === 'rfc5780' ? await Peer.open(task.local, environment) : undefined;
  const sockets = await Promise.all(idleSeconds.map((seconds) => prepare(seconds, task, environment)));
  const prepared = sockets.filter((socket) => socket !== undefined);
  try {
    let deadInARow = 0;
    for (const [i, socket] of prepared.entries()) {
      if (deadInARow >= ENOUGH_DEAD || signal.aborted) return;
      const due = socket.sentAt + socket.idleSeconds * 1000;
      environment.record({
        type: 'progress',
        text: `asking after an idle binding at ${socket.idleSeconds} s (${i + 1} of ${prepared.length})`,
      });
      if (!(await sleepUntil(due, signal, environment))) return;
      const alive = await ask(socket, asker, task, environment);
      deadInARow = alive ? 0 : deadInARow + 1;
      environment.record(testOf(socket, alive, task));
    }
  } finally {
    for (const { peer } of prepared) peer.close();
    asker?.close();
  }
}

interface Idle {
  readonly idleSeconds: number;
  readonly peer: Peer;
  readonly mapped: SocketAddress;
  readonly sentAt: number;
}

async function prepare(
  idleSeconds: number,
  { local, sender }: LifetimeTask,
  environment: ProbeEnvironment,
): Promise<Idle | undefined> {
  const peer = await Peer.open(local, environment);
  if (peer === undefined) return undefined;
  const mapped = await peer.mappedBy(sender.server, MAPPED_WAIT_MS, environment);
  if (mapped === undefined) {
    peer.close();
    return undefined;
  }
  // Opens the filter, and where the mapping depends on the destination, a mapping of its own, towards the relay.
  if (sender.via === 'relay') peer.send(sender.relay.relayed, new Uint8Array(4));
  return { idleSeconds, peer, mapped, sentAt: environment.clock.now() };
}

function ask(
  socket: Idle,
  asker: Peer | undefined,
  task: LifetimeTask,
  environment: ProbeEnvironment,
): Promise<boolean> {
  const { sender } = task;
  const transactionId = environment.random.bytes(12);
  const question =
    sender.via === 'rfc5780'
      ? new MessageBuilder('request', Method.Binding, transactionId).add(ResponsePort, socket.mapped.port).build()
      : new MessageBuilder('indication', Method.Binding, transactionId).build();
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = [];
    const finish = (alive: boolean) => {
      for (const timer of timers) clearTimeout(timer);
      resolve(alive);
    };
    socket.peer.onPacket = (bytes) => {
      const decoded = decodeMessage(bytes);
      if (decoded.ok && sameBytes(decoded.value.transactionId, transactionId)) finish(true);
    };
    for (let i = 0; i < QUESTIONS; i++) {
      timers.push(
        setTimeout(() => {
          if (sender.via === 'relay') sender.relay.send(socket.mapped, question);
          else asker?.send(sender.server, question);
        }, i * QUESTION_SPACING_MS),
      );
    }
    timers.push(setTimeout(() => finish(false), QUESTIONS * QUESTION_SPACING_MS + ANSWER_WAIT_MS));
  });
}

function testOf(socket: Idle, alive: boolean, { local, sender }: LifetimeTask): NatTest {
  return {
    type: 'nat-test',
    test: 'lifetime',
    interface: local.interface === '' ? null : local.interface,
    family: local.family,
    local: formatSocketAddress(socket.peer.local),
    destination: formatSocketAddress(sender.via === 'relay' ? sender.relay.relayed : sender.server),
    answerFrom: null,
    mappedAddress: formatSocketAddress(socket.mapped),
    tries: QUESTIONS,
    outcome: alive ? 'yes' : 'no',
    via: sender.via,
    idleSeconds: socket.idleSeconds,
  };
}

function sleepUntil(at: number, signal: AbortSignal, environment: ProbeEnvironment): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(finish, Math.max(0, at - environment.clock.now()));
    signal.addEventListener('abort', finish, { once: true });
  });
}
