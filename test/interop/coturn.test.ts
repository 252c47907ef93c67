import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';

/** A Binding request (RFC 8489 5) without attributes. */
const BINDING_REQUEST = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
const BINDING_SUCCESS = 0x0101;

describeNeeding('coturn', 'ipv6')('a coturn for tests', () => {
  it('answers on each of its addresses as soon as it is there', async () => {
    await using coturn = await startCoturn({ listen: ['127.0.0.1', '127.0.0.2', '::1'] });
    for (const address of ['127.0.0.1', '127.0.0.2', '::1']) {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      socket.send(BINDING_REQUEST, coturn.port, address);
      const [udpAnswer] = (await once(socket, 'message')) as [Buffer];
      socket.close();
      expect(udpAnswer.readUInt16BE(0)).toBe(BINDING_SUCCESS);

      const stream = connect(coturn.port, address);
      stream.write(BINDING_REQUEST);
      const [tcpAnswer] = (await once(stream, 'data')) as [Buffer];
      stream.destroy();
      expect(tcpAnswer.readUInt16BE(0)).toBe(BINDING_SUCCESS);
    }
    expect(coturn.allocations()).toEqual([]);
  });

  it.each(['lt-cred', 'use-auth-secret', 'no-auth', 'stun-only'] as const)(
    'runs as %s, several at a time',
    async (mode) => {
      await using first = await startCoturn({ mode });
      await using second = await startCoturn({ mode });
      expect(second.port).not.toBe(first.port);
      await first.stop();
      expect(() => process.kill(first.pid, 0)).toThrow('ESRCH');
      expect(() => process.kill(second.pid, 0)).not.toThrow();
    },
  );
});
