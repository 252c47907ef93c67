import { BlankingStream } from '../../core/pcap/blank-stream.ts';
import { PcapngWriter } from '../../core/pcap/write.ts';
import { blankIntegrity } from '../../core/stun/blank.ts';
import { VERSION } from '../../core/version.ts';
import type { Packet } from '../../net/packet.ts';
import type { Context } from '../context.ts';
import { describeSystemError } from '../files.ts';
import { fileSink } from './sink.ts';

/**
 * Keeps what was sent and received in a file that Wireshark reads; TLS is taken off. Integrity values are blanked unless
 * they are asked for: whoever reads them beside user name and realm can try passwords against them.
 */
export class CaptureFile {
  readonly #writer = new PcapngWriter();
  readonly #streams = new Map<string, BlankingStream>();
  readonly #withIntegrity: boolean;
  readonly #sink: ReturnType<typeof fileSink>;
  readonly #startedUnixMs: number;
  #failure: unknown;

  /** `startedUnixMs`: when the packets' clock said 0. Throws `UsageError` where the file cannot be written. */
  constructor(path: string, startedUnixMs: number, withIntegrity = false) {
    this.#withIntegrity = withIntegrity;
    this.#sink = fileSink(path);
    this.#startedUnixMs = startedUnixMs;
    this.#write(this.#writer.header(`iceprobe ${VERSION}`));
  }

  /** Bound, to be handed on. */
  readonly onPacket = (packet: Packet): void => {
    const { at, kind, direction, local, remote } = packet;
    const bytes = this.#withIntegrity ? packet.bytes : this.#blanked(packet);
    if (bytes.length === 0 && packet.bytes.length > 0) return;
    this.#write(
      this.#writer.packet({
        unixMs: this.#startedUnixMs + at,
        protocol: kind === 'udp' ? 'udp' : 'tcp',
        ...(direction === 'sent' ? { from: local, to: remote } : { from: remote, to: local }),
        bytes,
        ...(kind === 'tls' ? { comment: 'TLS: this is what was in it' } : {}),
      }),
    );
  };

  /** Resolves to whether all of it was written, having said so if not. */
  async close({ stderr }: Context): Promise<boolean> {
    this.#sink.close();
    if (this.#failure === undefined) {
      const { name } = this.#sink;
      if (this.#withIntegrity) {
        await stderr.write(`hint: ${name} holds login attempts: whoever reads it can try passwords against them\n`);
      }
      return true;
    }
    await stderr.write(`iceprobe: cannot write ${this.#sink.name}: ${describeSystemError(this.#failure)}\n`);
    return false;
  }

  #blanked({ kind, transport, direction, bytes }: Packet): Uint8Array {
    if (kind === 'udp') return blankIntegrity(bytes);
    const key = `${transport} ${direction}`;
    const stream = this.#streams.get(key) ?? new BlankingStream();
    this.#streams.set(key, stream);
    return stream.push(bytes);
  }

  #write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#sink.writeNow(bytes);
    } catch (error) {
      this.#failure = error;
    }
  }
}
