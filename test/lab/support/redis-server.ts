import type { Socket } from 'node:net';
import type { Service } from './agent-protocol.ts';

/** As much of Redis (RESP2) as coturn's `redis-userdb` needs: keys of users, and nothing of anything else. */
export function serveRedis(socket: Socket, { delayMs, keys }: Extract<Service, { kind: 'redis' }>): void {
  let text = '';
  let answered = Promise.resolve();
  const answer = (words: readonly string[]): Promise<void> => {
    const [command = '', name = ''] = words;
    if (command.toLowerCase() !== 'get') {
      socket.write(LISTS.includes(command.toLowerCase()) ? '*0\r\n' : '+OK\r\n');
      return Promise.resolve();
    }
    const key = keys[name];
    if (key === undefined) {
      socket.write('$-1\r\n');
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      setTimeout(() => {
        socket.write(`$${key.length}\r\n${key}\r\n`);
        resolve();
      }, delayMs);
    });
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    for (let next = takeCommand(text); next !== undefined; next = takeCommand(text)) {
      const { words, rest } = next;
      text = rest;
      // One at a time, in order, as Redis does it.
      answered = answered.then(() => answer(words));
    }
  });
}

const LISTS = ['keys', 'smembers', 'hkeys', 'hgetall'];

/** `*2\r\n$3\r\nget\r\n$4\r\nname\r\n`: undefined until it is whole. */
function takeCommand(text: string): { readonly words: readonly string[]; readonly rest: string } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  for (let i = 0; i < Number(head[1]); i++) {
    const length = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (length === null) return undefined;
    const from = at + length[0].length;
    const to = from + Number(length[1]);
    if (text.length < to + 2) return undefined;
    words.push(text.slice(from, to));
    at = to + 2;
  }
  return { words, rest: text.slice(at) };
}
