import type { X509Certificate } from 'node:crypto';
import { familyOf } from '../core/address.ts';
import type { TlsHandshake } from '../record/events.ts';
import { alternativeNames, oneLine } from './certificate.ts';
import type { TrustStore } from './trust.ts';

export type TlsProblem = TlsHandshake['problems'][number];

/** What there is to judge after a handshake that verified nothing. */
export interface Shaken {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** `TLSv1.3`; null where unknown. */
  readonly protocol: string | null;
  /** The host of the URL: a name, or an address literal. */
  readonly host: string;
  /** OpenSSL's own word on the chain: the last of its objections, null where it has none. */
  readonly authorizationError: string | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Every reason why a client that verifies would refuse the server. OpenSSL tells only one reason and no detail, so each
 * question is asked here by itself; where OpenSSL objects and nothing here does, its word stands.
 */
export function judge(shaken: Shaken, trust: TrustStore): TlsProblem[] {
  const [leaf] = shaken.chain;
  if (leaf === undefined) return [{ code: 'handshake-failed', detail: 'the server showed no certificate' }];
  const problems = [
    // Where OpenSSL has no objection there is none: it knows more ways to an anchor (cross-signed intermediates, one of
    // which may well have expired) than the walk here.
    ...(shaken.authorizationError === null ? [] : judgeChain(shaken, leaf, trust)),
    ...judgeName(leaf, shaken.host),
    ...judgeVersion(shaken.protocol),
  ];
  if (problems.length === 0 && shaken.authorizationError !== null) {
    return [{ code: 'untrusted', detail: `OpenSSL refuses the chain: ${shaken.authorizationError}` }];
  }
  return problems;
}

/** Whether the chain leads to an anchor, by names and signatures, and whether every part of it is valid now. */
function judgeChain(shaken: Shaken, leaf: X509Certificate, trust: TrustStore): TlsProblem[] {
  const problems: TlsProblem[] = [];
  const seen = new Set<X509Certificate>();
  for (let current = leaf; ; ) {
    seen.add(current);
    problems.push(...judgeDates(current, shaken.nowMs));
    if (trust.anchorOf(current) !== undefined) return problems;
    const issuer = shaken.chain.find((each) => !seen.has(each) && isIssuedBy(current, each));
    if (issuer === undefined) return [missingAnchor(current, leaf, trust), ...problems];
    current = issuer;
  }
}

function missingAnchor(last: X509Certificate, leaf: X509Certificate, trust: TrustStore): TlsProblem {
  const name = oneLine(last.subject);
  const issuer = oneLine(last.issuer);
  // Not by `checkIssued`: a self-signed server certificate seldom says that its key may sign certificates.
  if (last.subject === last.issuer && last.verify(last.publicKey)) {
    return last === leaf
      ? { code: 'self-signed', detail: `${name} is signed by itself` }
      : { code: 'untrusted', detail: `the chain ends in ${name}, which neither Node nor the system trusts` };
  }
  if (isLikelyIntermediate(last, trust)) {
    return {
      code: 'chain-incomplete',
      detail: `the certificate of ${issuer}, which signed ${name}, was not sent`,
    };
  }
  return {
    code: 'untrusted',
    detail: `${name} is signed by ${issuer}, which was not sent and is trusted by nobody here`,
  };
}

/**
 * The issuer was not sent. Is it an intermediate that the server forgot, or a root that nobody here trusts? A certificate
 * that says where its issuer's can be fetched is of a public authority; with a CA given by the user, a chain that does not
 * reach it lacks a part; an organisation that has an anchor is likely to have signed below it.
 */
function isLikelyIntermediate(last: X509Certificate, trust: TrustStore): boolean {
  if (/CA Issuers/i.test(last.infoAccess ?? '')) return true;
  const organisation = organisationOf(last.issuer);
  return trust.anchors.some(
    ({ certificate, source }) =>
      source === 'given' || (organisation !== undefined && organisationOf(certificate.subject) === organisation),
  );
}

function organisationOf(distinguishedName: string): string | undefined {
  return /^O=(.+)$/m.exec(distinguishedName)?.[1];
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** RFC 9525: names in subjectAltName only, as browsers do it; an address needs an iPAddress there. */
function judgeName(leaf: X509Certificate, host: string): TlsProblem[] {
  const bare = host.split('%')[0] ?? host;
  const isAddress = familyOf(bare) !== undefined;
  const matches = isAddress
    ? leaf.checkIP(bare)
    : leaf.checkHost(bare.replace(/\.$/, ''), { subject: 'never', partialWildcards: false });
  if (matches !== undefined) return [];
  const names = alternativeNames(leaf.subjectAltName);
  const what = names.length === 0 ? 'no name (in subjectAltName, which is all that counts)' : names.join(', ');
  return [{ code: 'name-mismatch', detail: `the certificate is for ${what}, not for ${host}` }];
}

function judgeDates(certificate: X509Certificate, nowMs: number): TlsProblem[] {
  const name = oneLine(certificate.subject);
  if (nowMs < Date.parse(certificate.validFrom)) {
    return [{ code: 'not-yet-valid', detail: `${name} is valid from ${certificate.validFrom}` }];
  }
  if (nowMs > Date.parse(certificate.validTo)) {
    return [{ code: 'expired', detail: `${name} expired on ${certificate.validTo}` }];
  }
  return [];
}

/** RFC 8996 took TLS 1.0 and 1.1 out of use; browsers refuse them. */
function judgeVersion(protocol: string | null): TlsProblem[] {
  if (protocol === null || protocol === 'TLSv1.2' || protocol === 'TLSv1.3') return [];
  return [{ code: 'old-version', detail: `the server speaks nothing newer than ${protocol}` }];
}
