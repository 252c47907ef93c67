import { labelled } from '../../report/layout.ts';
import type { Style } from '../../report/style.ts';
import type { DecodedPacket } from './decode.ts';

const NAME_AT = 8;
const VALUE_AT = 36;

/** A packet for a person, without an empty line at its end. */
export function prettyPacket(packet: DecodedPacket, style: Style): string {
  const lines = [...placeLines(packet, style), ...contentLines(packet, style)];
  return lines.map((line) => `${line}\n`).join('');
}

function placeLines({ frame, time, protocol, from, to }: DecodedPacket, style: Style): string[] {
  if (from === undefined) return [];
  return [style.dim([`#${frame}`, time, protocol, from, '->', to].filter((part) => part !== undefined).join('  '))];
}

function contentLines({ message, channelData, error }: DecodedPacket, style: Style): string[] {
  if (error !== undefined) return [style.error(`not STUN: byte ${error.offset}: ${error.message}`)];
  if (channelData !== undefined) {
    const { channel, length, firstBytes } = channelData;
    const head = style.bold('ChannelData');
    return [`${head}, channel 0x${channel.toString(16)}, ${length} bytes of data`, ...row('', '', firstBytes)];
  }
  if (message === undefined) return [];
  const { method, class: kind, length, transactionId, attributes, integrity } = message;
  const head = `${style.bold(`${method} ${CLASSES[kind]}`)}, ${length} bytes, transaction ${transactionId}`;
  return [
    head,
    ...attributes.flatMap((attribute) => {
      const isIntegrity = attribute.name.startsWith('MESSAGE-INTEGRITY') && integrity !== undefined;
      const value = isIntegrity ? integrity.detail : attribute.value;
      const lines = row(`${attribute.offset}`, attribute.name, value);
      const colored = isIntegrity && integrity.verdict === 'invalid' ? lines.map(style.error) : lines;
      return [
        ...colored,
        ...attribute.problems.flatMap((problem) => row('', '', `! ${problem.message}`).map(style.warning)),
      ];
    }),
  ];
}

const CLASSES = {
  request: 'request',
  indication: 'indication',
  success: 'success response',
  error: 'error response',
} as const;

function row(offset: string, name: string, value: string): string[] {
  const label = `${offset.padStart(NAME_AT - 3)}  ${name}`.padEnd(VALUE_AT - 1);
  const [first, ...more] = labelled(label, value, VALUE_AT, 0);
  return [first ?? label.trimEnd(), ...more];
}
