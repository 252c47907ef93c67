import type { Participant, PeerListener, PeerSessionOptions } from '../../../core/call/participant.ts';
import type { CallClock } from '../../../core/call/peer-connection.ts';
import { PeerSession } from '../../../core/call/session.ts';
import type { SessionEnd, SessionOptions, SessionWorld } from '../../../core/call/session-options.ts';
import type { PeerMessage } from '../../../core/signaling/message.ts';

export const clock: CallClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** An end of a connection by this browser's own WebRTC, begun. Throws what the browser's constructor throws. */
export function openSession(
  options: SessionOptions,
  world: Pick<SessionWorld, 'onEvent' | 'onMessage' | 'onEnd'>,
): PeerSession {
  const session = new PeerSession(options, {
    ...world,
    clock,
    connect: ({ iceServers, iceTransportPolicy }) =>
      new RTCPeerConnection({
        iceServers: iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: [...urls] })),
        iceTransportPolicy,
      }),
  });
  if (options.role === 'offerer') session.start();
  return session;
}

/** This browser as a peer of a call that the page itself directs. */
export class OwnPeer implements Participant {
  readonly stack = navigator.userAgent;
  readonly isGone = false;
  #session: PeerSession | undefined;

  async take(options: PeerSessionOptions, listener: PeerListener): Promise<SessionEnd> {
    const { path: call, role: peer } = options;
    try {
      return await new Promise((resolve) => {
        this.#session = openSession(
          { ...options, stack: this.stack },
          {
            onEvent: (event) => listener.onEvent(event, performance.now()),
            onMessage: (message) => listener.onMessage(message),
            onEnd: resolve,
          },
        );
      });
    } catch (error) {
      // A URL or a credential that this browser does not take: nothing was begun, and the other end need not wait.
      const end = { outcome: 'error', reason: String(error) } as const;
      for (const machine of ['gathering', 'call'] as const) {
        const { outcome: state, reason } = end;
        listener.onEvent({ type: 'peer-state', call, peer, machine, state, reason }, performance.now());
      }
      listener.onMessage({ type: 'goodbye', reason: end.outcome, connection: call });
      return end;
    }
  }

  receive(message: PeerMessage): void {
    this.#session?.receive(message);
  }

  hangUp(reason: string): void {
    this.#session?.close(reason);
  }
}
