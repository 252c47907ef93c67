import type { DataFault, LegFault } from './plan.ts';
import type { FaultRow } from './row.ts';
import { percent, readPorts } from './values.ts';

/** What befalls relayed data, and everything on the way between client and server. */
export const DATA_ROWS: readonly FaultRow[] = [
  data('drop[,IF...]', 'data is lost', 'data:drop,to-client,size>1200', /^drop((?:,[^,]+)*)$/, 'drop'),
  data('corrupt[,IF...]', 'a byte of the data is changed', 'data:corrupt,to-peer', /^corrupt((?:,[^,]+)*)$/, 'corrupt'),
  data(
    'rate=KBIT[,IF...]',
    'what goes beyond this many kilobits per second is lost',
    'data:rate=256',
    /^rate=(\d{1,7})((?:,[^,]+)*)$/,
    'rate',
  ),
  // The client's leg
  leg('loss=N%', 'datagrams are lost', 'client:loss=20%', /^loss=(.+)$/, (text) => ({ loss: percent(text) })),
  leg('duplicate=N%', 'datagrams come twice', 'client-out:duplicate=50%', /^duplicate=(.+)$/, (text) => ({
    duplicate: percent(text),
  })),
  leg(
    'reorder=N%',
    'datagrams are overtaken by what comes within 20 ms',
    'client-in:reorder=10%',
    /^reorder=(.+)$/,
    (text) => ({
      reorder: percent(text),
    }),
  ),
  leg('delay=MS', 'everything takes longer', 'client:delay=150', /^delay=(\d{1,6})$/, (text) => ({
    delayMs: Number(text),
  })),
  leg('jitter=MS', 'everything takes longer, by up to this', 'client:jitter=30', /^jitter=(\d{1,6})$/, (text) => ({
    jitterMs: Number(text),
  })),
];

function data(
  form: string,
  help: string,
  example: string,
  value: RegExp,
  effect: 'drop' | 'corrupt' | 'rate',
): FaultRow {
  return {
    form: `data:${form}[@WHICH]`,
    help,
    example,
    subjects: ['data'],
    value,
    read(match, _subject, which) {
      const conditions = readConditions(match.at(-1) ?? '');
      if (typeof conditions === 'string') return conditions;
      const what = effect === 'rate' ? { kilobitsPerSecond: Number(match[1]) } : effect;
      return { data: [{ ...conditions, effect: what, which }] };
    },
  };
}

const NO_LEG_FAULT = { loss: 0, duplicate: 0, reorder: 0, delayMs: 0, jitterMs: 0 } as const;

function leg(
  form: string,
  help: string,
  example: string,
  value: RegExp,
  read: (text: string) => Partial<LegFault>,
): FaultRow {
  return {
    form: `LEG:${form}`,
    help,
    example,
    subjects: ['client', 'client-in', 'client-out'],
    value,
    read([, text = ''], subject) {
      const values = read(text);
      if (Object.values(values).some((each) => Number.isNaN(each))) return `${text} is no percentage`;
      const direction = subject === 'client' ? undefined : subject === 'client-in' ? 'in' : 'out';
      return { legs: [{ ...NO_LEG_FAULT, ...values, direction }] };
    },
  };
}

function readConditions(list: string): Omit<DataFault, 'effect' | 'which'> | string {
  let conditions: Omit<DataFault, 'effect' | 'which'> = {
    direction: undefined,
    carriedBy: undefined,
    longerThan: undefined,
    relayPorts: undefined,
    peerPorts: undefined,
    unsolicited: false,
  };
  for (const text of list.split(',').filter((each) => each !== '')) {
    const [, size] = /^size>(\d{1,5})$/.exec(text) ?? [];
    const [, ports, range = ''] = /^(relay|peer)-port=(.+)$/.exec(text) ?? [];
    if (text === 'to-peer' || text === 'to-client') conditions = { ...conditions, direction: text };
    else if (text === 'channel' || text === 'indication') conditions = { ...conditions, carriedBy: text };
    else if (text === 'unsolicited') conditions = { ...conditions, unsolicited: true, direction: 'to-client' };
    else if (size !== undefined) conditions = { ...conditions, longerThan: Number(size) };
    else if (ports !== undefined) {
      const read = readPorts(range);
      if (read === undefined) return `${range} is no port, and no range of ports`;
      conditions = { ...conditions, [ports === 'relay' ? 'relayPorts' : 'peerPorts']: read };
    } else return `${text} is no condition`;
  }
  return conditions;
}
