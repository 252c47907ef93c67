import { describe, expect, it } from 'vitest';
import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../../../src/core/address.ts';
import type { NatTest } from '../../../src/core/nat/events.ts';
import { TcpMapping } from '../../../src/core/nat/tcp-mapping.ts';
import { natVerdicts } from '../../../src/core/nat/verdict.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { OtherAddress, XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { type Behaviour, SimulatedNat } from '../../support/nat.ts';

const at = (address: string, port: number): SocketAddress => ({ family: 4, address, port });
const FIRST = at('198.18.0.1', 3478);
const SECOND = at('198.18.0.3', 3478);
const OTHER = at('198.18.0.2', 3479);
const SILENT = at('198.18.0.9', 3478);
const REFUSING = at('198.18.0.8', 3478);

interface World {
  readonly servers: readonly SocketAddress[];
  readonly nat?: SimulatedNat;
  /** Of the first server. */
  readonly other?: SocketAddress;
  /** The system gives a port to one connection at a time. */
  readonly exclusive?: boolean;
  /** Bytes in place of an answer. */
  readonly says?: Uint8Array;
  /** The answer comes in pieces of so many bytes. */
  readonly pieces?: number;
}

/** Runs it in virtual time, where a connection stands at once unless nobody is there. */
function run({ servers, nat, other, exclusive = false, says, pieces = 1500 }: World) {
  const localAddress = nat === undefined ? '198.51.100.7' : '192.168.1.2';
  const machine = new TcpMapping({ interface: 'eth0', family: 4, localAddress, servers }, seededRandom(1), 'tcp');
  const tests: NatTest[] = [];
  const open = new Map<string, { local: SocketAddress; remote: SocketAddress }>();
  const closed: string[] = [];
  let now = 0;
  let port = 40_000;
  const drain = (): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'event') tests.push(output.event);
      else if (output.kind === 'transmit') answer(output.transport, output.bytes);
      else if (output.command.type === 'close') closed.push(output.command.transport);
      else connect(output.command);
    }
  };
  const connect = ({
    transport,
    remote,
    localPort,
  }: {
    transport: string;
    remote: SocketAddress;
    localPort?: number;
  }) => {
    if (sameSocketAddress(remote, SILENT)) return;
    const taken = [...open.values()].some(({ local }) => local.port === localPort);
    const error = sameSocketAddress(remote, REFUSING) ? 'ECONNREFUSED' : exclusive && taken ? 'EADDRINUSE' : undefined;
    if (error !== undefined) {
      machine.handle({ type: 'failed', transport, error }, now);
      return;
    }
    const local = at(localAddress, localPort ?? port++);
    open.set(transport, { local, remote });
    machine.handle({ type: 'opened', transport, local }, now);
  };
  const answer = (transport: string, bytes: Uint8Array): void => {
    const connection = open.get(transport);
    const decoded = decodeMessage(bytes);
    if (connection === undefined || !decoded.ok) throw new Error('no request of a connection that stands');
    const { local, remote } = connection;
    const mapped = nat?.outbound(local, remote, now) ?? local;
    const message = new MessageBuilder('success', Method.Binding, decoded.value.transactionId)
      .add(XorMappedAddress, mapped)
      .addOptional(OtherAddress, sameSocketAddress(remote, FIRST) ? other : undefined)
      .build();
    const sent = says ?? message;
    for (let i = 0; i < sent.length; i += pieces) {
      machine.handle({ type: 'received', transport, bytes: sent.subarray(i, i + pieces) }, now);
    }
  };
  machine.handle({ type: 'start' }, now);
  drain();
  for (let steps = 0; !machine.finished && steps < 50; steps++) {
    now = machine.deadline?.at ?? Number.NaN;
    machine.handleTimeout(now);
    drain();
  }
  expect(machine.finished).toBe(true);
  expect(closed.length).toBe(tests.length);
  const [verdict] = natVerdicts(tests);
  return { tests, verdict, tookMs: now, ports: new Set([...open.values()].map(({ local }) => local.port)) };
}

const nat = (mapping: Behaviour, preservePort = true) =>
  new SimulatedNat({
    mapping,
    filtering: 'address-and-port-dependent',
    hairpinning: false,
    publicAddress: '203.0.113.9',
    preservePort,
  });

describe('the mapping of TCP', () => {
  it.each(['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const)(
    'is told from one local port: %s',
    (mapping) => {
      const { verdict, ports } = run({ servers: [FIRST, SECOND], nat: nat(mapping), other: OTHER });
      expect(verdict?.tcpMapping).toBe(mapping);
      expect(verdict?.mapping).toBe('not-determined');
      expect(ports.size).toBe(1);
    },
  );

  it('is none where the server sees our own address', () => {
    expect(run({ servers: [FIRST] }).verdict?.tcpMapping).toBe('none');
  });

  it('goes to the next server where one refuses or is silent, and ends', () => {
    const { verdict, tookMs, tests } = run({
      servers: [REFUSING, SILENT, FIRST, SECOND],
      nat: nat('endpoint-independent'),
    });
    expect(verdict?.tcpMapping).toBe('endpoint-independent');
    expect(tookMs).toBeLessThanOrEqual(4000);
    expect(tests.map(({ note }) => note)).toEqual([
      'no TCP connection (ECONNREFUSED)',
      'no answer over TCP',
      undefined,
      undefined,
    ]);
  });

  it('is not determined where one port makes one connection only, and says so', () => {
    const { verdict } = run({ servers: [FIRST, SECOND], nat: nat('endpoint-independent'), exclusive: true });
    expect(verdict?.tcpMapping).toBe('not-determined');
    expect(verdict?.reasons.join()).toContain(
      `${formatSocketAddress(SECOND)}: this system makes one connection at a time from a local port`,
    );
  });

  it('takes an answer in pieces, and nothing that is no STUN', () => {
    expect(run({ servers: [FIRST], pieces: 3 }).verdict?.tcpMapping).toBe('none');
    const { verdict } = run({ servers: [FIRST], says: new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n') });
    expect(verdict?.tcpMapping).toBe('not-determined');
    expect(verdict?.reasons.join()).toContain('what answers over TCP is no STUN');
  });

  it('asks six places at the most', () => {
    const servers = Array.from({ length: 20 }, (_, i) => at(`198.18.1.${i + 1}`, 3478));
    expect(run({ servers, nat: nat('endpoint-independent') }).tests).toHaveLength(6);
  });

  it('ends at once where there is nobody to ask', () => {
    expect(run({ servers: [] }).tests).toEqual([]);
  });
});
