import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BrowserName, openBrowser, type PeerConfiguration, type TestBrowser } from '../support/browser.ts';
import { type Coturn, startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';

const NAMES: readonly BrowserName[] = ['chromium', 'firefox'];

for (const name of NAMES) {
  describeNeeding('coturn', name)(`${name} and coturn`, () => {
    let browser: TestBrowser;
    let coturn: Coturn;

    beforeAll(async () => {
      coturn = await startCoturn({ listen: ['127.0.0.1'] });
      browser = await openBrowser(name);
    });

    afterAll(async () => {
      await browser?.close();
      await coturn?.stop();
    });

    function configuration(credential: string, ...schemes: string[]): PeerConfiguration {
      const urls = schemes.map((scheme) => scheme.replace('HOST', `127.0.0.1:${coturn.port}`));
      return { iceServers: [{ urls, username: 'user', credential }] };
    }

    it('is the browser that was asked for', () => {
      expect(browser.userAgent).toMatch(name === 'chromium' ? /Chrome\// : /Firefox\//);
    });

    it('gathers every type of candidate, states in order, nothing after complete', async () => {
      const result = await browser.gather(
        configuration('password', 'stun:HOST', 'turn:HOST?transport=udp', 'turn:HOST?transport=tcp'),
      );
      expect(result).toMatchObject({ complete: true, thrown: null, errors: [] });
      expect(result.states.map(({ state }) => state)).toEqual(['new', 'gathering', 'complete']);
      expect(result.events.at(-1)).toMatchObject({ kind: 'state', state: 'complete' });
      const times = result.events.map(({ ms }) => ms);
      expect(times).toEqual(times.toSorted((a, b) => a - b));

      const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
      const hosts = result.candidates.filter(({ type, protocol }) => type === 'host' && protocol === 'udp');
      expect(hosts.length).toBeGreaterThan(0);
      for (const { address } of hosts) expect(own).toContain(address?.replace(/^\[|\]$/g, ''));

      // Chromium's socket has the wildcard address, so the server on loopback sees 127.0.0.1. Firefox' is bound to the
      // interface's, the server sees just that, and a server-reflexive candidate would be redundant.
      const reflexive = result.candidates.filter(({ type }) => type === 'srflx');
      const expected = {
        address: '127.0.0.1',
        url: `stun:127.0.0.1:${coturn.port}`,
        relatedAddress: hosts[0]?.address,
      };
      if (name === 'chromium') expect(reflexive).toMatchObject([expected]);
      else expect(reflexive).toEqual([]);

      const relayed = result.candidates.filter(({ type }) => type === 'relay');
      expect(relayed).toMatchObject([{ address: '127.0.0.1' }, { address: '127.0.0.1' }]);
      for (const { port } of relayed) expect(coturn.log()).toContain(`Local relay addr: 127.0.0.1:${port}\n`);
      const relayProtocols = result.stats
        .filter(({ candidateType }) => candidateType === 'relay')
        .map(({ relayProtocol }) => relayProtocol);
      expect(relayProtocols.toSorted()).toEqual(['tcp', 'udp']);

      // Closing the connection gives the allocations back.
      expect(coturn.allocations()).toHaveLength(2);
      await coturn.waitForRelease();
    });

    it('hears 401 for a wrong password, once for the URL', async () => {
      const result = await browser.gather(configuration('wrong', 'turn:HOST?transport=udp'));
      expect(result.complete).toBe(true);
      expect(result.candidates.filter(({ type }) => type === 'relay')).toEqual([]);
      expect(result.errors.filter(({ errorCode }) => errorCode === 401)).toHaveLength(1);
    });

    it('refuses a TURN server without a credential', async () => {
      const result = await browser.gather({ iceServers: [{ urls: `turn:127.0.0.1:${coturn.port}` }] });
      expect(result.thrown?.name).toBe('InvalidAccessError');
      expect(result.events).toEqual([]);
    });

    it('gathers nothing but relays when told so, and is cut off in time', async () => {
      const closed = await browser.gather({ ...configuration('password', 'turn:HOST'), iceTransportPolicy: 'relay' });
      expect(closed.candidates.map(({ type }) => type)).toEqual(['relay']);
      // A server that never answers: browsers bear with it for 10 s and longer.
      const mute = createSocket('udp4').bind(0, '127.0.0.1');
      await once(mute, 'listening');
      const urls = `turn:127.0.0.1:${mute.address().port}`;
      const cut = await browser.gather({ iceServers: [{ urls, username: 'user', credential: 'password' }] }, 500);
      mute.close();
      expect(cut.complete).toBe(false);
      expect(cut.states.map(({ state }) => state)).toEqual(['new', 'gathering']);
    });
  });
}
