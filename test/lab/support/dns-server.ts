import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { answerDns, type DnsZone } from '../../support/dns-server.ts';

/** Serves a zone on port 53 of one address, over UDP and TCP. */
export async function serveDns(address: string, zone: DnsZone): Promise<void> {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (query, from) => {
    answerDns(query, zone).send((response) => udp.send(response, from.port, from.address));
  });
  udp.bind(53, address);
  const tcp = createServer((socket) => {
    let buffered = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      // RFC 1035 4.2.2: two bytes of length before each message.
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const length = buffered.readUInt16BE(0);
        answerDns(buffered.subarray(2, 2 + length), zone).send((response) => {
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(response.length);
          if (!socket.destroyed) socket.write(Buffer.concat([prefix, response]));
        });
        buffered = buffered.subarray(2 + length);
      }
    });
  });
  tcp.listen(53, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
}
