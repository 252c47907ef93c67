import { describe, expect, it } from 'vitest';
import { addressKind, bytesToAddress, familyOf } from '../../../src/core/address.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { Aliases } from '../../../src/record/aliases.ts';
import { Redactor, redactReport } from '../../../src/record/redact.ts';
import { Run, stunServer, turnServer } from '../../support/events.ts';
import { expectReport } from '../../support/schema.ts';

const STUN = 'stun:stun.corp.example.org:3478';
const TURN = 'turn:turn.corp.example.org?transport=tcp';
const TURN6 = 'turns:[2a01:4f8::42]:443';

function run(): Run {
  const made = new Run({ servers: [stunServer(STUN), turnServer([TURN, TURN6], '1893456000:jane.doe')] });
  made.interface('eth0', '10.1.2.3').interface('eth0', '2a01:4f8::77').interface('lo', '127.0.0.1');
  made.resolved(STUN, ['93.184.216.34']);
  made.gathering().candidate('host', '10.1.2.3:51022').candidate('host', '[fe80::1ff:fe23:4567:890a]:9');
  made.candidate('srflx', '93.184.216.35:41022', { url: STUN, relatedAddress: '10.1.2.3' });
  made.attempt(STUN, { address: '93.184.216.34', localAddress: '10.1.2.3' }).pass('binding');
  made
    .attempt(TURN, { address: '93.184.216.34' })
    .rejected(401, { reason: 'no user 1893456000:jane.doe at turn.corp.example.org.' });
  made.record({
    type: 'ignored',
    transport: 't1',
    reason: 'wrong-source',
    from: '[2a01:4f8::42]:443',
    detail: 'from 2a01:4f8::42: not asked',
    firstBytes: '010100302112a442000102030405060708090a0b0020000800015e12a4b2c3d4',
  });
  made.error(TURN6, 701, 'timeout of 2a01:4f8::42, via 10.1.2.3.', 6);
  return made.complete();
}

const SECRETS = [
  '10.1.2.3',
  '93.184.216',
  '2a01:4f8',
  'fe80::1ff',
  'corp.example.org',
  'jane',
  '0020000800015e12a4b2c3d4',
];

describe('redactReport', () => {
  it('leaves no address, name or user name anywhere', () => {
    const report = run().report({ withEvents: true });
    const before = JSON.stringify(report);
    for (const secret of SECRETS) expect(before, 'the test must hold what is to be masked').toContain(secret);
    const redacted = redactReport(report);
    const after = JSON.stringify(redacted);
    for (const secret of SECRETS) expect(after).not.toContain(secret);
    expectReport(redacted);
  });

  it('keeps ports, families, kinds, equality, URL syntax and loopback', () => {
    const report = redactReport(run().report());
    expect(report.network.interfaces.map(({ address }) => address)).toEqual([
      '172.31.255.1',
      '2001:db8::2',
      '127.0.0.1',
    ]);
    expect(report.configuration.iceServers.flatMap(({ urls }) => urls)).toEqual([
      'stun:host1.example:3478',
      'turn:host2.example?transport=tcp',
      'turns:[2001:db8::1]:443',
    ]);
    const [host, linkLocal, srflx] = report.gatherings?.[0]?.candidates ?? [];
    expect(host?.address).toBe('172.31.255.1');
    expect(linkLocal?.address).toBe('fe80::db8:1');
    expect(srflx?.candidate).toBe(
      'candidate:1 1 udp 1694498815 203.0.113.1 41022 typ srflx raddr 172.31.255.1 rport 51022',
    );
    expect(report.configuration.iceServers[1]?.username).toBe('1893456000:user1');
  });

  it('masks within prose, punctuation and all', () => {
    const report = redactReport(run().report({ withEvents: true }));
    expect(report.gatherings?.[0]?.errors[0]?.errorText).toBe('timeout of 2001:db8::1, via 172.31.255.1.');
    expect(JSON.stringify(report.events)).toContain('no user 1893456000:user1 at host2.example.');
    expect(JSON.stringify(report.events)).toContain('"from 2001:db8::1: not asked"');
  });

  it('says that it masked', () => {
    expect(redactReport(run().report()).notes?.at(-1)).toMatch(/stand-ins/);
  });
});

describe('Redactor', () => {
  it('does not take words of the contract for the names of users', () => {
    const made = new Run({ servers: [turnServer('turn:turn:3478', 'udp')] });
    made.attempt('turn:turn:3478').rejected();
    const redactor = new Redactor();
    const events = made.events.map((event) => redactor.event(event));
    const text = JSON.stringify(events);
    expect(text).toContain('"turn:host1.example:3478"');
    expect(text).toContain('"transport":"udp"');
    expect(text).toContain('"username":"user1"');
  });

  it.each([
    ['at 12:30:45 on 2026-03-01'],
    ['Coturn-4.6.1 of 10.20.30'],
    ['fe:ed:be:ef'],
    ['the server ::1 and 0.0.0.0, 224.0.0.1'],
    ['Chrome/126.0.6478.127'],
  ])('leaves alone: %s', (text) => {
    expect(new Redactor().text(text)).toBe(text);
  });

  it('never uses an address that occurs as an alias for another', () => {
    const redactor = new Redactor();
    redactor.learn(['203.0.113.1', '93.184.216.34']);
    expect(redactor.text('93.184.216.34 203.0.113.1')).toBe('203.0.113.2 203.0.113.3');
  });
});

describe('Aliases', () => {
  it('keep family and kind, and differ where the addresses differ (20,000 random ones)', () => {
    const random = seededRandom(7);
    const aliases = new Aliases();
    const seen = new Map<string, string>();
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(i % 2 === 0 ? 4 : 16);
      // Pull some of them into the private ranges.
      if (i % 6 === 0) bytes.set([10, 1], 0);
      if (i % 6 === 2) bytes.set([100, 64 + (i % 63)], 0);
      if (i % 6 === 3) bytes[0] = 0xfd;
      const address = bytesToAddress(bytes);
      const alias = aliases.address(address);
      expect([familyOf(alias), addressKind(alias)], address).toEqual([familyOf(address), addressKind(address)]);
      expect(seen.get(alias) ?? address).toBe(address);
      seen.set(alias, address);
    }
  });
});
