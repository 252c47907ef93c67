import { X509Certificate } from 'node:crypto';
import { listInterfaces } from '../../net/interfaces.ts';
import { makeServerCertificate } from '../../turn-server/certificate/server-certificate.ts';
import { isLoopback, isWildcard } from '../../web/server/guard.ts';

export interface ListenerCertificate {
  readonly tls: { readonly cert: string; readonly key: string };
  /** SHA-256 in hex, by which a client knows it without trusting any authority. */
  readonly fingerprint: string;
}

/** A certificate made on the spot for an address that others reach; none for loopback, which needs none. */
export function certificateFor(listen: string): ListenerCertificate | undefined {
  if (isLoopback(listen)) return undefined;
  const names = isWildcard(listen) ? listInterfaces().map(({ address }) => address) : [listen];
  const tls = makeServerCertificate(names);
  return { tls, fingerprint: new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '').toLowerCase() };
}
