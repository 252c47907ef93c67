import { createRequire } from 'node:module';
import type { CallClock, PeerConnection } from '../../core/call/peer-connection.ts';
import type { PeerCommand, PeerReport } from '../../core/call/remote.ts';
import { PeerSession } from '../../core/call/session.ts';
import { monotonicMs } from './clock.ts';

// A process of its own for libwebrtc: what crashes in there ends this process, and is a result of the call.

interface Stack {
  readonly RTCPeerConnection: new (configuration: object) => PeerConnection;
}

const clock: CallClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

let session: PeerSession | undefined;

function tell(report: PeerReport): void {
  if (process.connected) process.send?.(report);
}

function loadStack(): Stack | undefined {
  try {
    // CommonJS, and optional: nothing may follow this at build time.
    return createRequire(import.meta.url)('@roamhq/wrtc') as Stack;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Said of the package, and of its binary for this platform.
    const isMissing = code === 'MODULE_NOT_FOUND';
    tell({ type: 'unusable', reason: message.split('\n')[0] ?? '', isMissing });
    return undefined;
  }
}

function handle(command: PeerCommand, stack: Stack): void {
  switch (command.type) {
    case 'open': {
      session?.close('another connection was opened');
      session = new PeerSession(command.options, {
        clock,
        connect: (configuration) => new stack.RTCPeerConnection(configuration),
        onEvent: (event) => tell({ type: 'event', at: monotonicMs(), event }),
        onMessage: (message) => tell({ type: 'message', message }),
        onEnd: (end) => tell({ type: 'ended', end }),
      });
      if (command.options.role === 'offerer') session.start();
      break;
    }
    case 'message':
      session?.receive(command.message);
      break;
    case 'close':
      session?.close(command.reason);
      break;
  }
}

const stack = loadStack();
if (stack !== undefined) {
  process.on('message', (command) => handle(command as PeerCommand, stack));
  // The terminal is gone, or wants us to be.
  process.on('disconnect', () => process.exit());
  tell({ type: 'ready', stack: '@roamhq/wrtc (libwebrtc)' });
}
