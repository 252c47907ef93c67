import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { TurnServerEvent } from '../core/turn/server/io.ts';

/** Counts what the server tells, as metrics want it: numbers that only grow. */
export class Counters {
  bindings = 0;
  challenges = 0;
  readonly created = new Map<string, number>();
  readonly ended = new Map<string, number>();
  readonly rejected = new Map<string, number>();
  readonly ignored = new Map<string, number>();
  /** Of allocations that are over. */
  readonly before = { packetsToPeers: 0, bytesToPeers: 0, packetsToClient: 0, bytesToClient: 0, packetsDropped: 0 };

  onEvent(event: TurnServerEvent): void {
    switch (event.type) {
      case 'allocation-created':
        count(this.created, event.allocation.transport);
        break;
      case 'allocation-ended':
        count(this.ended, event.reason);
        addTraffic(this.before, event.allocation);
        break;
      case 'rejected':
        if (event.challenge) this.challenges++;
        else count(this.rejected, `${event.method} ${event.code}`);
        break;
      case 'ignored':
        count(this.ignored, event.reason);
        break;
      case 'binding':
        this.bindings++;
        break;
    }
  }

  /** All data so far: what is over, and what lives. */
  traffic(live: readonly AllocationSnapshot[]): Counters['before'] {
    const sum = { ...this.before };
    for (const allocation of live) addTraffic(sum, allocation);
    return sum;
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function addTraffic(sum: Counters['before'], allocation: AllocationSnapshot): void {
  sum.packetsToPeers += allocation.packetsToPeers;
  sum.bytesToPeers += allocation.bytesToPeers;
  sum.packetsToClient += allocation.packetsToClient;
  sum.bytesToClient += allocation.bytesToClient;
  sum.packetsDropped += allocation.packetsDropped;
}
