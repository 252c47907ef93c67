import { expect, it } from 'vitest';
import { openLabBrowser } from './support/browser.ts';
import { startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { serverAddresses, siteAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { PASSWORD, startTurn, USER } from './support/servers.ts';

describeInLab('chromium')('a browser in the lab', () => {
  it('sees the network of its client, and nothing of the host', async () => {
    const network = NETWORKS['eim-apdf'];
    await using lab = await startLab({ sites: [network], servers: [{}] });
    const server = serverAddresses(1, {});
    await startTurn(lab, 'server1', server, { kind: 'coturn' });
    const { client, mapped } = siteAddresses(1, network);
    const [address] = server.addresses;
    await using chromium = await openLabBrowser(lab, 'chromium');
    const urls = [`turn:${address}`, `turn:${address}?transport=tcp`];
    for (const policy of ['all', 'relay'] as const) {
      const { complete, candidates, errors } = await chromium.gather({
        iceServers: [{ urls, username: USER, credential: PASSWORD }],
        iceTransportPolicy: policy,
      });
      expect({ complete, errors }).toEqual({ complete: true, errors: [] });
      const seen = [...new Set(candidates.map((one) => `${one.type} ${one.address}`))].sort();
      const relayed = [`relay ${address}`];
      expect(seen).toEqual(policy === 'relay' ? relayed : [`host ${client}`, ...relayed, `srflx ${mapped[0]}`]);
    }
  });
});
