import type { PageMessage, TerminalMessage } from '../../record/page-messages.ts';

export type LinkState = 'none' | 'connecting' | 'open' | 'closed';

/** The WebSocket to the terminal that serves this page. A page opened from disk has none. */
export class Link {
  state: LinkState;
  #socket: WebSocket | undefined;
  readonly #onMessage: (message: TerminalMessage) => void;
  readonly #onState: () => void;

  constructor(onMessage: (message: TerminalMessage) => void, onState: () => void) {
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.state = /^https?:$/.test(location.protocol) ? 'connecting' : 'none';
    if (this.state === 'connecting') this.#connect();
  }

  send(message: PageMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(): void {
    const socket = new WebSocket(socketUrl('events'));
    this.#socket = socket;
    socket.addEventListener('open', () => this.#set('open'));
    socket.addEventListener('close', () => this.#set('closed'));
    socket.addEventListener('message', ({ data }) => this.#onMessage(JSON.parse(String(data)) as TerminalMessage));
  }

  #set(state: LinkState): void {
    this.state = state;
    this.#onState();
  }
}

/** Of a WebSocket of the server that this page came from, beside the page's own path. */
export function socketUrl(name: string): URL {
  const url = new URL(name, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  return url;
}
