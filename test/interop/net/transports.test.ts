import { describe, expect, it } from 'vitest';
import { openTransport, type TransportRequest } from '../../../src/net/open.ts';
import type { TlsPolicy } from '../../../src/net/tls.ts';
import type { Transport } from '../../../src/net/transport.ts';
import { TrustStore } from '../../../src/net/trust.ts';
import { closedPort, tcpServer, udpServer } from '../../support/servers.ts';
import { TransportLog } from '../../support/transport-log.ts';

const local = { family: 4, address: '127.0.0.1', port: 0 } as const;
const policy: TlsPolicy = { trust: new TrustStore(), insecure: false };
const hello = new TextEncoder().encode('hello');

function open(request: TransportRequest): { log: TransportLog; transport: Transport } & Disposable {
  const log = new TransportLog();
  const transport = openTransport(request, policy, log);
  return { log, transport, [Symbol.dispose]: () => transport.close() };
}

describe('an unconnected UDP socket', () => {
  it('sends and receives, and hears whoever answers', async () => {
    await using other = await udpServer(() => {});
    await using server = await udpServer((message, from, socket) => {
      socket.send(`${message} back`, from.port, from.address);
    });
    using client = open({ kind: 'udp', local });
    const opened = await client.log.first('opened');
    expect(opened.local.port).toBeGreaterThan(0);
    client.transport.send(hello, other.address);
    client.transport.send(hello, server.address);
    expect(await client.log.first('received')).toEqual({ type: 'received', text: 'hello back', from: server.address });
    expect(client.log.types).toEqual(['connected', 'opened', 'received']);
  });

  it('lives on where the system refuses to send', async () => {
    using client = open({ kind: 'udp', local });
    await client.log.first('opened');
    // From 127.0.0.1 there is no way to that network, on any machine.
    const elsewhere = { family: 4, address: '198.18.0.1', port: 3478 } as const;
    client.transport.send(hello, elsewhere);
    const failed = await client.log.first('send-failed');
    expect(failed.to).toEqual(elsewhere);
    await using server = await udpServer((message, from, socket) => socket.send(message, from.port, from.address));
    client.transport.send(hello, server.address);
    expect((await client.log.first('received')).text).toBe('hello');
  });

  it('fails where the address is not of this machine', async () => {
    using client = open({ kind: 'udp', local: { ...local, address: '198.18.0.1' } });
    expect((await client.log.first('failed')).error).toBe('EADDRNOTAVAIL');
  });

  it('does not hear that a port is closed', async () => {
    using client = open({ kind: 'udp', local });
    await client.log.first('opened');
    client.transport.send(hello, await closedPort());
    await using server = await udpServer((message, from, socket) => socket.send(message, from.port, from.address));
    client.transport.send(hello, server.address);
    await client.log.first('received');
    expect(client.log.types).toEqual(['connected', 'opened', 'received']);
  });
});

describe('a connected UDP socket', () => {
  it('hears that a port is closed, and is gone then', async () => {
    const remote = await closedPort();
    using client = open({ kind: 'udp', local, remote });
    await client.log.first('opened');
    client.transport.send(hello, remote);
    expect((await client.log.first('failed')).error).toBe('ECONNREFUSED');
    client.transport.send(hello, remote);
    expect(client.log.types).toEqual(['connected', 'opened', 'failed']);
  });

  it('tells at once that there is no way', async () => {
    using client = open({ kind: 'udp', local, remote: { family: 4, address: '198.18.0.1', port: 3478 } });
    expect((await client.log.first('failed')).error).toMatch(/^E(NETUNREACH|HOSTUNREACH|INVAL)$/);
  });
});

describe('a socket closed before it was open', () => {
  it.each(['udp', 'tcp', 'tls'] as const)('says nothing: %s', async (kind) => {
    await using server = await tcpServer(() => {});
    const request: TransportRequest =
      kind === 'udp' ? { kind, local } : { kind, local, remote: server.address, host: 'localhost' };
    const { log, transport } = open(request);
    transport.close();
    transport.close();
    transport.send(hello, server.address);
    // Another one, started later, is through with all of it: so was there time to say something.
    using later = open(request.kind === 'tls' ? { ...request, kind: 'tcp' } : request);
    await later.log.first('opened');
    expect(log.types).toEqual([]);
  });
});

describe('a TCP connection', () => {
  it('carries bytes both ways, from the address it was told to use', async () => {
    let peer: string | undefined;
    await using server = await tcpServer((socket) => {
      peer = `${socket.remoteAddress}:${socket.remotePort}`;
      socket.pipe(socket);
    });
    using client = open({ kind: 'tcp', local: { ...local, address: '127.0.0.2' }, remote: server.address, host: 'x' });
    const opened = await client.log.first('opened');
    client.transport.send(hello, server.address);
    expect(await client.log.first('received')).toEqual({ type: 'received', text: 'hello', from: server.address });
    expect(opened.local.address).toBe('127.0.0.2');
    expect(peer).toBe(`127.0.0.2:${opened.local.port}`);
  });

  it('tells a closed port', async () => {
    using client = open({ kind: 'tcp', local, remote: await closedPort(), host: 'x' });
    expect((await client.log.first('failed')).error).toBe('ECONNREFUSED');
    expect(client.log.types).toEqual(['failed']);
  });

  it('tells an end in order from a reset', async () => {
    await using ending = await tcpServer((socket) => socket.end());
    await using resetting = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    using ended = open({ kind: 'tcp', local, remote: ending.address, host: 'x' });
    expect((await ended.log.first('failed')).error).toBe('closed');
    using reset = open({ kind: 'tcp', local, remote: resetting.address, host: 'x' });
    await reset.log.first('opened');
    reset.transport.send(hello, resetting.address);
    expect((await reset.log.first('failed')).error).toBe('ECONNRESET');
    expect([...ended.log.types, ...reset.log.types]).toEqual(Array(2).fill(['connected', 'opened', 'failed']).flat());
  });
});
