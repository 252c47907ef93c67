// Runs on a client of the lab: the shortest of some Binding round trips to a server, which is what its network costs.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

const [address = '', port = ''] = process.argv.slice(2);
const socket = createSocket('udp4');
const times: number[] = [];
let sentAt = 0;
const ask = (): void => {
  const request = Buffer.concat([Buffer.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42), randomBytes(12)]);
  sentAt = performance.now();
  socket.send(request, Number(port), address);
};
socket.on('message', () => {
  times.push(performance.now() - sentAt);
  if (times.length < 20) setTimeout(ask, 5);
  else {
    socket.close();
    process.stdout.write(`${Math.min(...times)}\n`);
  }
});
ask();
