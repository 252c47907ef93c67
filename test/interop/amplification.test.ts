import { createSocket, type Socket } from 'node:dgram';
import { expect, it } from 'vitest';
import {
  ChangeRequest,
  Lifetime,
  Nonce,
  Realm,
  RequestedTransport,
  Username,
  XorPeerAddress,
} from '../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../src/core/stun/encode.ts';
import { Method } from '../../src/core/stun/registry.ts';
import { encodeChannelData } from '../../src/core/turn/channel-data.ts';
import { startTurnServer } from '../../src/index.ts';
import { nodeHashes } from '../../src/net/hashes.ts';
import { systemRandom } from '../../src/net/random.ts';
import { startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';

// Whoever forges the source of a UDP packet has the answer sent to somebody else: no answer to a stranger may be larger
// than coturn's. The table stands in docs/security.md.
const random = systemRandom();
const peer = { family: 4, address: '127.0.0.1', port: 9 } as const;

const request = (method: number, add: (builder: MessageBuilder) => unknown = () => {}): Uint8Array => {
  const builder = new MessageBuilder('request', method, random.bytes(12));
  add(builder);
  return builder.build();
};

/** Signed with a password that nobody has, and a nonce that the server never gave. */
const forged = (builder: MessageBuilder): unknown =>
  builder.add(Username, 'u').add(Realm, 'example.org').add(Nonce, 'n').integrity(new Uint8Array(16), nodeHashes);

/** What a stranger may send, each as small as it can be. */
const PACKETS: readonly (readonly [string, () => Uint8Array])[] = [
  ['Binding', () => request(Method.Binding)],
  [
    'Binding with CHANGE-REQUEST',
    () => request(Method.Binding, (b) => b.add(ChangeRequest, { changeIp: true, changePort: true })),
  ],
  ['Binding with an unknown attribute', () => request(Method.Binding, (b) => b.addRaw(0x7ff0, new Uint8Array()))],
  ['Binding, forged', () => request(Method.Binding, forged)],
  ['Allocate, empty', () => request(Method.Allocate)],
  ['Allocate', () => request(Method.Allocate, (b) => b.add(RequestedTransport, 17))],
  ['Allocate, forged', () => request(Method.Allocate, (b) => forged(b.add(RequestedTransport, 17)))],
  ['Refresh', () => request(Method.Refresh, (b) => b.add(Lifetime, 600))],
  ['CreatePermission', () => request(Method.CreatePermission, (b) => b.add(XorPeerAddress, peer))],
  ['ChannelBind, empty', () => request(Method.ChannelBind)],
  ['Connect', () => request(Method.Connect, (b) => b.add(XorPeerAddress, peer))],
  ['an unknown method', () => request(0x0ff)],
  [
    'Send indication',
    () => new MessageBuilder('indication', Method.Send, random.bytes(12)).add(XorPeerAddress, peer).build(),
  ],
  ['ChannelData', () => encodeChannelData(0x4000, new Uint8Array(8), { padded: false })],
  ['a success nobody asked for', () => new MessageBuilder('success', Method.Binding, random.bytes(12)).build()],
  ['noise', () => random.bytes(60).fill(0xee, 0, 1)],
];

interface Answer {
  readonly asked: number;
  readonly bytes: number;
  readonly packets: number;
}

/** What comes back for one packet: all that is there by the time that a Binding request after it has its answer. */
async function ask(socket: Socket, port: number, packet: Uint8Array): Promise<Answer> {
  const mark = random.bytes(12);
  const received: Uint8Array[] = [];
  await new Promise<void>((resolve, reject) => {
    const sentinel = new MessageBuilder('request', Method.Binding, mark).build();
    const timer = setInterval(() => socket.send(sentinel, port, '127.0.0.1'), 500);
    const limit = setTimeout(() => reject(new Error('the server does not answer any more')), 20_000);
    const onMessage = (bytes: Uint8Array): void => {
      if (Buffer.compare(bytes.subarray(8, 20), mark) !== 0) {
        received.push(bytes);
        return;
      }
      clearInterval(timer);
      clearTimeout(limit);
      socket.off('message', onMessage);
      resolve();
    };
    socket.on('message', onMessage);
    socket.send(packet, port, '127.0.0.1');
    socket.send(sentinel, port, '127.0.0.1');
  });
  return {
    asked: packet.length,
    bytes: received.reduce((sum, { length }) => sum + length, 0),
    packets: received.length,
  };
}

/** Each packet from a socket of its own: what one left behind must not answer the next. */
async function askAll(port: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [, make] of PACKETS) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    answers.push(await ask(socket, port, make()));
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
  return answers;
}

describeNeeding('coturn')('what a stranger gets from the local server over UDP', () => {
  it("is one answer at the most, and no more bytes than coturn's", async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1'] });
    await using server = await startTurnServer({ realm: 'example.org', transports: ['udp'] });
    const [theirs, ours] = [await askAll(coturn.port), await askAll(server.port)];
    const rows = PACKETS.map(([name], index) => ({ name, ours: ours[index], theirs: theirs[index] }));
    if (process.env['ICEPROBE_SHOW'] !== undefined) {
      for (const row of rows) {
        console.log(
          `| ${row.name} | ${row.ours?.asked} | ${row.ours?.bytes} (${factor(row.ours)}) | ${row.theirs?.bytes} (${factor(row.theirs)}) |`,
        );
      }
    }
    for (const row of rows)
      expect([row.name, row.ours?.packets]).toEqual([row.name, Math.min(1, row.ours?.packets ?? 2)]);
    const larger = rows.filter((row) => (row.ours?.bytes ?? 0) > (row.theirs?.bytes ?? 0));
    expect(larger).toEqual([]);
  });
});

function factor(answer: Answer | undefined): string {
  return answer === undefined ? '' : (answer.bytes / answer.asked).toFixed(1);
}
