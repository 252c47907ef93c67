import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PeerCommand, PeerReport } from '../core/call/remote.ts';
import { type Peer, StackMissing } from './peer.ts';
import { RemotePeer } from './remote-peer.ts';

/** Where the built program of a peer may lie: beside the bundle, beside its chunks, or seen from the sources. */
const PLACES = ['./peer.js', '../peer.js', '../../dist/peer.js'];

const START_MS = 15_000;
/** After its last connection was closed, the stack gives its allocations back in the background. */
const RELEASE_MS = 250;
/** For a process that does not end by itself. */
const KILL_MS = 2000;

/**
 * libwebrtc in a process of its own. Rejects with {@link StackMissing} where it cannot be loaded.
 *
 * Credentials reach the process by its IPC channel: its arguments can be read by every user of the machine.
 */
export async function startChildPeer(): Promise<Peer> {
  const child = fork(programOfPeer(), [], {
    serialization: 'advanced',
    // Its own chatter is no part of our output; libwebrtc writes to stderr before it aborts.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  const stderr = lastWords(child);
  const stack = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => fail(new StackMissing('it did not start', false)), START_MS);
    const fail = (error: Error): void => {
      settle();
      child.kill('SIGKILL');
      reject(error);
    };
    const onMessage = (report: PeerReport): void => {
      if (report.type === 'unusable') fail(new StackMissing(report.reason, report.isMissing));
      if (report.type !== 'ready') return;
      settle();
      resolve(report.stack);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      const words = stderr();
      fail(new StackMissing(`it ended at once (${signal ?? `exit code ${code}`})${words && `: ${words}`}`, false));
    };
    const onError = (error: Error): void => fail(new StackMissing(error.message, false));
    const settle = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
  return new ChildPeer(child, stack);
}

class ChildPeer extends RemotePeer {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, stack: string) {
    super(stack);
    this.#child = child;
    child.on('message', (report: PeerReport) => this.onReport(report));
    child.on('exit', (code, signal) => this.onGone(signal ?? `exit code ${code}`));
    // A message to a process that has just ended; its exit tells the same.
    child.on('error', () => {});
  }

  /** Lets it give back what servers hold for it, then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isGone) return;
    this.hangUp('the call is over');
    await new Promise((resolve) => setTimeout(resolve, RELEASE_MS));
    if (this.isGone) return;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_MS);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  protected send(command: PeerCommand): void {
    if (this.#child.connected) this.#child.send(command, () => {});
  }

  /** Processes of one machine share its clock. */
  protected atOurs(at: number): number {
    return at;
  }
}

function programOfPeer(): string {
  const place = PLACES.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  if (place === undefined) throw new Error('the peer is not built: peer.js is missing (npm run build makes it)');
  return place;
}

/** The end of what it wrote to stderr: bounded, whatever it writes. */
function lastWords(child: ChildProcess): () => string {
  let kept = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    kept = (kept + chunk.toString()).slice(-2000);
  });
  return () => kept.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
