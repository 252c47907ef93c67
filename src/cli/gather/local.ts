import type { GatherOptions } from '../../probe/gather-options.ts';
import type { IceServer } from '../../turn-server/start.ts';
import { COMMANDS } from '../commands.ts';

export const LOCAL_BY_DEFAULT = `No server given: using a private TURN server on this machine.
No packet leaves it. This does NOT test your network.
`;

export const LOCAL_BY_OPTION = `Using a private TURN server on this machine.
No packet leaves it. This does NOT test your network.
`;

/** The embedded server, and what a run needs to use it. */
export async function startLocal(): Promise<AsyncDisposable & { readonly options: LocalOptions }> {
  const { startTurnServer } = await import('../../turn-server/start.ts');
  const server = await startTurnServer();
  return {
    options: { iceServers: server.iceServers, ...(server.caPem === undefined ? {} : { ca: server.caPem }) },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

interface LocalOptions extends Pick<GatherOptions, 'ca'> {
  readonly iceServers: readonly IceServer[];
}

/** What to do after having seen what it looks like; only what is there. */
export function nextSteps(): string {
  const real = COMMANDS['doctor'] === undefined ? 'iceprobe' : 'iceprobe doctor';
  const steps = [
    [`${real} turn:HOST -u USER -p -`, 'a real server (asks for the password)'],
    ...(COMMANDS['turn-server'] === undefined ? [] : [['iceprobe turn-server', 'keep one running']]),
    ...(COMMANDS['web'] === undefined ? [] : [['iceprobe web', 'compare with your browser']]),
  ];
  return `\nNext\n${steps.map(([line = '', what]) => `  ${line.padEnd(41)}${what}\n`).join('')}`;
}
