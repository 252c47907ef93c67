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
export function alternativeNames(text = ''): string[] {
  const names: string[] = [];
  // From entry to entry, each looked at once: anybody can send a certificate with a name of many kilobytes.
  for (let at = 0; at < text.length; ) {
    ENTRY.lastIndex = at;
    const [whole, kind, quoted, plain = ''] = ENTRY.exec(text) ?? [];
    const value = quoted === undefined ? plain : unquote(quoted);
    if (kind === 'DNS') names.push(value);
    if (kind === 'IP Address') names.push(canonicalAddress(value) ?? value);
    const end = whole === undefined ? text.indexOf(', ', at) : at + whole.length;
    at = end < 0 ? text.length : end + ', '.length;
  }
  return names;
}

const ENTRY = /([A-Za-z0-9 ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?=, |$)/y;

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
