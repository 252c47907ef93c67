import { startSignalServer } from '../../web/server/signal.ts';
import { defineCommand } from '../command.ts';
import { aborted } from '../signals.ts';
import { certificateFor } from '../web/certificate.ts';
import { listenError, roomServerUrls } from '../web/listen.ts';
import { listenOptions } from '../web/listen-options.ts';

export const command = defineCommand({
  description:
    'Serves rooms in which two ends of a call meet before they have a connection: by a short code, two to a room, for ten ' +
    'minutes. It passes on what they say and keeps nothing. Beyond this machine over TLS, with a certificate made on the spot ' +
    'that the printed address vouches for.',
  options: listenOptions,
  examples: [
    ['iceprobe signal --listen 0.0.0.0 --port 4433', 'for two machines that both reach this one'],
    ['iceprobe call --host --via ADDRESS', 'then at one end, with the address that it prints'],
    ['iceprobe call --join ADDRESS/CODE', 'and at the other'],
  ],
  async run({ options: given }, context) {
    const listen = given.listen ?? '127.0.0.1';
    const certificate = certificateFor(listen);
    const port = given.port ?? 0;
    const server = await startSignalServer({
      listen,
      port,
      ...(certificate === undefined ? {} : { tls: certificate.tls }),
    }).catch((error: unknown) => {
      throw listenError(error, listen, port);
    });
    try {
      for (const address of roomServerUrls(listen, server.port, certificate?.fingerprint)) {
        await context.stdout.write(`ready: ${address}\n`);
      }
      await aborted(context.signal);
      return 0;
    } finally {
      await server.close();
    }
  },
});
