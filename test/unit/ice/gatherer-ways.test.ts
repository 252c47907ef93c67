import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { AlternateDomain, AlternateServer, RequestedAddressFamily } from '../../../src/core/stun/attributes.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { error, type FakeScript } from '../../support/fake-turn-server.ts';
import { address } from '../../support/simulator.ts';
import { ETH0, ETH0_6, serverOf, WLAN0, World } from './world.ts';

const S = '198.51.100.1:3478';

const sendTo =
  (to: string, domain?: string): FakeScript =>
  ({ message }) =>
    message.method === Method.Allocate
      ? [
          error(message, 300, 'Try Alternate', (b) =>
            b.add(AlternateServer, address(to)).addOptional(AlternateDomain, domain),
          ),
        ]
      : undefined;

describe('with the policy relay', () => {
  it('nothing but relayed candidates is sought, and no STUN server asked', () => {
    const world = new World({ urls: ['stun:198.51.100.2', 'turn:198.51.100.1'], options: { policy: 'relay' } });
    const turn = world.server(S);
    const stun = world.server('198.51.100.2:3478');
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 stage binding skip stun:198.51.100.2',
      '20 stage challenge pass turn:198.51.100.1',
      '40 stage allocate pass turn:198.51.100.1',
      '40 allocation created 203.0.113.9:50000',
      '40 candidate relay udp 203.0.113.9:50000 via udp turn:198.51.100.1',
      '40 complete',
      '60 stage release pass turn:198.51.100.1',
      '60 allocation released 203.0.113.9:50000',
    ]);
    expect(turn.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+']);
    expect(stun.requests).toEqual([]);
  });

  it('no socket is opened for the sake of TURN over TCP', () => {
    const world = new World({ urls: ['turn:198.51.100.1?transport=tcp'], options: { policy: 'relay' } });
    world.streamServer(S);
    world.run();
    expect(world.node.commands.map(({ command }) => `${command.type} ${command.transport}`)).toEqual([
      'connect tcp-1',
      'close tcp-1',
    ]);
    expect(world.outline).toContain('60 candidate relay udp 203.0.113.9:50000 via tcp turn:198.51.100.1?transport=tcp');
  });
});

describe('one UDP socket', () => {
  it('serves STUN and TURN of several servers', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1', 'turn:198.51.100.2'] });
    world.server(S);
    world.server('198.51.100.2:3478').relayHost = '203.0.113.10';
    world.run();
    expect(world.node.commands.filter(({ command }) => command.type === 'open-udp')).toHaveLength(1);
    expect(world.node.of('candidate').map(({ candidate }) => candidate.type)).toEqual(['host', 'relay', 'relay']);
  });

  it('holds one allocation on a server: a second TURN URL for the same address gets a socket of its own', () => {
    const world = new World({ urls: ['turn:198.51.100.1', 'turn:198.51.100.1?transport=udp'] });
    world.server(S);
    world.run();
    expect(world.outline).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      // Both Allocates first, at 0 and 5; the Binding request beside them can wait.
      '30 omitted 192.0.2.1 40000 typ srflx',
      '40 allocation created 203.0.113.9:50000',
      '40 candidate relay udp 203.0.113.9:50000 via udp turn:198.51.100.1',
      '45 allocation created 203.0.113.9:50001',
      '45 candidate relay udp 203.0.113.9:50001 via udp turn:198.51.100.1?transport=udp',
      '45 complete',
      '65 allocation released 203.0.113.9:50000',
      '65 allocation released 203.0.113.9:50001',
    ]);
    expect(
      world.node
        .of('stage')
        .filter(({ stage }) => stage === 'allocate')
        .map(({ transport }) => transport),
    ).toEqual(['udp-1', 'udp-2']);
  });
});

describe('a refused allocation', () => {
  it('over UDP still leaves the server-reflexive candidate, from the Binding request beside it', () => {
    const servers = [{ ...serverOf('turn:198.51.100.1'), credential: new Secret('wrong') }];
    const world = new World({ urls: ['turn:198.51.100.1'], options: { servers } });
    world.nat = '203.0.113.77';
    world.server(S);
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '20 stage challenge pass turn:198.51.100.1',
      '25 stage binding pass turn:198.51.100.1',
      '25 candidate srflx udp 203.0.113.77:40000 turn:198.51.100.1',
      '40 stage allocate fail turn:198.51.100.1',
      '40 error 401 Unauthorized turn:198.51.100.1',
      '40 complete',
    ]);
    expect(world.node.of('candidate-error')).toEqual([
      {
        type: 'candidate-error',
        gathering: null,
        url: 'turn:198.51.100.1',
        errorCode: 401,
        errorText: 'Unauthorized',
        address: '192.0.2.1',
        port: 40_000,
        family: 4,
      },
    ]);
  });

  it('does not wait long for a Binding answer that does not come', () => {
    const servers = [{ ...serverOf('turn:198.51.100.1'), credential: new Secret('wrong') }];
    const world = new World({ urls: ['turn:198.51.100.1'], options: { servers } });
    world.server(S, ({ message }) => (message.method === Method.Binding ? [] : undefined));
    world.run();
    expect(world.outline.at(-1)).toBe('705 complete');
    expect(world.stages('binding')).toMatchObject([{ status: 'skip', data: { cause: 'not-run', requestsSent: 2 } }]);
  });

  it('by a STUN server that knows no TURN shows as just that', () => {
    const world = new World({ urls: ['turn:198.51.100.1'] });
    world.server(S, ({ message }) => (message.method === Method.Allocate ? [] : undefined));
    world.run();
    expect(world.stages().map(({ stage, status, data }) => [stage, status, data.cause, data.requestsSent])).toEqual([
      ['binding', 'pass', undefined, 1],
      ['challenge', 'fail', 'timeout', 4],
    ]);
    expect(world.outline.at(-1)).toBe('5000 complete');
  });
});

describe('a redirection', () => {
  it('over UDP is followed on the same socket, as an attempt of its own', () => {
    const world = new World({ urls: ['turn:198.51.100.1'] });
    world.server(S, sendTo('198.51.100.9:3479'));
    world.server('198.51.100.9:3479');
    world.run();
    expect(world.stages().map(({ stage, status, attempt }) => [stage, status, attempt?.id, attempt?.address])).toEqual([
      ['allocate', 'skip', '1', '198.51.100.1'],
      ['binding', 'pass', '1', '198.51.100.1'],
      ['challenge', 'pass', '2', '198.51.100.9'],
      ['allocate', 'pass', '2', '198.51.100.9'],
      ['release', 'pass', '2', '198.51.100.9'],
    ]);
    expect(world.node.commands.map(({ command }) => `${command.type} ${command.transport}`)).toEqual([
      'open-udp udp-1',
      'close udp-1',
    ]);
  });

  it('to a closed port is heard of like any other', () => {
    const world = new World({ urls: ['turn:198.51.100.1'], closed: ['198.51.100.9:3479'] });
    world.server(S, sendTo('198.51.100.9:3479'));
    world.run();
    expect(world.stages().at(-1)).toMatchObject({
      attempt: { address: '198.51.100.9' },
      status: 'fail',
      data: { cause: 'refused' },
    });
    expect(world.outline.at(-1)).toBe('140 complete');
  });

  it('over TLS is followed by another connection, to the name that the server says', () => {
    const world = new World({
      urls: ['turns:turn.example.org'],
      names: { 'turn.example.org': ['198.51.100.1'] },
    });
    world.streamServer('198.51.100.1:5349', sendTo('198.51.100.9:5349', 'other.example.org'));
    world.streamServer('198.51.100.9:5349');
    world.run();
    const connects = world.node.commands.map(({ command }) => command).filter(({ type }) => type === 'connect');
    expect(connects).toMatchObject([
      { kind: 'tls', host: 'turn.example.org', remote: { address: '198.51.100.1' } },
      { kind: 'tls', host: 'other.example.org', remote: { address: '198.51.100.9' } },
    ]);
    expect(world.node.of('candidate').map(({ candidate }) => candidate.relayProtocol)).toEqual([null, 'tls']);
    expect(world.node.transports.size).toBe(0);
  });

  it('to nowhere fails', () => {
    const world = new World({ urls: ['turn:198.51.100.1?transport=tcp'], closed: ['198.51.100.9:3478'] });
    world.streamServer(S, sendTo('198.51.100.9:3478'));
    world.run();
    expect(world.story.slice(3)).toEqual([
      '20 stage connect pass turn:198.51.100.1?transport=tcp',
      '40 stage allocate skip turn:198.51.100.1?transport=tcp',
      '60 stage connect fail turn:198.51.100.1?transport=tcp',
      '60 error 701 refused: nothing listens on that port turn:198.51.100.1?transport=tcp',
      '60 complete',
    ]);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
  });
});

describe('437', () => {
  it.each(['turn:198.51.100.1', 'turn:198.51.100.1?transport=tcp'])('is answered from a new port (%s)', (url) => {
    const world = new World({ urls: [url] });
    let allocates = 0;
    const script: FakeScript = ({ message }) =>
      message.method === Method.Allocate && ++allocates === 2
        ? [error(message, 437, 'Allocation Mismatch')]
        : undefined;
    world.server(S, script);
    if (url.includes('tcp')) world.streamServer(S, script);
    world.run();
    const ways = world.stages('allocate').map(({ status, transport }) => `${status} ${transport}`);
    expect(ways).toEqual(url.includes('tcp') ? ['skip tcp-2', 'pass tcp-3'] : ['skip udp-1', 'pass udp-2']);
    expect(world.node.of('candidate').map(({ candidate }) => candidate.type)).toEqual(['host', 'relay']);
    expect(world.node.transports.size).toBe(0);
  });
});

describe('the address of the base', () => {
  it.each([
    ['is waited for where a new port got the allocation', true],
    ['is not waited for where the base itself got it', false],
  ])('%s', (_what, isMismatch) => {
    const world = new World({ urls: ['turn:198.51.100.1'] });
    let [allocates, bindings] = [0, 0];
    world.server(S, ({ message }) => {
      // The Binding is answered after all the Allocates.
      if (message.method === Method.Binding) return ++bindings === 1 ? [] : undefined;
      const refused = message.method === Method.Allocate && ++allocates === 2 && isMismatch;
      return refused ? [error(message, 437, 'Allocation Mismatch')] : undefined;
    });
    world.run();
    const [binding] = world.stages('binding');
    expect(binding?.status).toBe(isMismatch ? 'pass' : 'skip');
    // There is no NAT: it is the host candidate's, and known to be.
    expect(world.node.of('candidate-omitted').map(({ candidate }) => / typ (\w+)/.exec(candidate)?.[1])).toEqual([
      'srflx',
    ]);
    expect(world.node.of('candidate').map(({ candidate }) => candidate.type)).toEqual(['host', 'relay']);
  });
});

describe('IPv6', () => {
  it('bases ask for an IPv6 relay, and come first', () => {
    const world = new World({
      urls: ['turn:turn.example.org'],
      names: { 'turn.example.org': ['198.51.100.1', '2001:db8::99'] },
      locals: [ETH0, ETH0_6],
    });
    world.server(S);
    world.server('[2001:db8::99]:3478');
    world.run();
    expect(world.candidates()).toEqual([
      'candidate:1 1 udp 2130706431 2001:db8::1 40000 typ host',
      'candidate:2 1 udp 2130640895 192.0.2.1 40001 typ host',
      'candidate:5 1 udp 16777215 2001:db8:9::9 50000 typ relay raddr 2001:db8::1 rport 40000',
      'candidate:6 1 udp 16711679 203.0.113.9 50000 typ relay raddr 192.0.2.1 rport 40001',
    ]);
  });

  it.each([
    [440, 'Address Family not Supported'],
    [420, 'Unknown Attribute'],
  ])('relays that a server does not have (%i) are done without', (code, reason) => {
    const world = new World({ urls: ['turn:[2001:db8::99]'], locals: [ETH0_6] });
    world.server('[2001:db8::99]:3478', ({ message }) =>
      message.get(RequestedAddressFamily) === 6 ? [error(message, code, reason)] : undefined,
    );
    world.run();
    expect(world.stages().map(({ stage, status, data }) => [stage, status, data.errorCode])).toEqual([
      ['allocate', 'warn', code],
      ['binding', 'pass', undefined],
      ['challenge', 'pass', 401],
      ['allocate', 'pass', undefined],
      ['release', 'pass', undefined],
    ]);
    expect(world.node.of('candidate').map(({ candidate }) => candidate.address)).toEqual([
      '2001:db8::1',
      '203.0.113.9',
    ]);
    expect(world.node.of('candidate-error')).toEqual([]);
  });

  it('and IPv4 are both asked for on request, in one allocation (RFC 8656 7.1)', () => {
    const world = new World({ urls: ['turn:198.51.100.1'], options: { relayFamilies: 'both' } });
    world.server(S).bothFamilies = true;
    world.run();
    expect(world.node.of('candidate').map(({ candidate }) => `${candidate.type} ${candidate.address}`)).toEqual([
      'host 192.0.2.1',
      'relay 203.0.113.9',
      'relay 2001:db8:9::9',
    ]);
  });
});

describe('what cannot be tried', () => {
  it('a server without an address of a family that we have', () => {
    const world = new World({ urls: ['stun:[2001:db8::99]', 'stun:198.51.100.1'], locals: [ETH0] });
    world.server(S);
    world.run();
    expect(world.stages()[0]).toEqual({
      type: 'stage',
      url: 'stun:[2001:db8::99]',
      attempt: {
        id: '1',
        family: 6,
        address: '2001:db8::99',
        port: 3478,
        transport: 'udp',
        interface: null,
        localAddress: null,
      },
      transport: null,
      durationMs: 0,
      stage: 'connect',
      status: 'fail',
      detail: "unreachable: no way to that address: the server's addresses are IPv6, ours are IPv4",
      data: {
        cause: 'unreachable',
        problem: "the server's addresses are IPv6, ours are IPv4",
        serverFamilies: [6],
        localFamilies: [4],
      },
    });
    expect(world.outline.at(-1)).toBe('20 complete');
  });

  it('anything at all without an interface', () => {
    const world = new World({ urls: ['turn:198.51.100.1'], locals: [] });
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 stage connect fail turn:198.51.100.1',
      "0 error 701 unreachable: no way to that address: the server's addresses are IPv4, ours are none turn:198.51.100.1",
      '0 complete',
    ]);
  });

  it('a name that does not exist', () => {
    const world = new World({ urls: ['stun:nowhere.example'] });
    world.node.handle({ type: 'start' });
    const failure = { cause: 'dns-not-found', detail: 'ENOTFOUND' } as const;
    world.node.handle({ type: 'resolved', url: 'stun:nowhere.example', addresses: [], final: true, failure });
    world.simulator.run();
    expect(world.outline).toEqual([
      '0 new',
      '0 gathering',
      '0 error 701 the name does not exist: ENOTFOUND stun:nowhere.example',
      '0 candidate host udp 192.0.2.1:40000',
      '0 complete',
    ]);
  });

  it('TURN over DTLS', () => {
    const world = new World({ urls: ['turns:198.51.100.1?transport=udp'] });
    world.run();
    expect(world.stages()).toMatchObject([{ stage: 'connect', status: 'fail', data: { cause: 'unsupported' } }]);
    expect(world.node.sent).toEqual([]);
  });
});

describe('sockets that fail', () => {
  it('to open give no host candidate, and fail what needs them', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1'] });
    world.openError = () => 'EADDRNOTAVAIL';
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 stage connect fail stun:198.51.100.1',
      '0 error 701 not possible here: socket error EADDRNOTAVAIL stun:198.51.100.1',
      '0 stage connect fail turn:198.51.100.1',
      '0 error 701 not possible here: socket error EADDRNOTAVAIL turn:198.51.100.1',
      '0 complete',
    ]);
  });

  it('to send, because there is no route, end the waiting for that server alone', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'stun:198.51.100.2'] });
    world.server('198.51.100.2:3478');
    world.simulator.at(1, () =>
      world.node.handle({ type: 'send-failed', transport: 'udp-1', to: address(S), error: 'ENETUNREACH' }),
    );
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '1 stage binding fail stun:198.51.100.1',
      '1 error 701 unreachable: no way to that address: sending failed: ENETUNREACH stun:198.51.100.1',
      '25 stage binding pass stun:198.51.100.2',
      '25 omitted 192.0.2.1 40000 typ srflx',
      '25 complete',
    ]);
  });

  it('to send once for want of a buffer send again', () => {
    const world = new World({ urls: ['stun:198.51.100.1'] });
    world.server(S, ({ number, message }) => (number === 1 && message.method === 0 ? [] : undefined));
    world.simulator.at(1, () =>
      world.node.handle({ type: 'send-failed', transport: 'udp-1', to: address(S), error: 'ENOBUFS' }),
    );
    world.run();
    expect(world.stages()).toMatchObject([{ stage: 'binding', status: 'pass' }]);
  });
});

describe('connections', () => {
  it('that are refused, silent or fail in TLS are told apart', () => {
    const world = new World({
      urls: ['turn:198.51.100.1?transport=tcp', 'turns:198.51.100.1', 'turns:198.51.100.2', 'turns:198.51.100.3'],
      closed: [S],
    });
    world.streamServer('198.51.100.3:5349');
    world.handshakeError = { '198.51.100.3:5349': 'the certificate has expired' };
    world.openError = (command) =>
      command.type === 'connect' && command.remote.address === '198.51.100.2' ? 'EHOSTUNREACH' : undefined;
    world.run();
    expect(
      world.stages().map(({ url, stage, status, data, durationMs }) => [url, stage, status, durationMs, data]),
    ).toEqual([
      ['turn:198.51.100.1?transport=tcp', 'connect', 'fail', 20, { cause: 'refused', systemError: 'ECONNREFUSED' }],
      ['turns:198.51.100.2', 'connect', 'fail', 20, { cause: 'unreachable', systemError: 'EHOSTUNREACH' }],
      ['turns:198.51.100.3', 'connect', 'pass', 20, {}],
      [
        'turns:198.51.100.3',
        'tls',
        'fail',
        40,
        { cause: 'tls', problem: 'the certificate has expired', systemError: 'tls' },
      ],
      ['turns:198.51.100.1', 'connect', 'fail', 5000, { cause: 'timeout' }],
    ]);
    expect(world.node.transports.size).toBe(0);
  });

  it('whose handshake hangs are given up 5 s after it began', () => {
    const world = new World({ urls: ['turns:198.51.100.3'] });
    world.streamServer('198.51.100.3:5349');
    world.handshakeError = { '198.51.100.3:5349': 'silent' };
    world.run();
    expect(world.stages()).toMatchObject([
      { stage: 'connect', status: 'pass', durationMs: 20 },
      { stage: 'tls', status: 'fail', durationMs: 5000, data: { cause: 'timeout' } },
    ]);
    expect(world.outline.at(-1)).toBe('5020 complete');
  });

  it('to something that speaks HTTP end at its first bytes', () => {
    const world = new World({ urls: ['turn:198.51.100.1?transport=tcp', 'stuns:198.51.100.1:443'] });
    const http: FakeScript = () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')];
    world.streamServer(S, http);
    world.streamServer('198.51.100.1:443', http);
    world.run();
    const failed = world.stages().filter(({ status }) => status === 'fail');
    expect(failed.map(({ stage, data }) => [stage, data.cause, data.firstBytes?.slice(0, 14)])).toEqual([
      ['challenge', 'not-stun', '485454502f312e'],
      ['binding', 'not-stun', '485454502f312e'],
    ]);
    expect(world.outline.at(-1)).toBe('85 complete');
    expect(world.node.transports.size).toBe(0);
  });
});

describe('answers that are none', () => {
  it.each([
    [
      'from another address',
      ({ message, server }: Parameters<FakeScript>[0]) => [
        { bytes: server.challenge(message), from: address('198.51.100.2:3478') },
      ],
      { cause: 'wrong-source', answerFrom: '198.51.100.2:3478' },
    ],
    [
      'in another protocol',
      () => [Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n')],
      { cause: 'not-stun', problem: 'SSH-2.0-OpenSSH_9.2p1', firstBytes: expect.stringMatching(/^5353482d/) },
    ],
  ])('%s are named in the stages of STUN and TURN alike', (_what, script, data) => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1'] });
    world.server(S, script);
    world.run();
    const failed = world.stages().filter(({ status }) => status === 'fail');
    expect(failed.map(({ stage }) => stage)).toEqual(['binding', 'challenge']);
    for (const stage of failed) expect(stage.data).toMatchObject({ ...data, requestsSent: 4 });
    expect(world.outline.at(-1)).toBe('5010 complete');
  });
});

describe('a second socket that hears ICMP', () => {
  it('and is answered while the first is not, is told', () => {
    const world = new World({ urls: ['stun:198.51.100.1'] });
    world.server(S, ({ from }) => (from.port === 40_000 ? [] : undefined));
    world.run();
    expect(world.stages()[0]?.data).toEqual({ cause: 'timeout', requestsSent: 4, answeredAnotherPort: true });
  });

  it('is not opened for a server that answers in time, and closed when a slow one answers', () => {
    const quick = new World({ urls: ['stun:198.51.100.1'], network: { delayMs: 45 } });
    quick.server(S);
    quick.run();
    expect(quick.node.commands.map(({ command }) => command.transport)).toEqual(['udp-1', 'udp-1']);
    const slow = new World({ urls: ['stun:198.51.100.1'], network: { delayMs: 80 } });
    slow.server(S);
    slow.run();
    expect(slow.node.commands.map(({ at, command }) => `${at} ${command.type} ${command.transport}`)).toEqual([
      '0 open-udp udp-1',
      '100 open-udp ear-2',
      '160 close ear-2',
      '160 close udp-1',
    ]);
    expect(slow.stages()).toMatchObject([{ stage: 'binding', status: 'pass', durationMs: 160 }]);
  });

  it('is opened for each base and server that is silent', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'stun:198.51.100.2'], locals: [ETH0, WLAN0] });
    world.server('198.51.100.2:3478');
    world.run(200);
    const ears = world.node.commands.flatMap(({ command }) =>
      command.type === 'open-udp' && command.remote !== undefined
        ? [[command.local.address, command.remote.address]]
        : [],
    );
    expect(ears).toEqual([
      ['192.0.2.1', '198.51.100.1'],
      ['192.0.2.65', '198.51.100.1'],
    ]);
  });
});

describe('host candidates for TCP', () => {
  it('are active ones, on request (RFC 6544)', () => {
    const world = new World({ urls: [], locals: [ETH0, ETH0_6], options: { tcp: true } });
    world.run();
    expect(world.candidates()).toEqual([
      'candidate:1 1 udp 2130706431 2001:db8::1 40000 typ host',
      'candidate:2 1 tcp 1524629503 2001:db8::1 9 typ host tcptype active',
      'candidate:3 1 udp 2130640895 192.0.2.1 40001 typ host',
      'candidate:4 1 tcp 1524563967 192.0.2.1 9 typ host tcptype active',
    ]);
  });
});
