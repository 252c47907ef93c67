import type { SERVICE } from '../../catalogue/service.ts';
import type { FindingText } from '../table.ts';

export type TlsId = Extract<keyof typeof SERVICE, `tls.${string}`>;

export const TLS_TEXT: Readonly<Record<TlsId, FindingText>> = {
  'tls.no-listener': {
    title: 'The server does not listen for TLS on port {port}',
    detail: '{endpoint} refuses TCP, while {answered} answers',
    fix: 'give the server a certificate (coturn: cert, pkey, tls-listening-port={port}; remove no-tls), and open TCP {port} in firewalls and Docker (-p {port}:{port})',
    users: 'no way to connect from networks that let only TLS out',
    meaning: 'TURN runs, TURN over TLS does not: most often no certificate is configured, or its file cannot be read.',
    needs: 'a refusal on the TLS port, and an answer without TLS from the same host',
  },
  'tls.plain-on-tls-port': {
    title: 'Port {port} speaks STUN without TLS',
    detail: 'the TLS handshake with {endpoint} fails, and STUN without TLS is answered there ({works})',
    fix: 'use turn:...?transport=tcp for that port, or let the server speak TLS there (coturn: tls-listening-port)',
    meaning: 'The URL says turns: or stuns:, and the server expects no TLS on that port.',
    needs: 'a failed handshake, and a plain request to the same port that was answered',
  },
  'tls.tls-on-plain-port': {
    title: 'Port {port} speaks TLS',
    detail:
      '{endpoint} [[answers plain STUN with {says}]][[?mute answers no plain STUN]][[?shaken  and takes a TLS handshake]]',
    fix: 'write turns: instead of turn: for that port, or use the plain port (3478)',
    meaning: 'The URL says turn: or stun:, and the server expects TLS on that port.',
    needs:
      'a TLS record as the answer to plain STUN, or none; "certain" if a TLS handshake to the same port succeeds and STUN ' +
      'without TLS, asked beside it, is not answered',
  },
  'tls.intercepted': {
    title: 'Another certificate than expected: TLS is intercepted, or it was renewed',
    detail: '{host} showed a certificate from {issuer} ({seen}), expected was {expected}',
    fix: 'compare with a run from another network; if only this one differs, a firewall or virus scanner opens TLS here',
    meaning: 'A middle box that opens TLS shows its own certificate. A renewed certificate looks the same from here.',
    needs: 'a known fingerprint, given or from an earlier run, that the certificate seen does not have',
  },
  'tls.expired': {
    title: 'The certificate of {host} has expired',
    detail: '{problem}[[ ({daysAgo} days ago)]]',
    fix: 'renew it and let the server load it (coturn reads a new certificate on SIGUSR2 or a restart)',
    meaning: 'Browsers refuse expired certificates without a word in the ICE errors.',
    needs: 'a certificate in the chain whose last day has passed, by this clock',
  },
  'tls.not-yet-valid': {
    title: 'The certificate of {host} is not valid yet',
    detail: '{problem}',
    fix: 'set the clock, of this machine first; else wait or make a new certificate',
    meaning: 'By the clock of this machine the certificate begins to be valid in the future.',
    needs: 'a certificate in the chain whose first day is still to come, by this clock',
  },
  'tls.chain-incomplete': {
    title: 'The server does not send the intermediate certificate',
    detail: '{problem}',
    fix: "give the server the whole chain: Let's Encrypt's fullchain.pem instead of cert.pem (coturn: cert=fullchain.pem)",
    users: 'works in some browsers, which know the intermediate from elsewhere, and fails in others',
    meaning: 'Between the certificate and a trusted root stands another one, which the server must send and does not.',
    needs: 'a chain that ends below a root, and signs that the missing issuer is a public or known one',
  },
  'tls.untrusted': {
    title:
      '[[?selfSigned The certificate of {host} is signed by itself]][[?unknownIssuer The certificate of {host} is from an issuer that nobody trusts]]',
    detail: '{problem}[[; chain: {chain}]]',
    fix: "use a certificate of a public authority (Let's Encrypt), or add the issuer to the trust of every client; for this run, --ca FILE",
    meaning:
      "Neither Node's list of roots nor the system's leads to this certificate. Browsers refuse it without a word in the ICE errors, and cannot be asked to make an exception.",
    needs: "the chain, judged against Node's and the system's roots",
  },
  'tls.name-mismatch': {
    title: 'The certificate is not for {host}',
    detail: '{problem}',
    fix: 'use a name that is in the certificate, or get one for {host}',
    meaning:
      'The name in the URL must be among the names of the certificate (subjectAltName); the common name does not count.',
    needs: 'the certificate that the server showed',
  },
  'tls.old-version': {
    title: '[[?only The server speaks only an old version of TLS]][[?also The server still takes old versions of TLS]]',
    detail: '{problem}',
    fix: '[[?only allow TLS 1.2 and 1.3 (coturn: remove no-tlsv1_2; a newer OpenSSL)]][[?also allow TLS 1.2 and 1.3 alone (coturn: no-tlsv1, no-tlsv1_1)]]',
    meaning: 'TLS 1.0 and 1.1 are out of use (RFC 8996), and browsers refuse them.',
    needs:
      'a handshake that succeeds with an old version and not with a new one; with --audit, one that succeeds with an old version as well',
  },
  'tls.handshake-failed': {
    title: 'The TLS handshake fails',
    detail: '{endpoint}: {problem}',
    fix: 'see whether the port speaks TLS at all (turn: instead of turns:), and whether the server has a certificate and a cipher in common with clients of today',
    meaning: 'TCP connects and the handshake does not succeed; what the port speaks instead is not known.',
    needs: 'a handshake that failed without a certificate to judge',
  },
  'tls.expires-soon': {
    title: 'The certificate of {host} expires in {days} days',
    detail: 'it is valid until {validTo} (limit {limit} days)',
    fix: 'renew it; if that is automatic, see why it has not happened, and that the server loads the new one',
    meaning: 'Automatic renewal usually happens 30 days before the end: fewer than 14 means that it does not work.',
    needs: 'the certificate that the server showed',
  },
};
