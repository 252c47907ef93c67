import type { SocketAddress } from '../core/address.ts';
import { MessageBuilder } from '../core/stun/encode.ts';
import { Method } from '../core/stun/registry.ts';
import { openTransport } from '../net/open.ts';
import type { ProbeEnvironment } from './environment.ts';

export interface Ear {
  /** The system's error, if one comes: `ECONNREFUSED` where an ICMP message says that the port is closed. Never rejects. */
  readonly heard: Promise<string>;
  close(): void;
}

/**
 * A connected socket beside the one that works: only such a socket hears ICMP errors, and it hears nobody but the server.
 * It sends one Binding request, which costs a server nothing.
 */
export function openEar(
  local: Pick<SocketAddress, 'family' | 'address'>,
  server: SocketAddress,
  environment: ProbeEnvironment,
): Ear {
  let tell: (error: string) => void = () => {};
  const heard = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const request = {
    kind: 'udp',
    local: { family: local.family, address: local.address, port: 0 },
    remote: server,
  } as const;
  const transport = openTransport(request, environment.tls, {
    connected: () => {},
    shaken: () => {},
    opened: () => {
      const binding = new MessageBuilder('request', Method.Binding, environment.random.bytes(12)).build();
      transport.send(binding, server);
    },
    received: () => {},
    failed: (error) => tell(error),
    sendFailed: () => {},
  });
  return { heard, close: () => transport.close() };
}
