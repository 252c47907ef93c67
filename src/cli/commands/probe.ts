import { defineCommand } from '../command.ts';
import { furtherOptions, probeOptions } from '../suite/options.ts';
import { runSuite, suiteOptions } from '../suite/run.ts';

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Walks each URL, at each of its addresses, up a ladder of stages: resolve, connect, tls, binding, challenge, allocate, ' +
    'permission, relay-data, channel, refresh, release. Data is sent through the relay in three directions, from a second ' +
    'socket of this machine that never speaks TURN.',
  options: { ...suiteOptions, ...probeOptions, ...furtherOptions },
  examples: [
    ['iceprobe probe turn:turn.example.org -u alice -p -', 'does data cross this relay? Asks for the password'],
    ['iceprobe probe -c ice.json --packets 500 --size 1200', 'more packets, larger ones'],
    ['iceprobe probe --local', 'see what it looks like, without a server'],
  ],
  run: ({ options, positionals }, context) =>
    runSuite({ name: 'probe', parts: ['probe'] }, options, positionals, context),
});
