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
  readonly #withIntegrity: boolean;
  readonly #sink: ReturnType<typeof fileSink>;
  #failure: unknown;

  /** Throws `UsageError` where the file cannot be written. */
  constructor(path: string, withIntegrity = false) {
    this.#withIntegrity = withIntegrity;
    this.#sink = fileSink(path);
    this.#write(this.#writer.header(`iceprobe ${VERSION}`));
  }

  /** For a run whose clock says 0 now: what takes its packets. Runs may follow each other or go on side by side. */
  begin(): (packet: Packet) => void {
    const startedUnixMs = Date.now();
    const streams = new Map<string, BlankingStream>();
    return (packet) => {
      const { at, kind, direction, local, remote } = packet;
      const bytes = this.#withIntegrity ? packet.bytes : blanked(packet, streams);
      if (bytes.length === 0 && packet.bytes.length > 0) return;
      this.#write(
        this.#writer.packet({
          unixMs: startedUnixMs + at,
          protocol: kind === 'udp' ? 'udp' : 'tcp',
          ...(direction === 'sent' ? { from: local, to: remote } : { from: remote, to: local }),
          bytes,
          ...(kind === 'tls' ? { comment: 'TLS: this is what was in it' } : {}),
        }),
      );
    };
  }

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

  #write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#sink.writeNow(bytes);
    } catch (error) {
      this.#failure = error;
    }
  }
}

function blanked({ kind, transport, direction, bytes }: Packet, streams: Map<string, BlankingStream>): Uint8Array {
  if (kind === 'udp') return blankIntegrity(bytes);
  const key = `${transport} ${direction}`;
  const stream = streams.get(key) ?? new BlankingStream();
  streams.set(key, stream);
  return stream.push(bytes);
}
