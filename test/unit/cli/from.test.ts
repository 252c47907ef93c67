import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { runInFakeWorld } from '../../support/context.ts';

const SERVERS = JSON.stringify({ iceServers: [{ urls: 'turn:a.example', username: 'u', credential: 'hunter2' }] });

async function serving(listener: RequestListener): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

describe('--from', () => {
  it('fetches a configuration, with the login of its address', async () => {
    const seen: (string | undefined)[] = [];
    await using web = await serving((request, response) => {
      seen.push(request.headers.authorization, request.headers.accept);
      response.end(SERVERS);
    });
    const from = web.origin.replace('//', '//me:pass%20word@');
    const { exitCode, stdout, stderr } = await runInFakeWorld(['lint', '--from', `${from}/ice`, '-f', 'json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect((JSON.parse(stdout) as Report).configuration.iceServers[0]?.urls).toEqual(['turn:a.example']);
    expect(stdout).not.toContain('hunter2');
    expect(seen).toEqual([`Basic ${Buffer.from('me:pass word').toString('base64')}`, 'application/json']);
  });

  it.each([
    [404, 'no', 'the answer is 404 Not Found', 'the address must answer a GET with the configuration'],
    [401, 'no', 'the answer is 401 Unauthorized', 'it wants a login'],
    [200, '<html></html>', 'the answer is a web page, not a configuration', 'give the address that answers with JSON'],
    [200, ' ', 'the answer is empty', 'give the address that answers with JSON'],
    [200, 'x'.repeat(1_100_000), 'the answer is longer than 1048576 bytes', 'check the address'],
  ])('refuses an answer of %i %.20j', async (status, body, problem, hint) => {
    await using web = await serving((_request, response) => response.writeHead(status).end(body));
    const { exitCode, stdout, stderr } = await runInFakeWorld(['lint', '--from', `${web.origin}/ice?token=hunter2`]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`iceprobe: --from ${web.origin}/ice: ${problem}\n`);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('hunter2');
  });

  it('names the place of a mistake in what it fetched', async () => {
    await using web = await serving((_request, response) => response.end('{"iceServers": [}'));
    const { stderr } = await runInFakeWorld(['lint', '--from', `${web.origin}/ice`]);
    expect(stderr).toMatch(/^iceprobe: http:\/\/127\.0\.0\.1:\d+\/ice:1:17: /);
  });

  it('says why nothing came', async () => {
    const { origin } = await (async () => {
      await using web = await serving(() => {});
      return { origin: web.origin };
    })();
    const { exitCode, stderr } = await runInFakeWorld(['lint', '--from', origin]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `iceprobe: --from ${origin}/: the connection was refused\n  check the address; a file can be given by --config\n`,
    });
  });

  it('ends when it is interrupted', async () => {
    await using web = await serving(() => {});
    const abort = new AbortController();
    const why = new Error('interrupted');
    setTimeout(() => abort.abort(why), 50);
    await expect(runInFakeWorld(['lint', '--from', web.origin], { signal: abort.signal })).rejects.toBe(why);
  });
});
