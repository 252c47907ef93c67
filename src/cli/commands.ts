import type { Command } from './command.ts';

interface CommandEntry {
  /** A line for `iceprobe --help`. */
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Every command, in the order of `--help`. A new one is a module in commands/ and a line here. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  gather: { summary: 'gather ICE candidates (the default)', load: () => import('./commands/gather.ts') },
  probe: {
    summary: 'walk each URL up its ladder of stages, to data through the relay',
    load: () => import('./commands/probe.ts'),
  },
  nat: {
    summary: 'mapping, filtering, hairpinning, binding lifetime',
    load: () => import('./commands/nat.ts'),
  },
  doctor: { summary: 'all of these, then what is wrong and what to do', load: () => import('./commands/doctor.ts') },
  lint: { summary: 'check a configuration without sending a packet', load: () => import('./commands/lint.ts') },
  check: { summary: 'hold servers to expectations, for CI', load: () => import('./commands/check.ts') },
  monitor: {
    summary: 'repeat on a schedule; tell what changes, and Prometheus',
    load: () => import('./commands/monitor.ts'),
  },
  call: {
    summary: 'make a real peer connection over each path, and measure it',
    load: () => import('./commands/call.ts'),
  },
  decode: { summary: 'explain STUN and TURN packets', load: () => import('./commands/decode.ts') },
  replay: { summary: 'render a saved run again, in any format', load: () => import('./commands/replay.ts') },
  compare: { summary: 'tell what changed between two saved runs', load: () => import('./commands/compare.ts') },
  explain: {
    summary: 'what a finding means, what it needs as evidence, how to mend it',
    load: () => import('./commands/explain.ts'),
  },
  web: {
    summary: 'a page: what the browser sees, beside what the terminal sees',
    load: () => import('./commands/web.ts'),
  },
  signal: {
    summary: 'rooms in which two ends of a call meet',
    load: () => import('./commands/signal.ts'),
  },
  'turn-server': { summary: 'a TURN server on this machine', load: () => import('./commands/turn-server.ts') },
  credentials: { summary: 'mint REST credentials', load: () => import('./commands/credentials.ts') },
  completion: {
    summary: 'complete commands and options in your shell',
    load: () => import('./commands/completion.ts'),
  },
};

export const DEFAULT_COMMAND = 'gather';
