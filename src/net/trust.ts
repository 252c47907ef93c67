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
 * All that a server's certificate may be anchored in. Reading and parsing a few hundred certificates costs 20 ms and more, so
 * that is done when first needed, and once for all stores: a run that repeats for weeks does not see what the system trusts
 * anew, as no program does before it is started again.
 */
export class TrustStore {
  readonly #given: readonly string[];
  #bySubject: ReadonlyMap<string, readonly Anchor[]> | undefined;
  #context: SecureContext | undefined;

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
    this.#context ??= this.#given.length === 0 ? commonContext() : contextWith(this.#given);
    return this.#context;
  }

  /**
   * For a second try with a server that refused {@link context}, to see whether age is the reason. OpenSSL 3 speaks TLS 1.0
   * and 1.1 at security level 0 only.
   */
  get legacyContext(): SecureContext {
    return legacyContext();
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
    return [...this.#given.flatMap((pem) => anchorOf(pem, 'given')), ...commonAnchors()];
  }

  /** Only these can have signed anything in that name; a signature checked costs a thousand names compared. */
  #named(subject: string): readonly Anchor[] {
    this.#bySubject ??= groupBySubject(this.anchors);
    return this.#bySubject.get(subject) ?? [];
  }
}

const commonBundles = once((): ReadonlyMap<AnchorSource, readonly string[]> => {
  const node = [...rootCertificates, ...fileOf(process.env['NODE_EXTRA_CA_CERTS'])];
  const known = new Set(node.map(bodyOf));
  // Most of the system's are Node's too, and each costs time.
  const system = systemBundle().filter((pem) => !known.has(bodyOf(pem)));
  return new Map<AnchorSource, readonly string[]>([
    ['node', node],
    ['system', system],
  ]);
});

const commonPems = once((): readonly string[] => [...commonBundles().values()].flat());

const commonContext = once(() => contextOf(commonPems()));

/** Of the last few sets of given certificates: whoever repeats a run gives the same each time, and each costs 40 ms. */
const givenContexts = new Map<string, SecureContext>();
const GIVEN_CONTEXTS = 4;

function contextWith(given: readonly string[]): SecureContext {
  const key = given.join('\n');
  const context = givenContexts.get(key) ?? contextOf([...given, ...commonPems()]);
  // Back to the end of the line, of which the first goes.
  givenContexts.delete(key);
  givenContexts.set(key, context);
  for (const [oldest] of givenContexts) if (givenContexts.size > GIVEN_CONTEXTS) givenContexts.delete(oldest);
  return context;
}

const commonAnchors = once((): readonly Anchor[] =>
  [...commonBundles()].flatMap(([source, pems]) => pems.flatMap((pem) => anchorOf(pem, source))),
);

const legacyContext = once(() => createSecureContext({ ca: [], minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }));

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function contextOf(pems: readonly string[]): SecureContext {
  return createSecureContext({ ca: pems.join('\n'), minVersion: 'TLSv1.2' });
}

function groupBySubject(anchors: readonly Anchor[]): ReadonlyMap<string, readonly Anchor[]> {
  const groups = new Map<string, Anchor[]>();
  for (const anchor of anchors) {
    const { subject } = anchor.certificate;
    const group = groups.get(subject);
    if (group === undefined) groups.set(subject, [anchor]);
    else group.push(anchor);
  }
  return groups;
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

/** Empty for what looks like a certificate and is none. */
function anchorOf(pem: string, source: AnchorSource): Anchor[] {
  try {
    return [{ certificate: new X509Certificate(pem), source }];
  } catch {
    return [];
  }
}
