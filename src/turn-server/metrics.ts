import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { Counters } from './counters.ts';

/** The counters in Prometheus' text format (version 0.0.4). */
export function renderMetrics(counters: Counters, live: readonly AllocationSnapshot[]): string {
  const traffic = counters.traffic(live);
  const byTransport = new Map<string, number>([
    ['udp', 0],
    ['tcp', 0],
    ['tls', 0],
  ]);
  for (const { transport } of live) byTransport.set(transport, (byTransport.get(transport) ?? 0) + 1);
  return [
    family('allocations', 'gauge', 'Allocations that live now.', labelled(byTransport, 'transport')),
    family('allocations_total', 'counter', 'Allocations made.', labelled(counters.created, 'transport')),
    family('allocations_ended_total', 'counter', 'Allocations that ended.', labelled(counters.ended, 'reason')),
    family('relayed_bytes_total', 'counter', 'Application data relayed.', [
      ['{direction="to_peer"}', traffic.bytesToPeers],
      ['{direction="to_client"}', traffic.bytesToClient],
    ]),
    family('relayed_packets_total', 'counter', 'Packets relayed.', [
      ['{direction="to_peer"}', traffic.packetsToPeers],
      ['{direction="to_client"}', traffic.packetsToClient],
    ]),
    family('dropped_packets_total', 'counter', 'Data on an allocation that went nowhere.', [
      ['', traffic.packetsDropped],
    ]),
    family(
      'rejected_total',
      'counter',
      'Requests refused, the first challenge of each client aside.',
      [...counters.rejected].map(([key, value]) => {
        const [method = '', code = ''] = key.split(/ (?=\d+$)/);
        return [`{method="${escapeLabel(method)}",code="${code}"}`, value];
      }),
    ),
    family('challenges_total', 'counter', 'First requests answered with 401, as they should be.', [
      ['', counters.challenges],
    ]),
    family('ignored_total', 'counter', 'Packets of no use.', labelled(counters.ignored, 'reason')),
    family('bindings_total', 'counter', 'Binding requests answered.', [['', counters.bindings]]),
  ].join('');
}

type Sample = readonly [labels: string, value: number];

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `iceprobe_turn_server_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

function labelled(values: ReadonlyMap<string, number>, label: string): Sample[] {
  return [...values].map(([key, value]) => [`{${label}="${escapeLabel(key)}"}`, value]);
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
}
