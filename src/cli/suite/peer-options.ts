import { callOptions } from '../call/options.ts';
import { text } from '../options/option.ts';

/** Another iceprobe at another place, as this one's witness. The rooms are those of `call`. */
export const peerOptions = {
  peer: text({
    group: 'Network',
    placeholder: 'host|ADDRESS|CODE',
    help: 'with another iceprobe at another place: each sends to what the other has gathered, then they call. host: wait for it, and show what is typed there',
  }),
  via: callOptions.via,
  listen: { ...callOptions.listen, help: callOptions.listen.help.replace('--host', '--peer host') },
} as const;
