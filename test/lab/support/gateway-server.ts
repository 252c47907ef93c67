import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Service } from './agent-protocol.ts';

const UPNP_PORT = 5000;
const SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1';

/** What a home router says of its outer address, as miniupnpd does where it likes the address. */
export async function serveGateway({
  address,
  external,
  speaks,
}: Extract<Service, { kind: 'gateway' }>): Promise<void> {
  const socket = createSocket('udp4');
  if (speaks === 'nat-pmp') {
    const octets = external.split('.').map(Number);
    socket.on('message', (datagram, from) => {
      if (datagram.length !== 2 || datagram.readUInt16BE() !== 0) return;
      socket.send(Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, ...octets), from.port, from.address);
    });
    socket.bind(5351, address);
  } else {
    const http = createServer((request, response) => {
      const isQuestion =
        request.method === 'POST' && request.headers['soapaction'] === `"${SERVICE}#GetExternalIPAddress"`;
      if (request.url === '/desc.xml') response.end(DESCRIPTION);
      else if (request.url === '/ctl' && isQuestion) response.end(answer(external));
      else response.writeHead(500).end();
    });
    http.listen(UPNP_PORT, address);
    await once(http, 'listening');
    socket.on('message', (datagram, from) => {
      const text = datagram.toString();
      if (!text.startsWith('M-SEARCH * HTTP/1.1') || !text.includes('InternetGatewayDevice')) return;
      const location = `http://${address}:${UPNP_PORT}/desc.xml`;
      socket.send(`HTTP/1.1 200 OK\r\nLOCATION: ${location}\r\nEXT:\r\n\r\n`, from.port, from.address);
    });
    socket.bind(1900, address);
  }
  await once(socket, 'listening');
}

const DESCRIPTION = `<?xml version="1.0"?><root><device><deviceList><device><serviceList><service>
<serviceType>${SERVICE}</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></deviceList></device></root>`;

function answer(external: string): string {
  return `<?xml version="1.0"?><s:Envelope><s:Body><u:GetExternalIPAddressResponse xmlns:u="${SERVICE}">
<NewExternalIPAddress>${external}</NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>`;
}
