import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { familyOf } from '../../core/address.ts';
import { makeServerCertificate, type ServerCertificate } from '../../turn-server/certificate/server-certificate.ts';
import type { TurnServerOptions } from '../../turn-server/options.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';

const ACCOUNT = 'account.json';
const CERT = 'cert.pem';
const KEY = 'key.pem';
export const CA = 'ca.pem';

/** A certificate that ends within this is replaced. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

interface StoredAccount {
  readonly username: string;
  readonly password: string;
  readonly secret: string;
}

/**
 * Fills what the user did not give from a folder, and the folder with what it lacks: the account, the secret of
 * short-lived credentials, the certificate. Readable by the user alone. Throws {@link UsageError}.
 */
export async function withState(
  directory: string,
  options: TurnServerOptions,
  names: readonly string[],
): Promise<TurnServerOptions> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const account = (await readAccount(directory)) ?? (await createAccount(directory));
    const isGiven = options.users !== undefined || options.secret !== undefined;
    const tls = options.tls ?? (await certificate(directory, names));
    return {
      ...options,
      ...(isGiven ? {} : { users: { [account.username]: account.password }, secret: account.secret }),
      tls,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--state ${directory}: ${describeSystemError(error)}`,
      'it takes a folder that can be written to',
    );
  }
}

async function readAccount(directory: string): Promise<StoredAccount | undefined> {
  const text = await readIfThere(join(directory, ACCOUNT));
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { username, password, secret } = (value ?? {}) as Partial<Record<keyof StoredAccount, unknown>>;
  if (![username, password, secret].every((each) => typeof each === 'string' && each !== '')) {
    throw new UsageError(`${join(directory, ACCOUNT)} holds no account`, 'remove the file, and a new one is made');
  }
  return { username, password, secret } as StoredAccount;
}

async function createAccount(directory: string): Promise<StoredAccount> {
  const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
  const account = { username: `user-${random(4)}`, password: random(16), secret: random(24) };
  await writePrivate(join(directory, ACCOUNT), `${JSON.stringify(account, null, 2)}\n`);
  return account;
}

async function certificate(directory: string, names: readonly string[]): Promise<ServerCertificate> {
  const [cert, key, caPem] = await Promise.all([CERT, KEY, CA].map((name) => readIfThere(join(directory, name))));
  if (cert !== undefined && key !== undefined && caPem !== undefined && isGood(cert, names))
    return { cert, key, caPem };
  const made = makeServerCertificate(names);
  await writePrivate(join(directory, KEY), made.key);
  await writePrivate(join(directory, CERT), made.cert);
  await writePrivate(join(directory, CA), made.caPem);
  return made;
}

function isGood(pem: string, names: readonly string[]): boolean {
  try {
    const parsed = new X509Certificate(pem);
    if (Date.parse(parsed.validTo) - Date.now() < RENEW_BEFORE_MS) return false;
    const knows = (name: string): boolean =>
      (familyOf(name) === undefined ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined;
    return names.every(knows);
  } catch {
    return false;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}
