import { describe, expect, it } from 'vitest';
import {
  addressQuestion,
  connectionServiceOf,
  EXTERNAL_ADDRESS_REQUEST,
  locationOf,
  readAddressAnswer,
  readExternalAddress,
  searchRequest,
  translationsOf,
} from '../../../src/core/nat/gateway.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';
import { gatewayIn } from '../../../src/net/gateway.ts';

const GATEWAY = '192.168.1.1';

describe('NAT-PMP (RFC 6886 3.2)', () => {
  const answer = (code: number, ...address: number[]) =>
    Uint8Array.of(0, 128, code >> 8, code & 255, 0, 0, 1, 44, ...address);

  it('asks with version 0 and opcode 0', () => {
    expect([...EXTERNAL_ADDRESS_REQUEST]).toEqual([0, 0]);
  });

  it.each<[string, Uint8Array, unknown]>([
    ['an address', answer(0, 100, 64, 3, 4), { ok: true, address: '100.64.3.4' }],
    ['none yet', answer(0, 0, 0, 0, 0), { ok: false, problem: expect.stringContaining('no address outside') }],
    ['a failure', answer(3), { ok: false, problem: expect.stringContaining('no address outside') }],
    ['an unknown failure', answer(77), { ok: false, problem: 'NAT-PMP: result 77' }],
    ['PCP', Uint8Array.of(2, 128, 0, 1), { ok: false, problem: expect.stringContaining('PCP') }],
    ['an answer cut short', answer(0, 100, 64), undefined],
    ['an answer to a mapping', Uint8Array.of(0, 129, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4), undefined],
    ['nothing', new Uint8Array(), undefined],
  ])('reads %s', (_, bytes, expected) => {
    expect(readExternalAddress(bytes)).toEqual(expected);
  });
});

describe('UPnP', () => {
  const description = (services: string) =>
    `<?xml version="1.0"?><root><device><serviceList>${services}</serviceList></device></root>`;
  const service = (type: string, path: string) =>
    `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType><controlURL>${path}</controlURL></service>`;

  it('searches on one host', () => {
    expect(searchRequest(GATEWAY)).toMatch(/^M-SEARCH \* HTTP\/1\.1\r\nHOST: 192\.168\.1\.1:1900\r\n[\s\S]*\r\n\r\n$/);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nLocation: http://192.168.1.1:5000/root.xml\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nLOCATION:http://192.168.1.1/d.xml\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.10/d.xml\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1.evil.example/d.xml\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1@evil.example/d.xml\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nLOCATION: https://192.168.1.1/d.xml\r\n\r\n', false],
    ['NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/d.xml\r\n\r\n', false],
    ['', false],
  ])('takes a description on the gateway alone: %j', (text, taken) => {
    expect(locationOf(text, GATEWAY) !== undefined).toBe(taken);
  });

  it.each([
    ['WANIPConnection:1', '/ctl/IPConn', 'http://192.168.1.1:5000/ctl/IPConn'],
    ['WANIPConnection:2', 'ctl', 'http://192.168.1.1:5000/desc/ctl'],
    ['WANPPPConnection:1', 'http://192.168.1.1:49000/ppp', 'http://192.168.1.1:49000/ppp'],
    ['WANIPConnection:1', 'http://10.0.0.1/ctl', undefined],
    ['Layer3Forwarding:1', '/l3', undefined],
  ])('finds the service %s at %s', (type, path, url) => {
    const xml = description(service('WANCommonInterfaceConfig:1', '/cfg') + service(type, path));
    const found = connectionServiceOf(xml, 'http://192.168.1.1:5000/desc/root.xml', GATEWAY);
    expect(found).toEqual(url === undefined ? undefined : { type: `urn:schemas-upnp-org:service:${type}`, url });
  });

  it('asks for the address and reads it', () => {
    const type = 'urn:schemas-upnp-org:service:WANIPConnection:1';
    expect(addressQuestion({ type, url: '' })).toContain(`<u:GetExternalIPAddress xmlns:u="${type}"/>`);
    const answer = (text: string) =>
      `<s:Body><u:GetExternalIPAddressResponse><NewExternalIPAddress>${text}</NewExternalIPAddress></s:Body>`;
    expect(readAddressAnswer(answer('203.0.113.7'))).toEqual({ ok: true, address: '203.0.113.7' });
    expect(readAddressAnswer(answer('0.0.0.0'))).toMatchObject({ ok: false });
    expect(readAddressAnswer(answer('999.1.1.1'))).toMatchObject({ ok: false });
    expect(readAddressAnswer(answer(''))).toMatchObject({ ok: false });
    expect(readAddressAnswer('<html>')).toMatchObject({ ok: false });
  });

  it('takes any bytes', () => {
    const random = seededRandom(7);
    for (let i = 0; i < 500; i++) {
      const bytes = random.bytes(randomInteger(random, 200));
      const text = new TextDecoder().decode(bytes);
      readExternalAddress(bytes);
      locationOf(text, GATEWAY);
      connectionServiceOf(text, text, GATEWAY);
      readAddressAnswer(text);
    }
  });

  it('reads a hostile description in no time', () => {
    const started = performance.now();
    for (const part of ['<service>', '<serviceType>', '<controlURL>', '<NewExternalIPAddress', 'location: ']) {
      const text = part.repeat(65_536 / part.length);
      connectionServiceOf(text, text, GATEWAY);
      readAddressAnswer(text);
      locationOf(`HTTP/1.1 200 OK\r\n${text}`, GATEWAY);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('how many NATs in a row', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', 'one'],
    ['100.64.1.2', '203.0.113.7', 'two-or-more'],
    ['192.168.0.2', '203.0.113.7', 'two-or-more'],
    ['203.0.113.99', '203.0.113.7', 'not-determined'],
    ['192.168.0.2', '10.0.0.3', 'not-determined'],
    ['192.168.0.2', null, 'not-determined'],
  ])('a gateway with %s, seen as %s: %s', (external, mapped, expected) => {
    expect(translationsOf(external, mapped)).toBe(expected);
  });
});

describe('the default gateway in /proc/net/route', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\tFE01A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0',
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
    'eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0',
    'wg0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0',
  ].join('\n');

  it('is that of the interface with the least metric', () => {
    expect(gatewayIn(table, 'eth0', true)).toBe('192.168.1.1');
    expect(gatewayIn(table, 'eth0', false)).toBe('1.1.168.192');
  });

  it('is none where the route has no gateway, or there is none', () => {
    expect(gatewayIn(table, 'wg0', true)).toBeUndefined();
    expect(gatewayIn(table, 'eth1', true)).toBeUndefined();
    expect(gatewayIn('', 'eth0', true)).toBeUndefined();
  });
});
