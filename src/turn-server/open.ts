import { createHash, X509Certificate } from 'node:crypto';
import type { Server } from 'node:net';
import { familyOf, type TransportKind } from '../core/address.ts';
import { formatServerUri } from '../core/stun/uri.ts';
import { certificateNames, type Placement } from './addresses.ts';
import { makeServerCertificate } from './certificate/server-certificate.ts';
import type { TurnServerDriver } from './driver.ts';
import { closeListeners, openListeners, tcpServer, tlsServer } from './listeners.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';

/** What listens now. */
export interface OpenServer {
  readonly port: number;
  readonly tlsPort: number;
  readonly urls: readonly string[];
  readonly caPem: string | undefined;
  readonly spkiSha256: string | undefined;
  readonly servers: readonly Server[];
}

/**
 * Opens everything that clients may come by, or nothing.
 * @throws the system's error where a port cannot be had, TurnServerOptionError for a certificate that is none
 */
export async function openAll(
  options: TurnServerOptions,
  placement: Placement,
  driver: TurnServerDriver,
): Promise<OpenServer> {
  const transports: ReadonlySet<TransportKind> = new Set(options.transports ?? ['udp', 'tcp', 'tls']);
  if (transports.size === 0) throw new TurnServerOptionError('transports: there must be one at least');
  const tls = transports.has('tls') ? certificateFor(options, placement) : undefined;
  const isPlain = transports.has('udp') || transports.has('tcp');
  const plain = await openListeners({
    addresses: isPlain ? placement.listen : [],
    port: options.port ?? 0,
    udp: transports.has('udp'),
    stream: transports.has('tcp') ? () => tcpServer((socket) => driver.addStream(socket, 'tcp')) : undefined,
  });
  const secure = await openListeners({
    addresses: tls === undefined ? [] : placement.listen,
    port: options.tlsPort ?? 0,
    udp: false,
    stream: () => tlsServer(tls?.cert ?? '', tls?.key ?? '', (socket) => driver.addStream(socket, 'tls')),
  }).catch(async (error: unknown) => {
    await closeListeners(plain);
    throw asOptionError(error);
  });
  plain.udp.forEach(({ address, socket }, i) => {
    driver.addListener(`udp-${i + 1}`, { family: familyOf(address) ?? 4, address, port: plain.port }, socket);
  });
  const { host } = placement;
  const urlOf: Readonly<Record<TransportKind, () => string>> = {
    udp: () => formatServerUri({ scheme: 'turn', host, port: plain.port, transport: 'udp' }),
    tcp: () => formatServerUri({ scheme: 'turn', host, port: plain.port, transport: 'tcp' }),
    tls: () => formatServerUri({ scheme: 'turns', host, port: secure.port, transport: 'tls' }),
  };
  return {
    port: plain.port,
    tlsPort: secure.port,
    urls: (['udp', 'tcp', 'tls'] as const).filter((each) => transports.has(each)).map((each) => urlOf[each]()),
    caPem: tls?.caPem,
    spkiSha256: tls === undefined ? undefined : spkiSha256(tls.cert),
    servers: [...plain.servers, ...secure.servers],
  };
}

function certificateFor(
  options: TurnServerOptions,
  placement: Placement,
): { readonly cert: string; readonly key: string; readonly caPem?: string } {
  return options.tls ?? makeServerCertificate(certificateNames(options, placement));
}

/** Base64 of the SHA-256 of the certificate's public key, as HPKP and Chromium's flag have it. */
function spkiSha256(certificatePem: string): string {
  const { publicKey } = new X509Certificate(certificatePem);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

/** OpenSSL's complaints about a certificate or key become a complaint about the option. */
function asOptionError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('ERR_OSSL') && !code.startsWith('ERR_TLS')) return error;
  return new TurnServerOptionError(`tls: ${error instanceof Error ? error.message : code}`);
}
