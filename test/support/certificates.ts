import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOf } from './needs.ts';

/**
 * What a server may show: `good`, signed by an intermediate of our own root; the same with one fault each. In
 * `missing-intermediate` the certificate is good but comes without the one that signed it.
 */
export type CertificateKind =
  | 'good'
  | 'self-signed'
  | 'expired'
  | 'not-yet-valid'
  | 'expires-soon'
  | 'wrong-name'
  | 'missing-intermediate';

export interface Certificate {
  /** Paths of PEM files: the chain as a server sends it, and its private key. */
  readonly cert: string;
  readonly key: string;
  /** Path of the root that a client has to trust for `good`; of no use for `self-signed`. */
  readonly ca: string;
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

/** The names in every certificate but the one with the wrong name. */
export const CERTIFICATE_NAMES: readonly string[] = ['localhost', 'turn.example.org', '127.0.0.1', '::1'];

/** The only name in the certificate with the wrong name. */
export const WRONG_NAME = 'elsewhere.example.net';

const DAY = 86_400_000;
const made = new Map<CertificateKind, Certificate>();
let authority: { readonly folder: string; readonly openssl: (...args: string[]) => void } | undefined;

/** Makes a certificate of this kind, once for the process. Needs `openssl`. About 30 ms. */
export function certificate(kind: CertificateKind): Certificate {
  const known = made.get(kind);
  if (known !== undefined) return known;
  authority ??= makeAuthority();
  const { folder, openssl } = authority;
  const at = (extension: string): string => join(folder, `${kind}.${extension}`);
  const [from, until] = validity(kind, Date.now());
  const names = kind === 'wrong-name' ? [WRONG_NAME] : CERTIFICATE_NAMES;
  const signer = kind === 'self-signed' ? kind : 'intermediate';
  makeKeyAndRequest(openssl, kind, names[0] ?? '');
  sign(
    openssl,
    folder,
    kind,
    signer,
    [from, until],
    [
      'basicConstraints=CA:FALSE',
      'keyUsage=digitalSignature',
      'extendedKeyUsage=serverAuth',
      `subjectAltName=${names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')}`,
    ],
  );
  const comesAlone = kind === 'self-signed' || kind === 'missing-intermediate';
  const certPem = read(at('crt')) + (comesAlone ? '' : read(join(folder, 'intermediate.crt')));
  const cert = at('pem');
  writeFileSync(cert, certPem);
  const ca = join(folder, 'root.crt');
  const result = { cert, key: at('key'), ca, certPem, keyPem: read(at('key')), caPem: read(ca) };
  made.set(kind, result);
  return result;
}

/** From when until when, in milliseconds. A little before now, so that clocks may differ. */
function validity(kind: CertificateKind, now: number): readonly [number, number] {
  switch (kind) {
    case 'expired':
      return [now - 60 * DAY, now - DAY];
    case 'not-yet-valid':
      return [now + 2 * DAY, now + 60 * DAY];
    case 'expires-soon':
      return [now - 60 * DAY, now + 3 * DAY];
    default:
      return [now - DAY, now + 60 * DAY];
  }
}

type OpenSsl = (...args: string[]) => void;

function makeAuthority(): { folder: string; openssl: OpenSsl } {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-certificates-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = pathOf('openssl');
  // Its own configuration file would differ from machine to machine.
  writeFileSync(join(folder, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
  const env = { ...process.env, OPENSSL_CONF: join(folder, 'openssl.cnf') };
  const openssl: OpenSsl = (...args) => {
    execFileSync(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const span = validity('good', Date.now());
  const isAuthority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  makeKeyAndRequest(openssl, 'root', 'iceprobe test root');
  sign(openssl, folder, 'root', 'root', span, isAuthority);
  makeKeyAndRequest(openssl, 'intermediate', 'iceprobe test intermediate');
  sign(openssl, folder, 'intermediate', 'root', span, isAuthority);
  return { folder, openssl };
}

function makeKeyAndRequest(openssl: OpenSsl, name: string, commonName: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', `${name}.key`];
  openssl('req', '-new', ...key, '-subj', `/CN=${commonName}`, '-out', `${name}.csr`);
}

/** `openssl ca`, because `openssl x509` of OpenSSL 3.0 cannot set the dates. */
function sign(
  openssl: OpenSsl,
  folder: string,
  name: string,
  signer: string,
  [from, until]: readonly [number, number],
  extensions: readonly string[],
): void {
  const isOwn = name === signer;
  const lines = [
    '[ca]\ndefault_ca=this\n[this]\ndefault_md=sha256\npolicy=any\nunique_subject=no\nrand_serial=yes\nemail_in_dn=no',
    `database=${join(folder, `${name}.db`)}\nnew_certs_dir=${folder}`,
    '[any]\ncommonName=supplied\n[extensions]\nsubjectKeyIdentifier=hash',
    ...(isOwn ? [] : ['authorityKeyIdentifier=keyid']),
    ...extensions,
    '',
  ];
  writeFileSync(join(folder, `${name}.cnf`), lines.join('\n'));
  writeFileSync(join(folder, `${name}.db`), '');
  const key = ['-keyfile', `${signer}.key`, ...(isOwn ? ['-selfsign'] : ['-cert', `${signer}.crt`])];
  const dates = ['-startdate', asn1Time(from), '-enddate', asn1Time(until)];
  const what = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-extensions', 'extensions', '-batch', '-notext'];
  openssl('ca', '-config', `${name}.cnf`, ...key, ...dates, ...what);
}

/** `YYYYMMDDHHMMSSZ`. */
function asn1Time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}
