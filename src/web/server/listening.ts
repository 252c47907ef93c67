import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isLoopback } from './guard.ts';

export interface ListenOptions {
  /** An IP address. Default 127.0.0.1; any but a loopback address needs `tls`. */
  readonly listen?: string;
  /** 0, the default: a free one. */
  readonly port?: number;
  /** PEM: serves HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface Listening {
  readonly server: ReturnType<typeof createServer>;
  readonly listen: string;
  readonly port: number;
  /** Ends all connections; resolves once the port is free. */
  close(): Promise<void>;
}

/**
 * An HTTP server that answers nobody yet; resolves once it listens. Rejects with the system's error, or a `TypeError` for an
 * address beyond this machine without TLS.
 */
export async function startListening({ listen = '127.0.0.1', port = 0, tls }: ListenOptions): Promise<Listening> {
  if (!isLoopback(listen) && tls === undefined) {
    throw new TypeError(`${listen} is reachable by others: serving there needs TLS`);
  }
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, listen, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    server,
    listen,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
