import { defineCommand } from '../command.ts';
import { vantageOptions } from '../gather/options.ts';
import { furtherOptions, lifetimeOptions, natOptions, probeOptions } from '../suite/options.ts';
import { runSuite, suiteOptions } from '../suite/run.ts';

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Checks the configuration, gathers as a browser does, finds what kind of NAT there is, proves that data crosses each ' +
    'relay, and then says what is wrong, where the fault lies, and what to do.',
  options: {
    ...suiteOptions,
    ...vantageOptions,
    ...probeOptions,
    ...furtherOptions,
    ...lifetimeOptions,
    ...natOptions,
  },
  examples: [
    ['iceprobe doctor turn:turn.example.org turns:turn.example.org -u alice -p -', 'asks for the password'],
    ['iceprobe doctor -c ice.json --report markdown=ticket.md', 'and a report to send, without addresses'],
    ['iceprobe doctor --local', 'see what it looks like, without a server'],
  ],
  run: ({ options, positionals }, context) =>
    runSuite({ name: 'doctor', parts: ['gather', 'nat', 'probe'] }, options, positionals, context),
});
