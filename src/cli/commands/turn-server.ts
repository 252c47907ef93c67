import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatSocketAddress } from '../../core/address.ts';
import { startClock } from '../../net/clock.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { certificateNames, type Placement, placeServer } from '../../turn-server/addresses.ts';
import { coturnConfig } from '../../turn-server/coturn-config.ts';
import type { TurnServerOptions } from '../../turn-server/options.ts';
import { type LocalTurnServer, startTurnServer } from '../../turn-server/start.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { styleFor } from '../output/style.ts';
import { aborted } from '../signals.ts';
import { runCommand } from '../turn-server/exec.ts';
import { faultHelp } from '../turn-server/fault-help.ts';
import { logLine } from '../turn-server/log.ts';
import { turnServerOptions } from '../turn-server/options.ts';
import { asUsageError, type GivenOptions, readTurnServerOptions } from '../turn-server/read-options.ts';
import { CA, withState } from '../turn-server/state.ts';
import { trustAdvice } from '../turn-server/trust.ts';

export const command = defineCommand({
  positionals: '[-- COMMAND...]',
  description:
    'A TURN server for development and tests, on this machine: over UDP, TCP and TLS, with credentials ready to paste. ' +
    'Prints {"iceServers":[...]} for new RTCPeerConnection(...) once it listens.',
  options: turnServerOptions,
  examples: [
    ['iceprobe turn-server', 'keep one running, on ports 3478 and 5349'],
    ['iceprobe turn-server --port 0 --tls-port 0 -- npm test', 'one for a test suite, in ICE_SERVERS'],
    ['iceprobe turn-server --lan --state ~/.iceprobe', 'for a telephone on the same network, the same each time'],
    ['iceprobe turn-server --fault allocate:486@2+ --fault data:drop,to-client@5%', 'one that fails on purpose'],
    ['iceprobe turn-server --print-config coturn --secret ...', 'grow up'],
  ],
  async run({ options: given, positionals, rest }, context) {
    if (positionals.length > 0) {
      throw new UsageError(`"${positionals[0]}" is not expected here`, 'a command to run stands after --');
    }
    if (given.exec !== undefined && rest.length > 0) {
      throw new UsageError('--exec and -- exclude each other', 'give the command once');
    }
    if (given.fault?.includes('help') === true) {
      await context.stdout.write(faultHelp());
      return 0;
    }
    const options = await readTurnServerOptions(given, context);
    const placement = place(options);
    if (given['print-config'] !== undefined) {
      await context.stdout.write(coturnConfig(options, placement, tlsFiles(given)));
      return 0;
    }
    const stored =
      given.state === undefined ? options : await withState(given.state, options, certificateNames(options, placement));
    const hasCommand = given.exec !== undefined || rest.length > 0;
    return serve(stored, given, hasCommand ? rest : undefined, context);
  },
});

/** Throws {@link UsageError} where the options name no place to stand. */
function place(options: TurnServerOptions): Placement {
  try {
    return placeServer(options, listInterfaces());
  } catch (error) {
    throw asUsageError(error);
  }
}

/** `words`: undefined where there is no command to run. */
async function serve(
  options: TurnServerOptions,
  given: GivenOptions,
  words: readonly string[] | undefined,
  context: Context,
): Promise<number> {
  const style = styleFor(context.stderr);
  const clock = startClock();
  const log = (line: string | undefined): void => {
    // The log is for people: one who no longer reads it, or a full disk, must not end the server.
    if (line !== undefined && given.quiet !== true) context.stderr.write(line).catch(() => {});
  };
  let server: LocalTurnServer;
  try {
    server = await startTurnServer({ ...options, onEvent: (event) => log(logLine(event, clock.now(), style)) });
  } catch (error) {
    throw asUsageError(error);
  }
  try {
    const json = `${JSON.stringify({ iceServers: server.iceServers })}\n`;
    const ready = readyLine(server);
    if (words !== undefined) {
      log(ready);
      return await execute(server, given, words, json, context);
    }
    await context.stdout.write(json + ready);
    log(
      trustAdvice(server, given.state === undefined || given.cert !== undefined ? undefined : resolve(given.state, CA)),
    );
    await aborted(context.signal);
    return 0;
  } finally {
    await server.close();
  }
}

function readyLine(server: LocalTurnServer): string {
  const places = server.addresses.map((address) => formatSocketAddress({ ...address, port: server.port }));
  const secure = server.addresses.map((address) => formatSocketAddress({ ...address, port: server.tlsPort }));
  const status = server.statusUrl === undefined ? '' : `; status on ${server.statusUrl}`;
  return `ready: turn (UDP, TCP) on ${places.join(', ')}; turns (TLS) on ${secure.join(', ')}${status}\n`;
}

async function execute(
  server: LocalTurnServer,
  given: GivenOptions,
  words: readonly string[],
  json: string,
  context: Context,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-turn-server-'));
  try {
    const caFile = join(folder, CA);
    if (server.caPem !== undefined) writeFileSync(caFile, server.caPem, { mode: 0o600 });
    const env = {
      ...context.env,
      ICE_SERVERS: json.trim(),
      ...(server.caPem === undefined ? {} : { ICE_SERVERS_CA_FILE: caFile }),
    };
    return await runCommand({ line: given.exec, words, env, signal: context.signal }, (message) => {
      context.stderr.write(`iceprobe: the command could not be started: ${message}\n`).catch(() => {});
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tlsFiles(given: GivenOptions): { readonly cert: string; readonly key: string } | undefined {
  if (given.cert === undefined || given.key === undefined) return undefined;
  return { cert: resolve(given.cert), key: resolve(given.key) };
}
