import type { FuzzTarget } from '../target.ts';
import * as calls from './calls.ts';
import * as files from './files.ts';
import * as machines from './machines.ts';
import * as messages from './messages.ts';
import * as packets from './packets.ts';
import * as texts from './texts.ts';

export const TARGETS: readonly FuzzTarget[] = [packets, texts, messages, calls, files, machines].flatMap((each) =>
  Object.values(each),
);
