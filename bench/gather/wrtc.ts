// Runs on a client of the lab: gathers with libwebrtc as a Node add-on (@roamhq/wrtc) for each order, a line of JSON each.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { GatherOrder, GatherTime } from './contestants.ts';

interface Connection {
  readonly iceGatheringState: string;
  onicegatheringstatechange: (() => void) | null;
  onicecandidate: ((event: { readonly candidate: { readonly candidate: string } | null }) => void) | null;
  createDataChannel(label: string): unknown;
  createOffer(): Promise<unknown>;
  setLocalDescription(description: unknown): Promise<void>;
  close(): void;
}

const { RTCPeerConnection } = createRequire(import.meta.url)('@roamhq/wrtc') as {
  readonly RTCPeerConnection: new (configuration: object) => Connection;
};
process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { iceServers, limitMs } = JSON.parse(line) as GatherOrder;
  const startedAt = performance.now();
  const connection = new RTCPeerConnection({ iceServers });
  let relays = 0;
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate.includes(' typ relay ') === true) relays += 1;
  };
  const completeMs = await new Promise<number | null>((settle) => {
    const limit = setTimeout(settle, limitMs, null);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(limit);
      settle(performance.now() - startedAt);
    };
    connection.createDataChannel('gathering');
    void connection.createOffer().then((offer) => connection.setLocalDescription(offer));
  });
  connection.close();
  const answer: GatherTime = { completeMs, relays };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
