import WebSocket from 'ws';
import type { RoomNotice } from '../../src/core/signaling/room-messages.ts';

/** A server of rooms on this machine. */
export interface Place {
  readonly port: number;
}

export function urlOf(server: Place): string {
  return `ws://127.0.0.1:${server.port}/rooms`;
}

/** A client of a server of rooms that says whatever it is told to. */
export class Raw implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly notices: RoomNotice[] = [];
  readonly closed: Promise<number>;
  #wake: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.notices.push(JSON.parse(String(data)) as RoomNotice);
      for (const wake of this.#wake.splice(0)) wake();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async connect(server: Place, headers: Record<string, string> = {}): Promise<Raw> {
    const socket = new WebSocket(urlOf(server), { headers });
    const raw = new Raw(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return raw;
  }

  say(value: unknown): this {
    this.socket.send(typeof value === 'string' ? value : JSON.stringify(value));
    return this;
  }

  async hears<Type extends RoomNotice['type']>(type: Type): Promise<Extract<RoomNotice, { type: Type }>> {
    for (;;) {
      const at = this.notices.findIndex((notice) => notice.type === type);
      if (at >= 0) return this.notices.splice(at, 1)[0] as Extract<RoomNotice, { type: Type }>;
      if (this.socket.readyState >= WebSocket.CLOSING) throw new Error(`closed without "${type}"`);
      await Promise.race([new Promise<void>((resolve) => this.#wake.push(resolve)), this.closed]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
