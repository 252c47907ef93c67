import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { HEADERS } from './guard.ts';
import { type ListenOptions, startListening } from './listening.ts';
import { ROOM_PAYLOAD, RoomService, type RoomServiceLimits } from './room-service.ts';

/** Where rooms are, on whatever serves them. */
export const ROOMS_PATH = '/rooms';

export interface SignalServerOptions extends ListenOptions {
  readonly limits?: Partial<RoomServiceLimits>;
}

export interface SignalServer extends AsyncDisposable {
  readonly port: number;
  readonly size: RoomService['size'];
  close(): Promise<void>;
}

/**
 * Serves rooms and nothing else; resolves once it listens. Rejects with the system's error, or a `TypeError` for an address
 * beyond this machine without TLS.
 */
export async function startSignalServer(options: SignalServerOptions = {}): Promise<SignalServer> {
  const { server, port, close: stop } = await startListening(options);
  const doorway = new RoomDoorway(new RoomService(options.limits));
  server.on('request', (request, response) => {
    response.writeHead(request.url === ROOMS_PATH ? 426 : 404, { ...HEADERS, 'content-type': 'text/plain' });
    response.end('Rooms for "iceprobe call --join" are here, by WebSocket.\n');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A page of anybody's could use a visitor's network to come here; our own page has a server of its own.
    if (request.url === ROOMS_PATH && request.headers.origin === undefined) doorway.enter(request, socket, head);
    else refuseUpgrade(socket, '403 Forbidden');
  });
  const close = (): Promise<void> => {
    doorway.close();
    return stop();
  };
  return {
    port,
    get size() {
      return doorway.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Lets WebSockets into rooms. */
export class RoomDoorway {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: ROOM_PAYLOAD, perMessageDeflate: false });
  readonly #rooms: RoomService;

  constructor(rooms: RoomService) {
    this.#rooms = rooms;
  }

  get size(): RoomService['size'] {
    return this.#rooms.size;
  }

  enter(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = request.socket.remoteAddress ?? '';
    if (this.#rooms.hasRoomFor(address)) {
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#rooms.accept(opened, address));
    } else refuseUpgrade(socket, '503 Service Unavailable');
  }

  close(): void {
    this.#rooms.close();
    this.#sockets.close();
  }
}

export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
