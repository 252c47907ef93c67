import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { vantageOptions } from '../gather/options.ts';
import { furtherOptions, lifetimeOptions, natOptions, probeOptions } from '../suite/options.ts';
import { peerOptions } from '../suite/peer-options.ts';
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
    ...peerOptions,
  },
  examples: [
    ['iceprobe doctor turn:turn.example.org turns:turn.example.org -u alice -p -', 'asks for the password'],
    ['iceprobe doctor -c ice.json --report markdown=ticket.md', 'and a report to send, without addresses'],
    ['iceprobe doctor -c ice.json --peer host --listen 192.0.2.7', 'with another place: it shows what to type there'],
    ['iceprobe doctor --local', 'see what it looks like, without a server'],
  ],
  async run({ options, positionals }, context) {
    const suite = { name: 'doctor', parts: ['gather', 'nat', 'probe'] } as const;
    const { peer, via, listen, vantage } = options;
    if (peer === undefined) {
      const stray = via === undefined ? (listen === undefined ? undefined : '--listen') : '--via';
      if (stray !== undefined) throw new UsageError(`${stray} is of no use without --peer`, 'add --peer host or CODE');
      return runSuite(suite, options, positionals, context);
    }
    if (vantage === 'browser' || vantage === 'both') {
      throw new UsageError('--peer and a browser as the vantage contradict each other', 'leave one of them out');
    }
    // With them come WebSockets and peers, which nobody else needs.
    const { doctorWithPeer } = await import('../suite/peer.ts');
    return doctorWithPeer(suite, { ...options, peer }, positionals, context);
  },
});
