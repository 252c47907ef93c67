import { createHash, X509Certificate } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { familyOf, type SocketAddress, type TransportKind } from '../core/address.ts';
import { formatServerUri } from '../core/stun/uri.ts';
import type { CertificateFault, SocketFault } from '../core/turn/server/faults/plan.ts';
import { certificateNames, type Placement } from './addresses.ts';
import { Authority } from './certificate/server-certificate.ts';
import type { TurnServerDriver } from './driver.ts';
import { closeListeners, closeServer, type Listeners, openListeners } from './listeners.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';
import { muteServer, tcpServer, tlsServer } from './stream-servers.ts';

/** What a port for connections speaks. */
type StreamMode = 'plain' | 'tls' | 'mute' | 'off';

/** The ports that clients come by, and what faults make of them. */
export class Entrances {
  readonly #options: TurnServerOptions;
  readonly #placement: Placement;
  readonly #driver: TurnServerDriver;
  readonly #onHandshakeFailed: (client: SocketAddress, why: string) => void;
  readonly #transports: ReadonlySet<TransportKind>;
  readonly #right: SecureContextOptions & { readonly caPem?: string };
  /** Signs the certificate where none was given, and those of faults: they have one fault each, not that one too. */
  readonly #authority = new Authority();
  #secrets: SecureContextOptions;
  #certificateFault: CertificateFault | undefined;
  readonly #modes: { tcp: StreamMode; tls: StreamMode } = { tcp: 'off', tls: 'off' };
  readonly #open: { tcp: readonly Server[]; tls: readonly Server[] } = { tcp: [], tls: [] };
  #isUdpOpen = false;
  /** Servers that were closed while connections of theirs live on. */
  readonly #leaving = new Set<Promise<void>>();
  port = 0;
  tlsPort = 0;
  /** 0 where behaviour discovery is not served. */
  alternatePort = 0;

  constructor(
    options: TurnServerOptions,
    placement: Placement,
    driver: TurnServerDriver,
    onHandshakeFailed: (client: SocketAddress, why: string) => void,
  ) {
    this.#options = options;
    this.#placement = placement;
    this.#driver = driver;
    this.#onHandshakeFailed = onHandshakeFailed;
    this.#transports = new Set(options.transports ?? ['udp', 'tcp', 'tls']);
    if (this.#transports.size === 0) throw new TurnServerOptionError('transports: there must be one at least');
    this.#right = options.tls ?? this.#authority.issue(certificateNames(options, placement));
    this.#secrets = this.#right;
  }

  /** The authority that clients have to trust, where there is one of our own. */
  get caPem(): string | undefined {
    return this.#transports.has('tls') ? this.#right.caPem : undefined;
  }

  /** Base64 of the SHA-256 of the certificate's public key, as Chromium's flag has it. */
  get spkiSha256(): string | undefined {
    if (!this.#transports.has('tls')) return undefined;
    const { publicKey } = new X509Certificate(String(this.#right.cert));
    return createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
  }

  get urls(): string[] {
    const { host } = this.#placement;
    const urlOf: Readonly<Record<TransportKind, () => string>> = {
      udp: () => formatServerUri({ scheme: 'turn', host, port: this.port, transport: 'udp' }),
      tcp: () => formatServerUri({ scheme: 'turn', host, port: this.port, transport: 'tcp' }),
      tls: () => formatServerUri({ scheme: 'turns', host, port: this.tlsPort, transport: 'tls' }),
    };
    return (['udp', 'tcp', 'tls'] as const).filter((each) => this.#transports.has(each)).map((each) => urlOf[each]());
  }

  /**
   * Opens everything that clients may come by. After a failure there is something to close.
   * @throws the system's error where a port cannot be had, TurnServerOptionError for a certificate that is none
   */
  async open(): Promise<void> {
    const has = (transport: TransportKind): boolean => this.#transports.has(transport);
    const plain = await openListeners({
      addresses: has('udp') || has('tcp') ? this.#placement.listen : [],
      port: this.#options.port ?? 0,
      udp: has('udp'),
      stream: has('tcp') ? () => this.#server('plain') : undefined,
    });
    const secure = await openListeners({
      addresses: has('tls') ? this.#placement.listen : [],
      port: this.#options.tlsPort ?? 0,
      udp: false,
      stream: () => this.#server('tls'),
    }).catch(async (error: unknown) => {
      await closeListeners(plain);
      throw asOptionError(error);
    });
    this.port = plain.port;
    this.tlsPort = secure.port;
    this.#addListeners(plain);
    this.#keep('tcp', has('tcp') ? 'plain' : 'off', plain.servers);
    this.#keep('tls', has('tls') ? 'tls' : 'off', secure.servers);
    await this.#openAlternate();
  }

  /** Makes the ports as these faults want them, and right again where none does. */
  async apply(faults: readonly SocketFault[]): Promise<void> {
    const kind = faults.findLast((fault) => fault.kind === 'certificate')?.certificate;
    const isNewCertificate = kind !== this.#certificateFault;
    this.#certificateFault = kind;
    if (isNewCertificate) this.#secrets = this.#secretsFor(kind);
    const stateOf = (transport: TransportKind) =>
      faults.findLast((fault) => fault.kind === 'transport' && fault.transport === transport);
    const isSwapped = faults.some((fault) => fault.kind === 'transport' && fault.state === 'swapped');
    for (const transport of ['tcp', 'tls'] as const) {
      if (!this.#transports.has(transport)) continue;
      const fault = stateOf(transport);
      const state = fault?.kind === 'transport' ? fault.state : 'right';
      const usual = (transport === 'tls') !== isSwapped ? 'tls' : 'plain';
      const mode = state === 'off' ? 'off' : state === 'silent' ? 'mute' : usual;
      if (mode !== this.#modes[transport] || (mode === 'tls' && isNewCertificate))
        await this.#setStream(transport, mode);
    }
    const udp = stateOf('udp');
    await this.#setUdp(udp?.kind === 'transport' && udp.state === 'off');
    this.#driver.muteListeners(udp?.kind === 'transport' && udp.state === 'silent');
  }

  async close(): Promise<void> {
    const servers = [...this.#open.tcp, ...this.#open.tls];
    await Promise.all([...servers.map(closeServer), ...this.#leaving]);
  }

  async #setStream(transport: 'tcp' | 'tls', mode: StreamMode): Promise<void> {
    for (const server of this.#open[transport]) {
      const gone = closeServer(server).finally(() => this.#leaving.delete(gone));
      this.#leaving.add(gone);
    }
    this.#keep(transport, 'off', []);
    if (mode === 'off') return;
    const port = transport === 'tcp' ? this.port : this.tlsPort;
    const plan = { addresses: this.#placement.listen, port, udp: false, stream: () => this.#server(mode) };
    this.#keep(transport, mode, (await openListeners(plan)).servers);
  }

  async #setUdp(isOff: boolean): Promise<void> {
    if (!this.#transports.has('udp') || isOff !== this.#isUdpOpen) return;
    this.#isUdpOpen = !isOff;
    if (isOff) {
      this.#driver.removeListeners();
      return;
    }
    const plan = { addresses: this.#placement.listen, udp: true, stream: undefined };
    this.#addListeners(await openListeners({ ...plan, port: this.port }));
    await this.#openAlternate();
  }

  /** RFC 5780 needs a second port on each of two addresses. */
  async #openAlternate(): Promise<void> {
    const { alternatePort } = this.#options;
    const families = this.#placement.listen.map(familyOf);
    const isPossible = this.#transports.has('udp') && families.some((family, i) => families.indexOf(family) !== i);
    if (!isPossible) {
      if (alternatePort !== undefined)
        throw new TurnServerOptionError('alternatePort: it takes two addresses of a family');
      return;
    }
    const wanted = this.alternatePort || (alternatePort ?? (this.#options.port ? this.port + 1 : 0));
    const plan = { addresses: this.#placement.listen, udp: true, stream: undefined };
    const opened = await openListeners({ ...plan, port: wanted }).catch((error: unknown) => {
      // Nobody asked for that very port: any other will do.
      if (alternatePort !== undefined) throw error;
      return openListeners({ ...plan, port: 0 });
    });
    this.alternatePort = opened.port;
    this.#addListeners(opened);
  }

  #addListeners({ udp, port }: Listeners): void {
    this.#isUdpOpen ||= udp.length > 0;
    for (const { address, socket } of udp) {
      this.#driver.addListener({ family: familyOf(address) ?? 4, address, port }, socket);
    }
  }

  #keep(transport: 'tcp' | 'tls', mode: StreamMode, servers: readonly Server[]): void {
    this.#modes[transport] = mode;
    this.#open[transport] = servers;
  }

  #server(mode: Exclude<StreamMode, 'off'>): Server {
    switch (mode) {
      case 'plain':
        return tcpServer((socket) => this.#driver.addStream(socket, 'tcp'));
      case 'mute':
        return muteServer();
      case 'tls':
        return tlsServer(
          this.#secrets,
          (socket) => this.#driver.addStream(socket, 'tls'),
          (socket, why) => this.#handshakeFailed(socket, why),
        );
    }
  }

  #handshakeFailed(socket: Socket, why: string): void {
    const { remoteAddress, remotePort, remoteFamily } = socket;
    if (remoteAddress === undefined || remotePort === undefined) return;
    this.#onHandshakeFailed({ family: remoteFamily === 'IPv6' ? 6 : 4, address: remoteAddress, port: remotePort }, why);
  }

  #secretsFor(kind: CertificateFault | undefined): SecureContextOptions {
    if (kind === undefined) return this.#right;
    // OpenSSL does not shake hands below TLS 1.2 unless its security level allows that.
    if (kind === 'old-version') {
      return { ...this.#right, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    }
    if (kind === 'old-versions-too') return { ...this.#right, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
    return this.#authority.issue(certificateNames(this.#options, this.#placement), kind);
  }
}

/** OpenSSL's complaints about a certificate or key become a complaint about the option. */
function asOptionError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('ERR_OSSL') && !code.startsWith('ERR_TLS')) return error;
  const known = Object.entries(TLS_COMPLAINTS).find(([part]) => code.includes(part))?.[1];
  return new TurnServerOptionError(`tls: ${known ?? (error instanceof Error ? error.message : code)}`);
}

const TLS_COMPLAINTS: Readonly<Record<string, string>> = {
  PEM_NO_START_LINE: 'the certificate is not in PEM form, or its key is not',
  PEM_BAD: 'the certificate or its key is damaged',
  KEY_VALUES_MISMATCH: 'the key does not belong to the certificate',
  KEY_TYPE_MISMATCH: 'the key does not belong to the certificate',
  BAD_DECRYPT: 'the key is encrypted',
};
