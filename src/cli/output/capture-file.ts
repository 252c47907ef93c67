import { PcapngWriter } from '../../core/pcap/write.ts';
import { VERSION } from '../../core/version.ts';
import type { Packet } from '../../net/packet.ts';
import type { Context } from '../context.ts';
import { describeSystemError } from '../files.ts';
import { fileSink } from './sink.ts';

/** Keeps what was sent and received in a file that Wireshark reads; TLS is taken off. */
export class CaptureFile {
  readonly #writer = new PcapngWriter();
  readonly #sink: ReturnType<typeof fileSink>;
  readonly #startedUnixMs: number;
  #failure: unknown;

  /** `startedUnixMs`: when the packets' clock said 0. Throws `UsageError` where the file cannot be written. */
  constructor(path: string, startedUnixMs: number) {
    this.#sink = fileSink(path);
    this.#startedUnixMs = startedUnixMs;
    this.#write(this.#writer.header(`iceprobe ${VERSION}`));
  }

  /** Bound, to be handed on. */
  readonly onPacket = ({ at, kind, direction, local, remote, bytes }: Packet): void => {
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
      await stderr.write(`hint: ${name} holds login attempts: whoever reads it can try passwords against them\n`);
      return true;
    }
    await stderr.write(`iceprobe: cannot write ${this.#sink.name}: ${describeSystemError(this.#failure)}\n`);
    return false;
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
