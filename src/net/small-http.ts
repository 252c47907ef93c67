import { request } from 'node:http';

export interface SmallRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of this machine. */
  readonly localAddress: string;
  readonly signal: AbortSignal;
}

/** Descriptions of home routers have a few kilobytes. */
const LIMIT = 65_536;

/** The body of an answer of up to 64 KiB; undefined where none comes, or a longer one. Follows no redirection, never throws. */
export function smallRequest({
  url,
  method,
  headers,
  body,
  localAddress,
  signal,
}: SmallRequest): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(url, { method, headers: { ...headers }, localAddress, signal, agent: false, family: 4 });
    asked.once('error', () => resolve(undefined));
    asked.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LIMIT) asked.destroy();
        else chunks.push(chunk);
      });
      response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.once('close', () => resolve(undefined));
    });
    asked.end(body);
  });
}
