import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Who vouches for an anchor: Node's built-in list, the system's, or the user (`--ca`). */
export type AnchorSource = 'node' | 'system' | 'given';

export interface Anchor {
  readonly certificate: X509Certificate;
  readonly source: AnchorSource;
}

/** Where systems keep the bundle of what they trust; the first that exists counts. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
];

/**
 * All that a server's certificate may be anchored in. Parsing costs about 20 ms once, for each of the two uses, so it is
 * done when first needed.
 */
export class TrustStore {
  readonly #given: readonly string[];
  #pems: ReadonlyMap<AnchorSource, readonly string[]> | undefined;
  #anchors: readonly Anchor[] | undefined;
  #bySubject: Map<string, readonly Anchor[]> | undefined;
  #context: SecureContext | undefined;
  #legacy: SecureContext | undefined;

  /** @param ca certificates in PEM that the user trusts beside the others */
  constructor(ca = '') {
    this.#given = certificatesIn(ca);
  }

  /** Does the work for {@link context} now. */
  warmUp(): void {
    this.context;
  }

  /** For a handshake as today's clients do it: TLS 1.2 or later, OpenSSL's own demands on keys and ciphers. */
  get context(): SecureContext {
    this.#context ??= createSecureContext({ ca: [...this.#byPem().values()].flat().join('\n'), minVersion: 'TLSv1.2' });
    return this.#context;
  }

  /**
   * For a second try with a server that refused {@link context}, to see whether age is the reason. OpenSSL 3 speaks TLS 1.0
   * and 1.1 at security level 0 only.
   */
  get legacyContext(): SecureContext {
    this.#legacy ??= createSecureContext({ ca: [], minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' });
    return this.#legacy;
  }

  /** The anchor that signed the certificate or is that certificate. */
  anchorOf(certificate: X509Certificate): Anchor | undefined {
    const { subject, issuer, fingerprint256 } = certificate;
    return (
      this.#named(subject).find(({ certificate: anchor }) => anchor.fingerprint256 === fingerprint256) ??
      this.#named(issuer).find(
        ({ certificate: anchor }) => certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey),
      )
    );
  }

  get anchors(): readonly Anchor[] {
    this.#anchors ??= [...this.#byPem()].flatMap(([source, pems]) =>
      pems.flatMap((pem) => {
        const certificate = parse(pem);
        return certificate === undefined ? [] : [{ certificate, source }];
      }),
    );
    return this.#anchors;
  }

  /** Only these can have signed anything in that name; a signature checked costs a thousand names compared. */
  #named(subject: string): readonly Anchor[] {
    if (this.#bySubject === undefined) {
      this.#bySubject = new Map();
      for (const anchor of this.anchors) {
        const name = anchor.certificate.subject;
        this.#bySubject.set(name, [...(this.#bySubject.get(name) ?? []), anchor]);
      }
    }
    return this.#bySubject.get(subject) ?? [];
  }

  #byPem(): ReadonlyMap<AnchorSource, readonly string[]> {
    if (this.#pems === undefined) {
      const node = [...rootCertificates, ...fileOf(process.env['NODE_EXTRA_CA_CERTS'])];
      const known = new Set(node.map(bodyOf));
      // Most of the system's are Node's too, and each costs time.
      const system = systemBundle().filter((pem) => !known.has(bodyOf(pem)));
      this.#pems = new Map<AnchorSource, readonly string[]>([
        ['given', this.#given],
        ['node', node],
        ['system', system],
      ]);
    }
    return this.#pems;
  }
}

/** The PEM certificates of a text, one each; empty where there is none. */
export function certificatesIn(text: string): readonly string[] {
  return (
    text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? []
  );
}

function systemBundle(): readonly string[] {
  // As OpenSSL does: this variable replaces the system's bundle.
  const named = process.env['SSL_CERT_FILE'];
  if (named !== undefined && named !== '') return fileOf(named);
  for (const path of SYSTEM_BUNDLES) {
    const pems = fileOf(path);
    if (pems.length > 0) return pems;
  }
  return [];
}

function fileOf(path: string | undefined): readonly string[] {
  if (path === undefined || path === '') return [];
  try {
    return certificatesIn(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

function bodyOf(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
