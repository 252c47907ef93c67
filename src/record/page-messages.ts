import type { PeerCommand, PeerReport } from '../core/call/remote.ts';
import type { RunEvent } from './events.ts';
import type { IceTransportPolicy, Tool } from './report.ts';

/** An entry of `iceServers` on its way between a page and its terminal: the form that is filled in, credential and all. */
export interface PageIceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What a page asks its terminal for, over their WebSocket. */
export type PageMessage =
  /** Gather for these servers with sockets of your own; the events follow, then `run-ended`. */
  | {
      readonly type: 'run';
      readonly iceServers: readonly PageIceServer[];
      readonly iceTransportPolicy: IceTransportPolicy;
      readonly timeoutMs: number;
    }
  | { readonly type: 'stop' }
  /** Start the embedded TURN server, if it does not run yet. */
  | { readonly type: 'local-server' }
  /** Only where the terminal drives the page: what the browser saw, and that it is through. */
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'finished' }
  /** Only where the terminal directs a call: what this browser does in it. */
  | { readonly type: 'peer'; readonly report: PeerReport };

/** What a terminal tells its page. */
export type TerminalMessage =
  /** First: the servers of the command line, and what can be asked for. */
  | {
      readonly type: 'hello';
      readonly tool: Tool;
      readonly iceServers: readonly PageIceServer[];
      readonly iceTransportPolicy: IceTransportPolicy;
      readonly timeoutMs: number;
      readonly canGather: boolean;
      readonly canStartLocalServer: boolean;
      /** The terminal drives the page: it runs at once, in the browser alone, and hands its events back. */
      readonly driven: boolean;
      /** The terminal directs a call, and this browser takes part: it waits for `peer` messages. */
      readonly peer: boolean;
      /**
       * Where another terminal finds the rooms of this server (`iceprobe call --via`); the page itself finds them at `rooms`
       * beside its own path. null where there are none.
       */
      readonly roomServer: string | null;
    }
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'peer'; readonly command: PeerCommand }
  /** `error` null: it ran to its end, or was stopped. */
  | { readonly type: 'run-ended'; readonly error: string | null }
  | {
      readonly type: 'local-server';
      readonly iceServers: readonly PageIceServer[];
      readonly error: string | null;
    };
