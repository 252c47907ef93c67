import { fromBase64 } from '../../core/base64.ts';
import { fromHex } from '../../core/bytes.ts';

/**
 * The packets in a text: hex in any of its usual spellings (`0001...`, `00:01`, `0x00, 0x01`, `\x00`), a dump with offsets
 * (xxd, hexdump -C, tcpdump -x, Wireshark), or base64. Several dumps, or one packet a line, are several packets. Undefined
 * where it is none of these.
 */
export function packetsInText(text: string): Uint8Array[] | undefined {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*/, ''))
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  const dumps = readDumps(lines);
  if (dumps !== undefined) return dumps;
  const whole = bytesOf(lines.join('\n'));
  if (lines.length === 1) return whole === undefined ? undefined : [whole];
  // One packet a line, unless all lines are one packet that was wrapped: its header tells the length.
  const each = lines.map(bytesOf);
  const separate = each.every((bytes) => bytes !== undefined && holdsOneMessage(bytes));
  if (separate) return each.filter((bytes) => bytes !== undefined);
  return whole === undefined ? undefined : [whole];
}

/** A line of a dump: the offset, then bytes or pairs of bytes, then whatever the tool prints beside them. */
const DUMP_LINE =
  /^\s*(?:0x)?([0-9a-f]{4,8})(?::\s*|\s\s+|\s(?=[0-9a-f]{2}(?:\s|$)))((?:[0-9a-f]{2}){1,2}(?:\s{1,2}(?:[0-9a-f]{2}){1,2}(?![0-9a-z]))*)/i;

function readDumps(lines: readonly string[]): Uint8Array[] | undefined {
  const dumps: number[][] = [];
  for (const line of lines) {
    const match = DUMP_LINE.exec(line);
    // Between dumps tcpdump prints a line about the packet.
    if (match === null) {
      if (dumps.length === 0 && lines.indexOf(line) > 3) return undefined;
      continue;
    }
    const offset = Number.parseInt(match[1] ?? '', 16);
    if (offset === 0) dumps.push([]);
    const dump = dumps.at(-1);
    if (dump === undefined || offset !== dump.length) return undefined;
    const bytes = fromHex((match[2] ?? '').replace(/\s+/g, '')) ?? [];
    dump.push(...bytes.slice(0, 16));
  }
  return dumps.length === 0 ? undefined : dumps.map((dump) => Uint8Array.from(dump));
}

function bytesOf(text: string): Uint8Array | undefined {
  const bare = text.replace(/0x|\\x|[\s,:;{}[\]()"']/gi, '');
  if (bare !== '' && /^[0-9a-f]+$/i.test(bare)) return fromHex(bare);
  const base64 = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  return base64.length < 4 ? undefined : fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '='));
}

/** By its own length: a STUN message, or ChannelData with or without padding. */
function holdsOneMessage(bytes: Uint8Array): boolean {
  const length = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
  const isChannelData = ((bytes[0] ?? 0) & 0xc0) === 0x40;
  if (isChannelData) return bytes.length - 4 - length >= 0 && bytes.length - 4 - length < 4;
  return bytes.length >= 20 && bytes.length === 20 + length;
}
