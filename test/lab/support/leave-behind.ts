// Brings up a lab with servers in it, says so, and then does nothing: for the test that kills it.
import { startLab } from './lab.ts';
import { serverAddresses } from './network.ts';
import { startTurn } from './servers.ts';

const lab = await startLab({ sites: [{ nats: [] }], servers: [{}], zone: {} });
await startTurn(lab, 'server1', serverAddresses(1, {}), { kind: 'coturn' });
const busy = lab.sandbox.spawn(lab.client(), ['sh', '-c', 'sleep 1000 & echo up; sleep 1001']);
await busy.waitFor(/up/);
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
