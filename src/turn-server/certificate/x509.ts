import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  explicit,
  generalName,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A key with the name it signs under. */
export interface Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateRequest {
  readonly subject: Identity;
  /** The subject itself for a self-signed one. */
  readonly issuer: Identity;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
  /** DNS names and IP addresses of a server; none for an authority. */
  readonly names: readonly string[];
}

/** A new key on P-256, which every client knows. */
export function createIdentity(name: string): Identity {
  return { name, ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) };
}

/** PEM of an X.509 certificate (RFC 5280), version 3, ECDSA with SHA-256. */
export function createCertificate(request: CertificateRequest): string {
  const body = tbsCertificate(request);
  const signature = sign('sha256', body, { key: request.issuer.privateKey, dsaEncoding: 'der' });
  return pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, bitString(signature)));
}

/** PEM of the private key (PKCS #8). */
export function privateKeyPem(identity: Identity): string {
  return identity.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

/** RFC 5280 4.1.2. */
function tbsCertificate({ subject, issuer, notBefore, notAfter, isAuthority, names }: CertificateRequest): Buffer {
  return sequence(
    explicit(0, integer(Uint8Array.of(2))),
    // RFC 5280 4.1.2.2: at most 20 octets, positive; CA/Browser Forum: at least 64 bits of randomness.
    integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(subject.name),
    publicKeyInfo(subject),
    explicit(3, sequence(...extensions(subject, issuer, isAuthority, names))),
  );
}

/** RFC 5280 4.2. */
function extensions(subject: Identity, issuer: Identity, isAuthority: boolean, names: readonly string[]): Buffer[] {
  // Bits are counted from the left: 0 digitalSignature, 5 keyCertSign, 6 cRLSign.
  const usage = isAuthority ? bitString(Uint8Array.of(0x06), 1) : bitString(Uint8Array.of(0x80), 7);
  const list = [
    extension('2.5.29.19', true, isAuthority ? sequence(boolean(true)) : sequence()),
    extension('2.5.29.15', true, usage),
    extension('2.5.29.14', false, octetString(keyIdentifier(subject))),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(issuer)))),
  ];
  if (isAuthority) return list;
  return [
    ...list,
    // serverAuth
    extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...names.map(generalName))),
  ];
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

/** One RDN: a common name. */
function distinguishedName(name: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(name))));
}

function publicKeyInfo({ publicKey }: Identity): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** RFC 7093 2, method 4: a hash of the whole SubjectPublicKeyInfo. */
function keyIdentifier(identity: Identity): Buffer {
  return createHash('sha256').update(publicKeyInfo(identity)).digest().subarray(0, 20);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
