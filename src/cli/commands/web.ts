import { VERSION } from '../../core/version.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { LocalTurnServer } from '../../turn-server/start.ts';
import { readBuiltPage, startWebServer, type WebServer } from '../../web/server.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { readNetwork } from '../gather/network.ts';
import { networkOptions } from '../options/network.ts';
import { flag } from '../options/option.ts';
import { serverOptions } from '../options/server.ts';
import type { Configuration } from '../servers/configuration.ts';
import { configure } from '../servers/configure.ts';
import { aborted } from '../signals.ts';
import { certificateFor } from '../web/certificate.ts';
import { listenError, roomServerUrls } from '../web/listen.ts';
import { listenOptions } from '../web/listen-options.ts';
import { openInBrowser } from '../web/open.ts';
import { terminalGather } from '../web/terminal-gather.ts';

const options = {
  ...serverOptions,
  ...networkOptions,
  ...listenOptions,
  open: flag({ group: 'Options', help: 'open the page in the default browser' }),
} as const;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    "Serves a page that gathers with the browser's own WebRTC and with the sockets of this terminal, for the same " +
    'servers, side by side, says where they differ and why, and makes calls. Only whoever has the printed address gets in.',
  options,
  examples: [
    ['iceprobe web --open', 'a look around, on a local TURN server'],
    ['iceprobe web turn:turn.example.org -u alice -p -', 'with a server of your own'],
  ],
  async run({ options: given, positionals }, context) {
    const listen = given.listen ?? '127.0.0.1';
    const configuration = await configure(positionals, given, context);
    const certificate = certificateFor(listen);
    const local = new LocalServer();
    let web: WebServer | undefined;
    try {
      const iceServers = configuration === undefined ? await local.start() : pageServers(configuration);
      if (configuration === undefined && given.local !== true) {
        await context.stderr.write('no servers given: a local TURN server serves, which does not test your network\n');
      }
      web = await serve({
        page: readBuiltPage(),
        tool: { name: 'iceprobe', version: VERSION, node: process.version, platform: process.platform },
        listen,
        port: given.port ?? 0,
        ...(certificate === undefined ? {} : { tls: certificate.tls }),
        roomServer: (port) => roomServerUrls(listen, port, certificate?.fingerprint)[0],
        iceServers,
        iceTransportPolicy: configuration?.policy ?? given.policy ?? 'all',
        timeoutMs: 1000 * (given.timeout ?? 10),
        gather: terminalGather(await readNetwork(given, configuration)),
        startLocalServer: () => local.start(),
        onOpened: () => void announceAnother(web, context),
      });
      const url = web.newUrl();
      await context.stdout.write(`ready: ${url}\n`);
      if (given.open === true) {
        const failure = await openInBrowser(url);
        if (failure !== undefined) await context.stderr.write(`cannot open a browser (${failure}): open it yourself\n`);
      }
      await aborted(context.signal);
      return 0;
    } finally {
      await web?.close();
      await local.close();
    }
  },
});

/** A ticket opens the page once: whoever wants it in a second browser as well needs another. */
async function announceAnother(web: WebServer | undefined, { stderr }: Context): Promise<void> {
  if (web !== undefined) await stderr.write(`opened; for another browser: ${web.newUrl()}\n`).catch(() => {});
}

async function serve(options: Parameters<typeof startWebServer>[0]): Promise<WebServer> {
  try {
    return await startWebServer(options);
  } catch (error) {
    throw listenError(error, options.listen ?? '127.0.0.1', options.port ?? 0);
  }
}

/** Handing credentials on is what the page's form is for. */
function pageServers({ servers }: Configuration): PageIceServer[] {
  return servers.map(({ urls, username, credential }) => ({
    urls: urls.map((url) => url.text),
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential: credential.reveal() }),
  }));
}

/** The embedded TURN server: at most one, started when it is first asked for. */
class LocalServer {
  #server: Promise<LocalTurnServer> | undefined;

  async start(): Promise<readonly PageIceServer[]> {
    // A browser would not trust its certificate: over TLS it could only fail.
    this.#server ??= import('../../turn-server/start.ts').then(({ startTurnServer }) =>
      startTurnServer({ transports: ['udp', 'tcp'] }),
    );
    return (await this.#server).iceServers;
  }

  async close(): Promise<void> {
    await (await this.#server)?.close();
  }
}
