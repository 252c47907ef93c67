import { CALL_PATHS } from '../../core/call/path.ts';
import { networkOptions } from '../options/network.ts';
import { choice, flag, number, text } from '../options/option.ts';

/** What a call takes beside servers and output. Its sockets are the WebRTC implementation's: no interface, family or RTO. */
export const callOptions = {
  path: choice([...CALL_PATHS, 'all'], {
    group: 'Network',
    help: 'connect by these candidates alone; any: as an application would (default: all, each by itself)',
  }),
  duration: number({
    group: 'Network',
    placeholder: 'SECONDS',
    min: 0.2,
    max: 86_400,
    unit: ' of seconds',
    help: 'measure each connection this long (default: 1)',
  }),
  'no-trickle': flag({
    group: 'Network',
    help: 'tell all candidates at once with the description, when gathering is over',
  }),
  policy: networkOptions.policy,
  timeout: {
    ...networkOptions.timeout,
    help: 'end the run after this long, whatever happens (default: 15 for each path, and what it is measured)',
  },
  insecure: networkOptions.insecure,
  ca: networkOptions.ca,
  loopback: flag({ group: 'Network', help: 'tell candidates on loopback interfaces too' }),
  host: flag({ group: 'Network', help: 'wait for the other end in a room, and show how it is joined' }),
  join: text({
    group: 'Network',
    placeholder: 'ADDRESS|CODE',
    help: 'be the other end: the address that the one who waits shows, or its code with --via',
  }),
  via: text({ group: 'Network', placeholder: 'ADDRESS', help: 'a server of rooms (iceprobe signal, iceprobe web)' }),
  listen: text({
    group: 'Network',
    placeholder: 'ADDR',
    help: 'of --host without --via: have the room at this address of ours (default: 127.0.0.1)',
  }),
  offerer: text({
    group: 'Network',
    placeholder: 'BROWSER',
    help: 'let an installed browser offer, headless: chrome, chromium, edge, firefox, or the path of one',
  }),
  answerer: text({ group: 'Network', placeholder: 'BROWSER', help: 'the same for the end that answers' }),
  manual: choice(['offer', 'answer'], {
    group: 'Network',
    help: 'without any server of rooms: show an offer, or take one, to be copied and pasted',
  }),
} as const;
