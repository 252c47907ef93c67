import { answerCalls, type CallOptions, offerCalls } from '../../../core/call/call.ts';
import type { PeerRole } from '../../../core/call/events.ts';
import type { CallPath } from '../../../core/call/path.ts';
import { inProcessChannel, type SignalingChannel } from '../../../core/signaling/channel.ts';
import type { RunEvent } from '../../../record/events.ts';
import type { PageIceServer } from '../../../record/page-messages.ts';
import type { IceTransportPolicy } from '../../../record/report.ts';
import { PageRun } from '../page-run.ts';
import { OwnPeer } from './own-peer.ts';

export interface CallSettings {
  readonly iceServers: readonly PageIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  /** What an offering end connects over; an answering one follows the other end. */
  readonly paths: readonly CallPath[];
  /** How long each connection is measured, milliseconds. */
  readonly durationMs: number;
}

/** How long one connection may take until its data channel is open. */
const CONNECT_MS = 15_000;

/** A call that this page takes part in, with one end of it or both. */
export class CallRun extends PageRun {
  readonly #settings: CallSettings;

  constructor(settings: CallSettings, onEvent: (event: RunEvent) => void) {
    super('call', settings, Math.max(1, settings.paths.length) * (CONNECT_MS + settings.durationMs), onEvent);
    this.#settings = settings;
  }

  /** Two connections in this page. */
  async here(): Promise<void> {
    const [offering, answering] = inProcessChannel();
    await this.#through(this.#end(offering, 'offerer', true), this.#end(answering, 'answerer', true));
  }

  /** One end of it, the other one wherever the channel leads. */
  async with(channel: SignalingChannel, role: PeerRole): Promise<void> {
    await this.#through(this.#end(channel, role, false));
  }

  async #through(...ends: readonly Promise<unknown>[]): Promise<void> {
    await Promise.all(ends).catch((error: unknown) => this.record({ type: 'note', text: String(error) }));
    this.browserRuns = false;
  }

  async #end(channel: SignalingChannel, role: PeerRole, loopback: boolean): Promise<void> {
    const { paths, iceServers, durationMs } = this.#settings;
    const { signal } = this.abort;
    const common = { iceServers, bridges: {}, trickle: true, loopback };
    const options: CallOptions = { ...common, connectMs: CONNECT_MS, durationMs, signal };
    const peer = new OwnPeer();
    const end = { channel, peer: async () => peer, record: this.record, msOf: (at: number) => this.msOf(at) };
    await (role === 'offerer' ? offerCalls(paths, end, options) : answerCalls(end, options));
    channel.close();
  }
}
