import { addressKind, familyOf, isPrivateKind } from '../address.ts';
import { fail, ok, type Result } from '../result.ts';
import { Secret } from '../secret.ts';
import type {
  ConfigurationDocument,
  ConfigurationRemark,
  ConfigurationRemarkCode,
  DocumentUrl,
} from './configuration.ts';
import type { ConfigurationError, Place } from './place.ts';

/** One line of a turnserver.conf, or one argument of the command. */
export interface Setting extends Place {
  readonly key: string;
  readonly value: string;
}

/** Keys that stand in no other kind of file. */
const TELLING =
  /^(?:lt-cred-mech|use-auth-secret|static-auth-secret|listening-port|tls-listening-port|listening-ip|relay-ip|external-ip|no-cli|fingerprint|no-multicast-peers|total-quota|user-quota|stale-nonce|cli-password)\s*(?:=|\s|$)/m;

/** Of a line without white space around it. */
const SETTING = /^([a-z][a-z0-9-]*)(?:\s*=\s*|\s+|$)(.*)$/;

export function looksLikeCoturn(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:#.*)?$/.test(line));
  return TELLING.test(text) && lines.every((line) => SETTING.test(line.trim()));
}

/**
 * Reads a turnserver.conf (coturn): the URLs by which clients reach that server, a user or the secret that it knows, and
 * remarks on what breaks relaying. Where it does not say under which name it is reached, it cannot be used.
 */
export function readCoturn(text: string): Result<ConfigurationDocument, ConfigurationError> {
  return readCoturnSettings(text.split(/\r?\n/).flatMap(readSetting));
}

/** The same from settings that stood elsewhere; `remarks` come first. */
export function readCoturnSettings(
  settings: readonly Setting[],
  remarks: readonly ConfigurationRemark[] = [],
): Result<ConfigurationDocument, ConfigurationError> {
  return new CoturnReader(settings, remarks).read();
}

function readSetting(line: string, index: number): Setting[] {
  const [, key, value = ''] = /^\s*#/.test(line) ? [] : (SETTING.exec(line.trim()) ?? []);
  if (key === undefined) return [];
  return [{ key, value: value.replace(/^"(.*)"$/, '$1'), line: index + 1, column: line.search(/\S/) + 1 }];
}

class CoturnReader {
  readonly #settings: readonly Setting[];
  readonly #remarks: ConfigurationRemark[];

  constructor(settings: readonly Setting[], remarks: readonly ConfigurationRemark[]) {
    this.#settings = settings;
    this.#remarks = [...remarks];
  }

  read(): Result<ConfigurationDocument, ConfigurationError> {
    const urls = this.#urls();
    this.#lint();
    // What is wrong with it can be told all the same.
    if (urls.length === 0 && this.#remarks.length > 0)
      return ok({ servers: [], policy: undefined, remarks: this.#remarks });
    if (urls.length === 0) {
      return fail({
        code: 'configuration.no-servers',
        message: 'nothing here says by which name or public address the TURN server is reached',
        hint: 'give the URL instead: turn:HOST',
        line: 1,
        column: 1,
      });
    }
    const login = this.#login();
    return ok({ servers: [{ ...this.#place(), urls, ...login }], policy: undefined, remarks: this.#remarks });
  }

  #urls(): DocumentUrl[] {
    const realm = this.#value('realm');
    const external = this.#value('external-ip')?.split('/')[0] || undefined;
    const listening = this.#value('listening-ip');
    const name = [this.#value('server-name'), realm].find(
      (each) => each?.includes('.') === true && familyOf(each) === undefined,
    );
    const address = external ?? (listening !== undefined && isUsable(listening) ? listening : undefined);
    const [host, tlsHost] = [address ?? name, name ?? address];
    if (host === undefined || tlsHost === undefined) return [];
    const port = this.#port('listening-port', 3478);
    const tlsPort = this.#port('tls-listening-port', 5349);
    const place = this.#place();
    const urls: string[] = [];
    if (!this.#has('no-udp')) urls.push(`turn:${bracketed(host)}${port}`);
    if (!this.#has('no-tcp')) urls.push(`turn:${bracketed(host)}${port}?transport=tcp`);
    if (this.#has('cert') && this.#has('pkey') && !this.#has('no-tls'))
      urls.push(`turns:${bracketed(tlsHost)}${tlsPort}`);
    return urls.map((text) => ({ text, ...place }));
  }

  #login(): { username?: string; credential?: Secret; secret?: Secret } {
    const secret = this.#value('static-auth-secret');
    if (this.#has('use-auth-secret') || secret !== undefined) {
      if (secret !== undefined && secret !== '') return { secret: new Secret(secret) };
      this.#remark(
        'use-auth-secret',
        'coturn-no-secret',
        'use-auth-secret without static-auth-secret',
        'set the secret',
      );
      return {};
    }
    // A password that is stored as a key (0x...) cannot be used to log in.
    const [name, password] = (this.#value('user') ?? '').split(/:(.*)/s);
    if (name === undefined || name === '' || password === undefined || password.startsWith('0x')) return {};
    return { username: name, credential: new Secret(password) };
  }

  #lint(): void {
    const relay = this.#value('relay-ip') ?? this.#value('listening-ip');
    if (relay !== undefined && !this.#has('external-ip') && isPrivateKind(addressKind(relay))) {
      this.#remark(
        this.#value('relay-ip') === undefined ? 'listening-ip' : 'relay-ip',
        'coturn-external-ip',
        'relays on a private address, and no external-ip says which public one stands for it',
        'clients get a relay candidate that nobody outside can reach: set external-ip=PUBLIC/PRIVATE',
      );
    }
    if (this.#has('no-auth')) {
      this.#remark(
        'no-auth',
        'coturn-open-relay',
        'no-auth: anybody may relay through this server',
        'set lt-cred-mech',
      );
    }
    if (this.#has('cert') !== this.#has('pkey')) {
      const [has, lacks] = this.#has('cert') ? ['cert', 'pkey'] : ['pkey', 'cert'];
      this.#remark(has, 'coturn-tls-incomplete', `${has} without ${lacks}: there is no TLS`, `set ${lacks} too`);
    }
    const [min, max] = [Number(this.#value('min-port') ?? 49_152), Number(this.#value('max-port') ?? 65_535)];
    if (min > max) {
      this.#remark(
        'min-port',
        'coturn-port-range',
        `min-port ${min} is above max-port ${max}`,
        'no relay port is left',
      );
    }
  }

  #remark(key: string, code: ConfigurationRemarkCode, message: string, hint: string): void {
    this.#remarks.push({ code, message, hint, ...this.#place(key) });
  }

  #port(key: string, standard: number): string {
    const value = this.#value(key);
    return value === undefined || value === '' || Number(value) === standard ? '' : `:${value}`;
  }

  #has(key: string): boolean {
    return this.#settings.some((setting) => setting.key === key);
  }

  /** Of a key that stands several times the first. */
  #value(key: string): string | undefined {
    return this.#settings.find((setting) => setting.key === key)?.value;
  }

  #place(key?: string): Place {
    const { line, column } = this.#settings.find((setting) => setting.key === key) ?? { line: 1, column: 1 };
    return { line, column };
  }
}

function isUsable(address: string): boolean {
  const kind = addressKind(address);
  return familyOf(address) !== undefined && kind !== 'unspecified' && kind !== 'loopback';
}

function bracketed(host: string): string {
  return familyOf(host) === 6 ? `[${host}]` : host;
}
