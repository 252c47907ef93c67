import { repeatable, text } from '../options/option.ts';

/** Which targets of a configuration file. */
export const targetOptions = {
  target: repeatable(
    text({
      group: 'Servers',
      placeholder: 'NAME',
      help: 'this target of iceprobe.config.json, or of the file given by --config; without it all of them',
    }),
  ),
} as const;
