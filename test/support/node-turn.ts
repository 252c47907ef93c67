import { freePort } from './ports.ts';
import { startProcess } from './processes.ts';

/** node-turn 0.0.6 as it is published, with the user `user` and the password `password`: a peer with known faults. */
export async function startNodeTurn(): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await freePort(['127.0.0.1']);
  const script = `
    const Turn = require('node-turn');
    const server = new Turn({ listeningIps: ['127.0.0.1'], listeningPort: ${port}, realm: 'example.org', authMech: 'long-term',
      credentials: { user: 'password' }, debugLevel: 'OFF' });
    server.start();
    server.network.sockets[0].once('listening', () => console.log('ready'));`;
  const server = startProcess(process.execPath, ['-e', script], { cwd: new URL('.', import.meta.url).pathname });
  await server.waitForOutput((output) => output.includes('ready\n'), 10_000, 'ready');
  return { port, [Symbol.asyncDispose]: () => server.stop() };
}
