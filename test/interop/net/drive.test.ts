import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import type { Deadline, Machine, Output } from '../../../src/core/machine.ts';
import { OutputQueue } from '../../../src/core/queue.ts';
import { XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import type { Instant } from '../../../src/core/time.ts';
import { startClock } from '../../../src/net/clock.ts';
import { Driver, type DriverEnvironment, type SocketCommand, type SocketInput } from '../../../src/net/drive.ts';
import type { Packet } from '../../../src/net/packet.ts';
import { systemRandom } from '../../../src/net/random.ts';
import { TrustStore } from '../../../src/net/trust.ts';
import type { EventBody } from '../../../src/record/events.ts';
import { closedPort, type TestServer, tcpServer, udpServer } from '../../support/servers.ts';

type Input = SocketInput | { readonly type: 'start' };

const ANSWER_BYTES = 32;

/** Asks for a Binding on one transport, again after 20 ms, gives up after 60 ms; done when a whole answer is there or it failed. */
class Asker implements Machine<Input, SocketCommand, EventBody> {
  readonly got: SocketInput[] = [];
  finished = false;
  #receivedBytes = 0;
  #queue = new OutputQueue<SocketCommand, EventBody>();
  #dueAt: Instant | undefined;
  #giveUpAt = Number.POSITIVE_INFINITY;
  readonly #open: SocketCommand;
  readonly #server: SocketAddress;
  readonly #request = new MessageBuilder('request', Method.Binding, systemRandom().bytes(12)).build();

  constructor(open: SocketCommand, server: SocketAddress) {
    this.#open = open;
    this.#server = server;
  }

  get deadline(): Deadline | undefined {
    return this.#dueAt === undefined ? undefined : { at: Math.min(this.#dueAt, this.#giveUpAt), why: 'test' };
  }

  handle(input: Input, now: Instant): void {
    if (input.type === 'start') {
      this.#queue.command(this.#open);
      return;
    }
    this.got.push(input);
    if (input.type === 'opened') {
      this.#dueAt = now;
      this.#giveUpAt = now + 600;
      this.handleTimeout(now);
    }
    if (input.type === 'received') this.#receivedBytes += input.bytes.length;
    if (this.#receivedBytes >= ANSWER_BYTES || input.type === 'failed') this.#finish();
  }

  handleTimeout(now: Instant): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    if (now >= this.#giveUpAt) {
      this.#finish();
      return;
    }
    this.#queue.transmit('t1', this.#server, this.#request);
    this.#dueAt += 200;
  }

  poll(): Output<SocketCommand, EventBody> | undefined {
    return this.#queue.poll();
  }

  #finish(): void {
    this.#dueAt = undefined;
    this.#queue.event({ type: 'note', text: 'finished' });
    this.#queue.command({ type: 'close', transport: 't1' });
    this.finished = true;
  }
}

const local = { interface: 'lo', family: 4, address: '127.0.0.1' } as const;

async function run(open: SocketCommand, server: SocketAddress) {
  const machine = new Asker(open, server);
  const events: EventBody[] = [];
  const packets: Packet[] = [];
  const environment: DriverEnvironment = {
    clock: startClock(),
    record: (body) => events.push(body),
    tls: { trust: new TrustStore(), insecure: false },
    onPacket: (packet) => packets.push(packet),
  };
  const driver = new Driver<Input>(machine, () => machine.finished, environment);
  driver.handle({ type: 'start' });
  await driver.done;
  return { machine, events, packets, types: events.map(({ type }) => type) };
}

/** The answer to a Binding request. */
function answer(request: Uint8Array, from: SocketAddress): Uint8Array {
  const message = decodeMessage(request);
  if (!message.ok) throw new Error(message.error.message);
  return new MessageBuilder('success', Method.Binding, message.value.transactionId).add(XorMappedAddress, from).build();
}

describe('the driver', () => {
  it('opens, sends, receives, closes, and records each of it', async () => {
    await using server = await udpServer((message, from, socket) =>
      socket.send(answer(message, from), from.port, from.address),
    );
    const { events, types, packets } = await run({ type: 'open-udp', transport: 't1', local }, server.address);
    expect(types).toEqual(['transport-open', 'stun-sent', 'stun-received', 'note', 'transport-closed']);
    const [opened, sent, received, , closed] = events;
    const to = `127.0.0.1:${server.address.port}`;
    expect(opened).toMatchObject({ kind: 'udp', local: expect.stringMatching(/^127\.0\.0\.1:\d+$/), remote: null });
    expect(sent).toMatchObject({ class: 'request', method: 'Binding', attempt: 1, to, length: 20 });
    expect(received).toMatchObject({ class: 'success', method: 'Binding', from: to, length: 32 });
    expect(closed).toMatchObject({ by: 'us' });
    expect(packets.map(({ direction, local, remote }) => [direction, local.port > 0, remote.port])).toEqual([
      ['sent', true, server.address.port],
      ['received', true, server.address.port],
    ]);
  });

  it('wakes the machine at its deadlines and counts the sends of one request', async () => {
    await using server = await udpServer(() => {});
    const { events } = await run({ type: 'open-udp', transport: 't1', local }, server.address);
    const attempts = events.flatMap((event) => (event.type === 'stun-sent' ? [event.attempt] : []));
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('hands an ICMP error of a connected socket to the machine, and records what became of it', async () => {
    const remote = await closedPort();
    const { machine, types, events } = await run({ type: 'open-udp', transport: 't1', local, remote }, remote);
    expect(machine.got.at(-1)).toMatchObject({ type: 'failed', error: 'ECONNREFUSED' });
    expect(types).toEqual(['transport-open', 'stun-sent', 'transport-closed', 'note']);
    expect(events[2]).toMatchObject({ by: 'ECONNREFUSED' });
  });

  it('records a connection that was refused', async () => {
    const remote = await closedPort();
    const connect = { type: 'connect', kind: 'tcp', transport: 't1', local, remote, host: 'localhost' } as const;
    const { events, types } = await run(connect, remote);
    expect(types).toEqual(['transport-failed', 'note']);
    expect(events[0]).toMatchObject({ kind: 'tcp', error: 'ECONNREFUSED', remote: `127.0.0.1:${remote.port}` });
  });

  it('finds the messages of a stream however it is cut', async () => {
    await using server: TestServer = await tcpServer((socket) => {
      let sent = 0;
      socket.on('data', (request: Buffer) => {
        const bytes = answer(request, { family: 4, address: '127.0.0.1', port: 1 });
        // The second part when asked again: after the first has arrived.
        socket.write(sent === 0 ? bytes.subarray(0, 7) : bytes.subarray(7));
        sent++;
      });
    });
    const connect = {
      type: 'connect',
      kind: 'tcp',
      transport: 't1',
      local,
      remote: server.address,
      host: 'x',
    } as const;
    const { events, machine } = await run(connect, server.address);
    expect(machine.got.filter(({ type }) => type === 'received')).toHaveLength(2);
    const received = events.filter(({ type }) => type === 'stun-received');
    expect(received).toEqual([expect.objectContaining({ class: 'success', length: ANSWER_BYTES })]);
  });

  it('rejects where the machine throws, and leaves nothing open', async () => {
    const machine = new Asker({ type: 'open-udp', transport: 't1', local }, { ...local, port: 9 });
    machine.handleTimeout = () => {
      throw new Error('defect');
    };
    const events: EventBody[] = [];
    const driver = new Driver<Input>(machine, () => machine.finished, {
      clock: startClock(),
      record: (body) => events.push(body),
      tls: { trust: new TrustStore(), insecure: false },
    });
    driver.handle({ type: 'start' });
    await expect(driver.done).rejects.toThrow('defect');
    expect(events.at(-1)).toMatchObject({ type: 'transport-closed', by: 'us' });
  });
});
