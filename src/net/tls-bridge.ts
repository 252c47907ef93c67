import { createServer, type Socket } from 'node:net';
import { type Family, familyOf, formatSocketAddress, type SocketAddress } from '../core/address.ts';
import type { EventBody } from '../record/events.ts';
import { NameResolver } from './resolve.ts';
import { sourceAddressFor } from './source-address.ts';
import { openTls, type TlsPolicy } from './tls.ts';
import type { Transport } from './transport.ts';

export interface TlsBridge extends AsyncDisposable {
  /** On 127.0.0.1: what is said there in clear goes to the server over TLS. */
  readonly port: number;
}

export interface BridgeTarget {
  readonly host: string;
  readonly port: number;
}

const RESOLVE_MS = 5000;
const MOST_CONNECTIONS = 32;

/**
 * A way to a TLS server for a WebRTC implementation that trusts a list of authorities of its own and can be told of no
 * other: it speaks TCP to this bridge, and the bridge shakes hands with the server, judging certificates as everything
 * else here does (Node's list, the system's, what the user gave). A certificate that is refused closes the connection
 * before anything was said.
 */
export async function openTlsBridge(
  target: BridgeTarget,
  policy: TlsPolicy,
  record: (event: EventBody) => void,
): Promise<TlsBridge> {
  const connections = new Set<Connection>();
  let number = 0;
  const server = createServer((socket) => {
    if (connections.size >= MOST_CONNECTIONS) {
      socket.destroy();
      return;
    }
    const id = `tls:${target.host}:${target.port}#${++number}`;
    const connection = new Connection(socket, id, record, () => connections.delete(connection));
    connections.add(connection);
    void connection.open(target, policy);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Nobody else's machine has business here.
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      const isClosed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.end();
      await isClosed;
    },
  };
}

/** One connection of the WebRTC implementation, and ours to the server. */
class Connection {
  readonly #socket: Socket;
  readonly #id: string;
  readonly #record: (event: EventBody) => void;
  readonly #onEnd: () => void;
  readonly #resolver = new NameResolver();
  #transport: Transport | undefined;
  #isOver = false;

  constructor(socket: Socket, id: string, record: (event: EventBody) => void, onEnd: () => void) {
    this.#socket = socket;
    this.#id = id;
    this.#record = record;
    this.#onEnd = onEnd;
    socket.setNoDelay(true);
    socket.on('error', () => this.end());
    socket.on('close', () => this.end());
  }

  async open({ host, port }: BridgeTarget, policy: TlsPolicy): Promise<void> {
    const startedAt = performance.now();
    for (const remote of await this.#addressesOf(host, port)) {
      if (this.#isOver) return;
      if (await this.#connect(remote, host, policy, startedAt)) return;
    }
    this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#resolver.cancel();
    this.#transport?.close();
    this.#socket.destroy();
    this.#onEnd();
  }

  async #addressesOf(host: string, port: number): Promise<SocketAddress[]> {
    const families: readonly Family[] = [4, 6];
    const answers = await this.#resolver.resolve(host, families, RESOLVE_MS, (answer) =>
      this.#record({ type: 'resolve', urls: [], host, ...answer }),
    );
    return answers.flatMap(({ addresses }) =>
      addresses.map((address) => ({ family: familyOf(address) ?? 4, address, port })),
    );
  }

  /** False where this address does not do: the next may. */
  async #connect(remote: SocketAddress, host: string, policy: TlsPolicy, startedAt: number): Promise<boolean> {
    const source = await sourceAddressFor(remote);
    if ('error' in source) return false;
    const stamp = { transport: this.#id, kind: 'tls', remote: formatSocketAddress(remote) } as const;
    return await new Promise<boolean>((resolve) => {
      let isOpen = false;
      const transport = openTls({ local: source.address, remote, host }, policy, {
        connected: () => {},
        shaken: (handshake) => this.#record({ type: 'tls', transport: this.#id, ...handshake }),
        opened: (local) => {
          isOpen = true;
          const durationMs = performance.now() - startedAt;
          this.#record({ type: 'transport-open', ...stamp, local: formatSocketAddress(local), durationMs });
          this.#join(transport, remote);
          resolve(true);
        },
        received: (bytes) => this.#socket.write(bytes),
        failed: (error) => {
          const durationMs = performance.now() - startedAt;
          if (isOpen) this.#socket.end();
          else this.#record({ type: 'transport-failed', ...stamp, local: source.address, error, durationMs });
          resolve(false);
        },
        sendFailed: () => {},
      });
      this.#transport = transport;
    });
  }

  #join(transport: Transport, remote: SocketAddress): void {
    this.#socket.on('data', (chunk: Buffer) => transport.send(chunk, remote));
  }
}
