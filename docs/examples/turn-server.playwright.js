// A page that talks through a TURN server of this test's own. Prints what happened; exits with 1 if that is wrong.
import { startTurnServer } from 'iceprobe';
import { chromium } from 'playwright';

await using_(await startTurnServer(), async (server) => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM, // leave it out for Playwright's own
    args: [`--ignore-certificate-errors-spki-list=${server.spkiSha256}`], // trusts turns: of this server alone
  });
  const page = await browser.newPage();

  const echo = await page.evaluate(async (iceServers) => {
    const [a, b] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
    a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
    b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
    b.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.send(data);
    };
    const channel = a.createDataChannel('test');
    const echoed = new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
    });
    channel.onopen = () => channel.send('hello');
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription);
    return echoed;
  }, server.iceServers);

  const allocation = await server.waitForAllocation();
  console.log(`${echo}, through ${server.allocations.length} allocations, the first over ${allocation.transport}`);
  if (echo !== 'hello' || server.bytesRelayed === 0) process.exitCode = 1;
  await browser.close();
});

// Node 20 does not know `await using` yet; with TypeScript, or from Node 24 on, write that.
async function using_(server, work) {
  try {
    await work(server);
  } finally {
    await server.close();
  }
}
