import { createCertificate, createIdentity, type Identity, privateKeyPem } from './x509.ts';

/** What a TLS server is given, and what its clients have to trust. PEM. */
export interface ServerCertificate {
  /** The chain as it is sent, the server's own certificate first. */
  readonly cert: string;
  readonly key: string;
  /** The authority that signed it. Its key is never stored: with the process it is gone. */
  readonly caPem: string;
}

/** Good, or with one fault each, for clients to stumble over. */
export type ServerCertificateKind =
  | 'good'
  | 'self-signed'
  | 'expired'
  | 'not-yet-valid'
  | 'expires-soon'
  | 'wrong-name'
  | 'missing-intermediate';

/** Apple's clients refuse longer ones than 825 days, whoever signed them; a test server needs less. */
const VALID_DAYS = 397;

const DAY = 86_400_000;

/** Where the `wrong-name` certificate would be right. */
export const WRONG_NAME = 'wrong-name.invalid';

/** Makes a certificate on the spot: an authority of its own, and what it signs. About a millisecond. */
export function makeServerCertificate(
  names: readonly string[],
  kind: ServerCertificateKind = 'good',
  now: Date = new Date(),
): ServerCertificate {
  return new Authority(now).issue(names, kind, now);
}

/** Signs certificates for one server, as long as that runs. Its key is in memory alone. */
export class Authority {
  readonly caPem: string;
  readonly #root: Identity;

  constructor(now: Date = new Date()) {
    // A fresh name, so that a trust store with an earlier authority does not take one for the other.
    this.#root = createIdentity(`iceprobe local authority ${now.toISOString().slice(0, 19)}Z`);
    const [notBefore, notAfter] = validity('good', now);
    const root = this.#root;
    this.caPem = createCertificate({ subject: root, issuer: root, notBefore, notAfter, isAuthority: true, names: [] });
  }

  issue(names: readonly string[], kind: ServerCertificateKind = 'good', now: Date = new Date()): ServerCertificate {
    const server = createIdentity('iceprobe local TURN server');
    const [notBefore, notAfter] = validity(kind, now);
    const leaf = (issuer: Identity): string =>
      createCertificate({
        subject: server,
        issuer,
        notBefore,
        notAfter,
        isAuthority: false,
        names: kind === 'wrong-name' ? [WRONG_NAME] : names,
      });
    const key = privateKeyPem(server);
    if (kind === 'self-signed') {
      const cert = leaf(server);
      return { cert, key, caPem: cert };
    }
    // The chain would need an intermediate that the server does not send.
    const issuer = kind === 'missing-intermediate' ? createIdentity('iceprobe local intermediate') : this.#root;
    return { cert: leaf(issuer), key, caPem: this.caPem };
  }
}

/** A day back, because clients' clocks differ. */
function validity(kind: ServerCertificateKind, now: Date): readonly [Date, Date] {
  const day = (offset: number): Date => new Date(now.getTime() + offset * DAY);
  switch (kind) {
    case 'expired':
      return [day(-60), day(-1)];
    case 'not-yet-valid':
      return [day(2), day(60)];
    case 'expires-soon':
      return [day(-60), day(3)];
    default:
      return [day(-1), day(VALID_DAYS - 1)];
  }
}
