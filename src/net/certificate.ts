import type { X509Certificate } from 'node:crypto';
import { canonicalAddress } from '../core/address.ts';
import type { TlsHandshake } from '../record/events.ts';

type TlsCertificate = TlsHandshake['chain'][number];

/** How the report shows a certificate. */
export function describeCertificate(certificate: X509Certificate): TlsCertificate {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    subjectAltNames: alternativeNames(certificate.subjectAltName),
    validFrom: isoOf(certificate.validFrom),
    validTo: isoOf(certificate.validTo),
    fingerprint256: certificate.fingerprint256,
  };
}

/** Node writes a distinguished name in lines, the root of the tree first; RFC 4514 the other way round. */
export function oneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').reverse().join(', ');
}

/** Names and addresses out of Node's `DNS:a, IP Address:1.2.3.4`; a value with odd characters is a JSON string there. */
export function alternativeNames(text: string | undefined): string[] {
  const names: string[] = [];
  for (const [, kind, quoted, plain] of (text ?? '').matchAll(
    /([A-Za-z0-9 ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    const value = quoted === undefined ? plain : unquote(quoted);
    if (value === undefined) continue;
    if (kind === 'DNS') names.push(value);
    if (kind === 'IP Address') names.push(canonicalAddress(value) ?? value);
  }
  return names;
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

function isoOf(date: string): string {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? date : new Date(ms).toISOString();
}
