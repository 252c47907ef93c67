import type { SocketAddress } from '../../src/core/address.ts';
import type { Handshake, TransportListener } from '../../src/net/transport.ts';

export type Told =
  | { readonly type: 'connected'; readonly local: SocketAddress }
  | { readonly type: 'opened'; readonly local: SocketAddress }
  | { readonly type: 'shaken'; readonly handshake: Handshake }
  | { readonly type: 'received'; readonly text: string; readonly from: SocketAddress }
  | { readonly type: 'failed'; readonly error: string; readonly detail: string | undefined }
  | { readonly type: 'send-failed'; readonly to: SocketAddress; readonly error: string };

/** What a transport told, for tests to wait for and look at. */
export class TransportLog implements TransportListener {
  readonly told: Told[] = [];
  readonly #waiting = new Set<() => void>();

  /** The first of that type, now or when it comes; a test's own time limit ends the wait. */
  async first<T extends Told['type']>(type: T): Promise<Extract<Told, { readonly type: T }>> {
    for (;;) {
      const found = this.told.find((each): each is Extract<Told, { readonly type: T }> => each.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  get types(): string[] {
    return this.told.map(({ type }) => type);
  }

  connected(local: SocketAddress): void {
    this.#tell({ type: 'connected', local });
  }
  shaken(handshake: Handshake): void {
    this.#tell({ type: 'shaken', handshake });
  }
  opened(local: SocketAddress): void {
    this.#tell({ type: 'opened', local });
  }
  received(bytes: Uint8Array, from: SocketAddress): void {
    this.#tell({ type: 'received', text: new TextDecoder().decode(bytes), from });
  }
  failed(error: string, detail?: string): void {
    this.#tell({ type: 'failed', error, detail });
  }
  sendFailed(to: SocketAddress, error: string): void {
    this.#tell({ type: 'send-failed', to, error });
  }

  #tell(what: Told): void {
    this.told.push(what);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
