import type { PeerResult, Report } from '../../record/report.ts';
import { flow, labelled, WIDTH } from '../layout.ts';
import type { Style } from '../style.ts';
import { behaviourWords } from './nat.ts';

const INDENT = 6;

const PREDICTED = {
  yes: 'you two connect without a relay',
  no: 'you two need a relay',
  'not-determined': 'not determined',
} as const;
const CAME = {
  direct: 'connected without a relay',
  relayed: 'connected through a relay',
  none: 'did not connect',
} as const;

/** The other end of `--peer`: its NAT, what was to be expected of the two, and what came of it. */
export function peerLines({ peer }: Report, style: Style): string[] {
  if (peer === undefined) return [];
  const { nat, there, back } = peer;
  const packets =
    there.sent + back.sent === 0 ? [] : [`UDP there ${shown(there)}, back ${shown(back)}, without a relay`];
  const told = [...(nat === null ? ['its NAT is not known'] : behaviourWords(nat)), ...packets];
  const lines = [
    ...flow(told, WIDTH - INDENT, '   '),
    ...labelled('', `predicted: ${PREDICTED[peer.prediction.direct]} (${peer.prediction.reason})`, 0, 2),
    ...cameOf(peer),
  ];
  return lines.map((line, i) => (i === 0 ? style.accent('PEER'.padEnd(INDENT)) : ' '.repeat(INDENT)) + line.trim());
}

function cameOf({ outcome, by, agrees }: PeerResult): string[] {
  if (outcome === 'not-determined') return [];
  const words = agrees === null ? '' : agrees ? ', as predicted' : ', against the prediction';
  return [`came: ${by === 'call' ? 'the call' : 'packets alone'} ${CAME[outcome]}${words}`];
}

function shown({ sent, received }: PeerResult['there']): string {
  return `${received}/${sent}`;
}
