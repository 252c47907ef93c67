import { Run, stunServer, turnServer } from '../../../support/events.ts';
import {
  bothRun,
  type Scenario,
  STUN,
  stunAnswers,
  stunRun,
  TURN,
  TURN_TCP,
  TURNS_443,
  turnRun,
  withInterfaces,
} from './scenario.ts';

const PEER = { address: '198.51.100.7' };
const SIX = { address: '2001:db8:7::7', localAddress: '2001:db8::23' };
const OTHER = 'turn:other.example.com';

export const netScenarios: readonly Scenario[] = [
  {
    id: 'net.no-network',
    raise: () => {
      const run = new Run({ command: 'probe', servers: [stunServer(STUN)] })
        .interface('lo', '127.0.0.1')
        .interface('eth0', 'fe80::1');
      return run.unresolved(STUN, 'timeout');
    },
    finding: { consequences: ['dns.resolver-down'], locus: 'client' },
    near: [
      { name: 'a private address is enough', run: () => stunRun().unresolved(STUN, 'timeout') },
      {
        name: 'a server on this machine needs none',
        run: () => {
          const run = new Run({ servers: [stunServer('stun:127.0.0.1')] }).interface('lo', '127.0.0.1');
          run.attempt('stun:127.0.0.1').fail('binding', 'refused');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.captive-portal',
    raise: () => {
      const run = bothRun('turns:turn.example.org', 'turns:other.example.com');
      run.attempt('turns:turn.example.org').refusedCertificate('name-mismatch', { names: ['portal.hotel.example'] });
      run
        .attempt('turns:other.example.com', { address: '198.51.100.99' })
        .refusedCertificate('name-mismatch', { names: ['portal.hotel.example'] });
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      return run;
    },
    finding: { confidence: 'likely', locus: 'path' },
    near: [
      {
        name: 'two names of one machine',
        run: () => {
          const run = turnRun('turns:turn.example.org', 'turns:other.example.com');
          for (const url of ['turns:turn.example.org', 'turns:other.example.com']) {
            run.attempt(url).refusedCertificate('name-mismatch', { names: ['default.example'] });
          }
          return run;
        },
      },
    ],
  },
  {
    id: 'net.lost-midway',
    // The gathering got a relay; when the ladder began the cable was out.
    raise: () => {
      const run = turnRun(TURN, TURN_TCP);
      run.attempt(TURN).allocated();
      run.attempt(TURN_TCP).pass('connect').allocated();
      run.attempt(TURN).fail('binding', 'unreachable').fail('challenge', 'unreachable');
      run.attempt(TURN_TCP).fail('connect', 'unreachable', { systemError: 'ENETUNREACH' });
      return run;
    },
    finding: {
      severity: 'error',
      confidence: 'likely',
      locus: 'client',
      title: 'The network was lost in the middle of the run',
    },
    near: [
      {
        name: 'one of our addresses never had a way',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          run.attempt(TURN, { interface: 'docker0', localAddress: '172.17.0.1' }).fail('challenge', 'unreachable');
          run.attempt(TURN).allocated();
          return run;
        },
      },
      {
        name: 'there again in the end',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          run.attempt(TURN).fail('binding', 'unreachable');
          run.attempt(TURN).allocated();
          return run;
        },
      },
      {
        name: 'a few lost packets',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          run.attempt(TURN).silent('binding', 3);
          return run;
        },
      },
      {
        name: 'cut off by the deadline',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          run.attempt(TURN).fail('binding', 'not-run');
          return run;
        },
      },
      {
        name: 'never there at all',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).fail('challenge', 'unreachable');
          run.attempt(TURN).fail('challenge', 'unreachable');
          return run;
        },
      },
      {
        name: 'a relay that was not given back, and all its data crossed',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated().pass('permission').pass('relay-data').fail('release', 'timeout');
          return run;
        },
      },
      {
        name: 'a relay that carries nothing, on a server that is there to the end',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated().pass('permission').fail('relay-data', 'timeout').pass('release');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.proxy-required',
    raise: () => {
      const run = bothRun(TURN_TCP).record({
        type: 'resolvers',
        resolvers: [],
        proxy: 'http://proxy.corp.example:3128',
      });
      run.attempt(TURN_TCP).silent('connect', 1);
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      return run;
    },
    near: [
      {
        name: 'something gets out without it',
        run: () => {
          const run = bothRun(TURN_TCP).record({
            type: 'resolvers',
            resolvers: [],
            proxy: 'http://proxy.corp.example:3128',
          });
          run.attempt(TURN_TCP).silent('connect', 1);
          return stunAnswers(run);
        },
      },
      {
        name: 'no proxy is configured',
        run: () => {
          const run = turnRun(TURN_TCP);
          run.attempt(TURN_TCP).silent('connect', 1);
          return run;
        },
      },
    ],
  },
  {
    id: 'net.only-443',
    raise: () => {
      const run = bothRun(TURN, TURN_TCP, TURNS_443);
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt(TURN_TCP, PEER).silent('connect', 1);
      run.attempt(TURNS_443, PEER).pass('connect').handshake().pass('tls').allocated();
      return run;
    },
    first: true,
    finding: { severity: 'info' },
    near: [
      {
        name: 'TCP on another port gets out as well',
        run: () => {
          const run = turnRun(TURN, TURN_TCP, TURNS_443);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          run.attempt(TURNS_443, PEER).pass('connect').pass('tls').allocated();
          return run;
        },
      },
      {
        name: 'only UDP was tried beside it',
        run: () => {
          const run = turnRun(TURN, TURNS_443);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURNS_443, PEER).pass('connect').pass('tls').allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.udp-blocked',
    raise: () => {
      const run = bothRun(TURN, TURN_TCP);
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt(TURN_TCP, PEER).pass('connect').rejected();
      return run;
    },
    finding: { severity: 'error', confidence: 'likely', consequences: ['net.server-silent'] },
    first: false,
    near: [
      {
        name: 'UDP passes elsewhere',
        run: () => {
          const run = stunAnswers(bothRun(TURN, TURN_TCP));
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'two silent ports of a dead address, while another address of the name answers over TCP',
        run: () => {
          const run = turnRun(TURN_TCP);
          const dead = { address: '198.51.100.77' };
          run.attempt(TURN_TCP, dead).silent('connect', 1);
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          for (const url of [TURN, 'turn:turn.example.org:5349'])
            run.attempt(url, dead).asControl('UDP?').silent('binding');
          return run;
        },
      },
      {
        name: 'one silent port of one host',
        run: () => {
          const run = turnRun(TURN, TURN_TCP);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'nothing answers at all',
        run: () => {
          const run = bothRun(TURN, TURN_TCP);
          run.attempt(STUN, { address: '198.51.100.9' }).silent();
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).silent('connect', 1);
          return run;
        },
      },
    ],
  },
  {
    id: 'net.udp-blocked',
    raise: () => {
      const run = bothRun(TURN, TURN_TCP);
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt(TURN_TCP, PEER).pass('connect').allocated();
      return run;
    },
    finding: { severity: 'warning' },
    first: false,
    near: [],
  },
  {
    id: 'net.udp-blocked',
    raise: () => {
      const run = bothRun(TURN, TURN_TCP);
      // Dead, or behind the same filter: nobody can tell.
      run.attempt(STUN, { address: '198.51.100.9' }).silent();
      run
        .attempt('turn:stun.example.net?transport=tcp', { address: '198.51.100.9' })
        .asControl('TCP?')
        .silent('connect');
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt(TURN_TCP, PEER).pass('connect').allocated();
      return run;
    },
    finding: { confidence: 'possible' },
    first: false,
    near: [],
  },
  {
    id: 'net.udp-silent-here',
    raise: () => {
      const run = stunAnswers(bothRun(TURN, TURN_TCP));
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt(TURN_TCP, PEER).pass('connect').allocated();
      return run;
    },
    finding: { confidence: 'likely', locus: 'server' },
    near: [
      {
        name: 'UDP passes nowhere',
        run: () => {
          const run = bothRun(TURN, TURN_TCP);
          run.attempt(STUN, { address: '198.51.100.9' }).silent();
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'IPv6 is silent over UDP, and what answers over TCP is IPv4',
        run: () => {
          const run = stunAnswers(bothRun(TURN, TURN_TCP));
          run.attempt(TURN, SIX).silent('challenge');
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN_TCP, SIX).silent('connect', 1);
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'another address of the name answers over TCP, this one is dead',
        run: () => {
          const run = stunAnswers(bothRun(TURN, TURN_TCP));
          run.attempt(TURN, { address: '198.51.100.77' }).silent('challenge');
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN_TCP, { address: '198.51.100.77' }).silent('connect', 1);
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'another UDP port of the host answers',
        run: () => {
          const run = stunAnswers(bothRun(TURN, TURN_TCP, 'turn:turn.example.org:80'));
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          run.attempt('turn:turn.example.org:80', PEER).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.port-blocked',
    raise: () => {
      const run = turnRun(TURN, 'turn:turn.example.org:80');
      run.attempt(TURN, PEER).silent('challenge');
      run.attempt('turn:turn.example.org:80', PEER).allocated();
      return run;
    },
    near: [
      {
        name: 'the other port belongs to another host',
        run: () => {
          const run = turnRun(TURN, OTHER);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(OTHER, { address: '198.51.100.99' }).allocated();
          return run;
        },
      },
      {
        name: 'the port is closed for TCP: closed for UDP as well, and the word of it was lost',
        run: () => {
          const run = turnRun(TURN, TURN_TCP, 'turn:turn.example.org:80');
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).fail('connect', 'refused');
          run.attempt('turn:turn.example.org:80', PEER).allocated();
          return run;
        },
      },
      {
        name: 'refused, not silent',
        run: () => {
          const run = turnRun(TURN, 'turn:turn.example.org:80');
          run.attempt(TURN, PEER).fail('challenge', 'refused');
          run.attempt('turn:turn.example.org:80', PEER).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.server-silent',
    raise: () => {
      const run = stunAnswers(bothRun(TURN));
      run.attempt(TURN, PEER).silent('challenge');
      return run;
    },
    finding: { confidence: 'likely', locus: 'server' },
    near: [
      {
        name: 'it answers over TCP',
        run: () => {
          const run = stunAnswers(bothRun(TURN, TURN_TCP));
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          return run;
        },
      },
      {
        name: 'a control that nobody asked for answers instead',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN_TCP, PEER).asControl('is the host up?').pass('connect').pass('challenge');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.server-silent',
    raise: () => {
      // What answers, answers over IPv4: the way to all of IPv6 may be what is broken.
      const run = stunAnswers(bothRun(TURN));
      run.attempt(TURN, SIX).silent('challenge');
      return run;
    },
    finding: { confidence: 'possible', locus: 'unknown' },
    near: [],
  },
  {
    id: 'net.unreachable',
    raise: () => {
      const run = turnRun(TURN);
      run.attempt(TURN, PEER).fail('challenge', 'unreachable', { systemError: 'EHOSTUNREACH' }, 3000);
      return run;
    },
    near: [
      {
        name: 'an IPv6 address without a route, on a machine without IPv6, beside an IPv4 one that fails for its own reasons',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, SIX).fail('challenge', 'unreachable', { systemError: 'ENETUNREACH' });
          run.attempt(TURN, PEER).fail('challenge', 'refused');
          return run;
        },
      },
      {
        name: 'an IPv6 address without a route beside a good IPv4 one',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, SIX).fail('challenge', 'unreachable', { systemError: 'ENETUNREACH' });
          run.attempt(TURN, PEER).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.refused',
    raise: () => {
      const run = turnRun(TURN_TCP);
      run.attempt(TURN_TCP, PEER).fail('connect', 'refused', {}, 1);
      return run;
    },
    near: [
      {
        name: 'silence',
        run: () => {
          const run = turnRun(TURN_TCP);
          run.attempt(TURN_TCP, PEER).silent('connect', 1);
          return run;
        },
      },
    ],
  },
  {
    id: 'net.not-a-stun-server',
    raise: () => {
      const run = turnRun('turn:turn.example.org:80?transport=tcp');
      // "HTTP/1.1 400 Bad"
      run
        .attempt('turn:turn.example.org:80?transport=tcp')
        .pass('connect')
        .fail('challenge', 'not-stun', { firstBytes: '485454502f312e312034303020426164' });
      return run;
    },
    finding: { confidence: 'certain', title: 'HTTP answers there, not STUN' },
    near: [
      {
        name: 'a TLS record, which has a finding of its own',
        run: () => {
          const run = turnRun(TURN_TCP);
          run.attempt(TURN_TCP).pass('connect').fail('challenge', 'not-stun', { firstBytes: '15030300020246' });
          return run;
        },
      },
    ],
  },
  {
    id: 'net.reply-from-elsewhere',
    raise: () => {
      const run = turnRun(TURN);
      run.attempt(TURN, PEER).fail('challenge', 'wrong-source', { answerFrom: '198.51.100.8:3478', requestsSent: 4 });
      return run;
    },
    finding: { confidence: 'certain', locus: 'server' },
    near: [
      {
        name: 'silence',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).silent('challenge');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.one-address-bad',
    raise: () => {
      const run = turnRun(TURN);
      run.attempt(TURN, PEER).allocated();
      run.attempt(TURN, { address: '198.51.100.8' }).silent('challenge');
      return run;
    },
    near: [
      {
        name: 'the bad one is of the other family',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN, SIX).silent('challenge');
          return run;
        },
      },
      {
        name: 'one of our own addresses cannot reach it',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN, { ...PEER, localAddress: '172.17.0.1', interface: 'docker0' }).silent('challenge');
          return run;
        },
      },
      {
        name: 'all of them fail',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).silent('challenge');
          run.attempt(TURN, { address: '198.51.100.8' }).silent('challenge');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.tls-filtered',
    raise: () => {
      const run = turnRun(TURNS_443);
      run.attempt(TURNS_443).pass('connect').fail('tls', 'reset', { webHandshake: 'pass' });
      return run;
    },
    finding: { confidence: 'likely', locus: 'path' },
    near: [
      {
        name: 'the certificate is at fault',
        run: () => {
          const run = turnRun(TURNS_443);
          run.attempt(TURNS_443).refusedCertificate('expired', { validDays: -3 });
          return run;
        },
      },
    ],
  },
  {
    id: 'net.ipv6-broken',
    raise: () => {
      const run = turnRun(TURN, OTHER).interface('eth0', '2001:db8::23');
      run.attempt(TURN, PEER).allocated();
      run.attempt(OTHER, { address: '198.51.100.99' }).allocated();
      run.attempt(TURN, SIX).silent('challenge');
      run.attempt(OTHER, { ...SIX, address: '2001:db8:9::9' }).silent('challenge');
      return run;
    },
    finding: { confidence: 'likely', locus: 'client' },
    near: [
      {
        name: 'a single host, whose own IPv6 may be what is broken',
        run: () => {
          const run = turnRun(TURN).interface('eth0', '2001:db8::23');
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN, SIX).silent('challenge');
          return run;
        },
      },
      {
        name: 'no IPv6 on this machine',
        run: () => {
          const run = turnRun(TURN, OTHER);
          run.attempt(TURN, PEER).allocated();
          run.attempt(OTHER, { address: '198.51.100.99' }).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.aaaa-not-served',
    raise: () => {
      const run = turnRun(TURN, OTHER).interface('eth0', '2001:db8::23');
      run.attempt(TURN, PEER).allocated();
      run.attempt(TURN, SIX).silent('challenge');
      run.attempt(OTHER, { ...SIX, address: '2001:db8:9::9' }).allocated();
      return run;
    },
    finding: { locus: 'server' },
    near: [
      {
        name: 'IPv6 works nowhere',
        run: () => {
          const run = turnRun(TURN, OTHER).interface('eth0', '2001:db8::23');
          run.attempt(TURN, PEER).allocated();
          run.attempt(OTHER, { address: '198.51.100.99' }).allocated();
          run.attempt(TURN, SIX).silent('challenge');
          run.attempt(OTHER, { ...SIX, address: '2001:db8:9::9' }).silent('challenge');
          return run;
        },
      },
    ],
  },
  {
    id: 'net.nodes-differ',
    raise: () => {
      const run = turnRun(TURN);
      run.attempt(TURN, PEER).pass('challenge', { realm: 'example.org' }).pass('allocate', { authenticated: true });
      run
        .attempt(TURN, { address: '198.51.100.8' })
        .pass('challenge', { realm: 'old.example.org' })
        .pass('allocate', { authenticated: true });
      return run;
    },
    near: [
      {
        name: 'two alike',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN, PEER).allocated();
          run.attempt(TURN, { address: '198.51.100.8' }).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'net.nat64-literal',
    raise: () => {
      const url = 'turn:198.51.100.7';
      const run = new Run({ command: 'probe', servers: [turnServer(url)] }).interface('eth0', '2001:db8::23');
      run.record({
        type: 'resolve',
        urls: [],
        host: 'ipv4only.arpa',
        family: 6,
        addresses: ['64:ff9b::c000:aa'],
        source: 'dns',
        error: null,
        errorText: null,
        durationMs: 5,
      });
      run.attempt(url, { localAddress: null }).fail('challenge', 'unreachable', { systemError: 'ENETUNREACH' });
      return run;
    },
    finding: { consequences: ['net.unreachable'] },
    near: [
      {
        name: 'IPv6 only, and nobody translates',
        run: () => {
          const url = 'turn:198.51.100.7';
          const run = new Run({ command: 'probe', servers: [turnServer(url)] }).interface('eth0', '2001:db8::23');
          run.attempt(url, { localAddress: null }).fail('challenge', 'unreachable', { systemError: 'ENETUNREACH' });
          return run;
        },
      },
    ],
  },
  {
    id: 'net.vpn-route',
    raise: () => {
      const run = turnRun(TURN).interface('wg0', '10.8.0.2', 'vpn');
      run.attempt(TURN, { ...PEER, interface: 'wg0', localAddress: '10.8.0.2' }).allocated();
      return run;
    },
    near: [
      {
        name: 'the VPN is up, and the path does not use it',
        run: () => {
          const run = turnRun(TURN).interface('wg0', '10.8.0.2', 'vpn');
          run.attempt(TURN, PEER).allocated();
          return run;
        },
      },
    ],
  },
  ...(
    [
      ['127.0.0.1', 'The server is on this machine'],
      ['192.168.1.5', 'The server is on this site'],
      ['203.0.113.7', 'The server is behind the same NAT'],
    ] as const
  ).map(
    ([address, title]): Scenario => ({
      id: 'net.same-site',
      raise: () => {
        const run = turnRun(TURN);
        run.attempt(TURN, { address }).allocated();
        return run;
      },
      finding: { title },
      near: [
        {
          name: 'a server on the internet',
          run: () => {
            const run = turnRun(TURN);
            run.attempt(TURN, PEER).allocated();
            return run;
          },
        },
      ],
    }),
  ),
  {
    id: 'net.rate-limited',
    raise: () => burst('aaaaa......', true),
    finding: { confidence: 'possible' },
    near: [
      { name: 'loss, which strikes anywhere', run: () => burst('a.aa.a...a..', true) },
      { name: 'all answered', run: () => burst('aaaaaaaaaaaa', true) },
      { name: 'a server that died in between', run: () => burst('aaaaa......', false) },
      { name: 'a few of many', run: () => burst('aaaaa...', true) },
    ],
  },
  {
    id: 'net.high-loss',
    raise: () => relayed({ sent: 100, received: 90 }),
    finding: { title: '10 % of the packets are lost' },
    near: [
      { name: 'four in a hundred', run: () => relayed({ sent: 100, received: 96 }) },
      { name: 'one of ten: too few to tell', run: () => relayed({ sent: 5, received: 4 }) },
      { name: 'nothing crosses: that is no loss', run: () => relayed({ sent: 100, received: 0 }) },
    ],
  },
  {
    id: 'net.high-latency',
    raise: () => {
      const run = stunRun();
      run.attempt(STUN, { address: '198.51.100.9' }).pass('binding', { rttMs: 420 });
      run.record({
        type: 'resolve',
        urls: [STUN],
        host: 'stun.example.net',
        family: 4,
        addresses: ['198.51.100.9'],
        source: 'dns',
        error: null,
        errorText: null,
        durationMs: 1240,
      });
      return run;
    },
    // A single answer, which something here may have held up; the resolver's took the same way.
    finding: { confidence: 'likely', consequences: ['dns.slow'] },
    near: [],
  },
  {
    id: 'net.high-latency',
    raise: () => relayed({ sent: 20, received: 20, rtt: 840 }),
    near: [{ name: 'within the limit', run: () => relayed({ sent: 20, received: 20, rtt: 560 }) }],
  },
  {
    id: 'net.jitter',
    raise: () => relayed({ sent: 20, received: 20, rtt: 40, swing: 80 }),
    near: [{ name: 'steady', run: () => relayed({ sent: 20, received: 20, rtt: 40, swing: 20 }) }],
  },
  {
    id: 'net.path-mtu',
    raise: () => {
      // TCP puts what it has to send again into larger segments, and they die too.
      const run = sized(
        [
          [1200, 5, 5],
          [1400, 6, 0],
        ],
        [TURN_TCP],
      );
      const stream = run.attempt(TURN_TCP, PEER).pass('connect').allocated();
      stream.burst('relay-to-peer', 20, 12).burst('peer-after-relay', 12, 8);
      stream.pass('relay-data', { relay: { witness: 'outside' } });
      return run;
    },
    finding: { consequences: ['net.high-loss'] },
    near: [],
  },
  {
    id: 'net.path-mtu',
    raise: () =>
      sized([
        [172, 5, 5],
        [1200, 5, 5],
        [1400, 6, 0],
        [1472, 3, 0],
      ]),
    finding: { title: 'Large packets get lost, small ones pass' },
    near: [
      {
        name: 'all pass',
        run: () =>
          sized([
            [172, 5, 5],
            [1400, 5, 5],
          ]),
      },
      {
        name: 'one size lost in the middle: loss, no limit',
        run: () =>
          sized([
            [172, 5, 5],
            [1200, 6, 0],
            [1400, 5, 5],
          ]),
      },
      {
        name: 'over a stream that stands still, since packets to the server are lost',
        run: () => {
          const run = withInterfaces(new Run({ command: 'probe', servers: [turnServer(TURN, TURN_TCP)] }));
          const datagrams = run.attempt(TURN, PEER).allocated();
          datagrams.burst('relay-to-peer', 20, 12).burst('peer-after-relay', 12, 8);
          datagrams.pass('relay-data', { relay: { witness: 'outside' } });
          const stream = run.attempt(TURN_TCP, PEER).pass('connect').allocated();
          stream.burst('relay-to-peer', 20, 20).burst('peer-after-relay', 20, 20);
          const sizes = [
            { size: 1200, sent: 3, received: 3 },
            { size: 1400, sent: 6, received: 0 },
          ];
          stream.pass('relay-data', { relay: { witness: 'outside', sizes } });
          return run;
        },
      },
      {
        name: 'six packets, where most others are lost too',
        run: () =>
          sized(
            [
              [1200, 6, 2],
              [1400, 6, 0],
            ],
            [],
            { received: 3 },
          ),
      },
      {
        name: 'asked once only: three packets may be late together',
        run: () =>
          sized([
            [1200, 3, 3],
            [1400, 3, 0],
            [1472, 3, 0],
          ]),
      },
    ],
  },
];

/** A relay that was measured: `rtt` in ms, every second one later by `swing`. */
function relayed(given: { sent: number; received: number; rtt?: number; swing?: number }): Run {
  const { sent, received, rtt = 20, swing = 0 } = given;
  const run = withInterfaces(new Run({ command: 'probe', servers: [turnServer(TURN)] }));
  const attempt = run.attempt(TURN, PEER).allocated();
  const roundTripsMs = Array.from({ length: received }, (_, index) => rtt + (index % 2) * swing);
  attempt.burst('relay-to-peer', sent, received, roundTripsMs).burst('peer-after-relay', sent, received);
  attempt.pass('relay-data', { relay: { witness: 'outside' } });
  return run;
}

function sized(
  sizes: readonly (readonly [number, number, number])[],
  more: readonly string[] = [],
  { received = 20 } = {},
): Run {
  const run = withInterfaces(new Run({ command: 'probe', servers: [turnServer(TURN, ...more)] }));
  const attempt = run.attempt(TURN, PEER).allocated();
  attempt.burst('relay-to-peer', 20, received).burst('peer-after-relay', received, received);
  attempt.pass('relay-data', {
    relay: { witness: 'outside', sizes: sizes.map(([size, sent, received]) => ({ size, sent, received })) },
  });
  return run;
}

/** Binding requests 10 ms apart, `a` answered, `.` not; then one a few seconds later. */
function burst(pattern: string, answersLater: boolean): Run {
  const run = withInterfaces(new Run({ command: 'probe', servers: [stunServer(STUN)] }));
  const packet = { transport: 't1', method: 'Binding', attributes: {}, length: 20 };
  const ask = (ms: number, transactionId: string, answered: boolean): void => {
    run
      .at(ms)
      .record({ ...packet, type: 'stun-sent', class: 'request', transactionId, to: '198.51.100.9:3478', attempt: 1 });
    if (answered) {
      run
        .at(ms + 4)
        .record({ ...packet, type: 'stun-received', class: 'success', transactionId, from: '198.51.100.9:3478' });
    }
  };
  [...pattern].forEach((sign, index) => {
    ask(10 * index, `first${index}`, sign === 'a');
  });
  ask(5000, 'later', answersLater);
  return stunAnswers(run);
}
