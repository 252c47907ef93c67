import { formatSocketAddress } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import type { AllocationSnapshot } from '../../core/turn/server/allocation.ts';
import type { Style } from '../../report/style.ts';
import type { LocalTurnServerEvent } from '../../turn-server/options.ts';

/** One line of the live log, or undefined for what would only be noise in it: challenges, refreshed permissions. */
export function logLine(event: LocalTurnServerEvent, ms: number, style: Style): string | undefined {
  const words = wordsFor(event, style);
  if (words === undefined) return undefined;
  const [what, detail] = words;
  return `${(ms / 1000).toFixed(3).padStart(9)}  ${what}  ${printable(detail)}\n`;
}

function wordsFor(event: LocalTurnServerEvent, style: Style): readonly [string, string] | undefined {
  switch (event.type) {
    case 'allocation-created': {
      const { allocation } = event;
      const relayed = allocation.relayed.map(formatSocketAddress).join(' and ');
      return [style.good('allocated '), `${clientOf(allocation)} has ${relayed}, for ${allocation.username}`];
    }
    case 'allocation-refreshed':
      return [style.dim('refreshed '), `${clientOf(event.allocation)} for ${event.lifetime} s`];
    case 'allocation-ended': {
      const { allocation } = event;
      const traffic = `${bytes(allocation.bytesToPeers)} to peers, ${bytes(allocation.bytesToClient)} to the client`;
      const dropped = allocation.packetsDropped === 0 ? '' : `, ${allocation.packetsDropped} packets dropped`;
      return [style.accent('ended     '), `${clientOf(allocation)} ${event.reason}: ${traffic}${dropped}`];
    }
    case 'permission':
      if (event.change === 'refreshed') return undefined;
      return [style.dim('permission'), `#${event.allocation} ${event.change} for ${event.peer}`];
    case 'channel': {
      if (event.change === 'refreshed') return undefined;
      const number = `0x${event.channel.toString(16)}`;
      return [
        style.dim('channel   '),
        `#${event.allocation} ${number} ${event.change} to ${formatSocketAddress(event.peer)}`,
      ];
    }
    case 'rejected': {
      if (event.challenge) return undefined;
      const client = `${event.transport} ${formatSocketAddress(event.client)}`;
      const words = `${event.method} from ${client}: ${event.code}, ${event.reason}`;
      return [event.code === 438 ? style.dim('stale     ') : style.error('refused   '), words];
    }
    case 'ignored': {
      const detail = `${event.length} bytes from ${formatSocketAddress(event.from)}: ${event.reason}, ${event.detail}`;
      return [style.warning('ignored   '), detail];
    }
    case 'binding':
      return [style.dim('binding   '), `${event.transport} ${formatSocketAddress(event.client)}`];
    case 'handshake-failed':
      return [style.error('tls       '), `${formatSocketAddress(event.client)}: ${event.why}`];
    case 'stream-closed':
      return [style.warning('closed    '), `${formatSocketAddress(event.client)}: ${event.why}`];
  }
}

function clientOf({ id, transport, client }: AllocationSnapshot): string {
  return `#${id} ${transport} ${formatSocketAddress(client)}`;
}

function bytes(count: number): string {
  if (count < 1000) return `${count} bytes`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
