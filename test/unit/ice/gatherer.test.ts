import { describe, expect, it } from 'vitest';
import { ETH0, WLAN0, World } from './world.ts';

describe('gathering', () => {
  it('without servers gives the host candidates', () => {
    const world = new World({ urls: [], locals: [ETH0, WLAN0] }).run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '0 candidate host udp 192.0.2.65:40001',
      '0 complete',
    ]);
    expect(world.candidates()).toEqual([
      'candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host',
      'candidate:2 1 udp 2130640895 192.0.2.65 40001 typ host',
    ]);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
  });

  it('with STUN and TURN gives host, srflx and relay, completes, then releases', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.2'] });
    world.nat = '203.0.113.77';
    world.server('198.51.100.1:3478');
    const turn = world.server('198.51.100.2:3478');
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '20 stage binding pass stun:198.51.100.1',
      '20 candidate srflx udp 203.0.113.77:40000 stun:198.51.100.1',
      '25 stage challenge pass turn:198.51.100.2',
      '30 stage binding pass turn:198.51.100.2',
      '30 omitted 203.0.113.77 40000 typ srflx',
      '45 stage allocate pass turn:198.51.100.2',
      '45 allocation created 203.0.113.9:50000',
      '45 candidate relay udp 203.0.113.9:50000 via udp turn:198.51.100.2',
      '45 complete',
      '65 stage release pass turn:198.51.100.2',
      '65 allocation released 203.0.113.9:50000',
    ]);
    expect(world.candidates()).toEqual([
      'candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host',
      'candidate:2 1 udp 1694498815 203.0.113.77 40000 typ srflx raddr 192.0.2.1 rport 40000',
      'candidate:4 1 udp 16777215 203.0.113.9 50000 typ relay raddr 203.0.113.77 rport 40000',
    ]);
    expect(turn.requests).toEqual(['Allocate', 'Binding', 'Allocate+', 'Refresh+']);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
    expect(world.node.sent.map((line) => line.replace(/ (udp|tcp|tls)-\d+/, ''))).toEqual([
      '0 Binding 198.51.100.1:3478',
      '5 Allocate 198.51.100.2:3478',
      '10 Binding 198.51.100.2:3478',
      '25 Allocate 198.51.100.2:3478',
      '45 Refresh 198.51.100.2:3478',
    ]);
  });

  it('without a NAT leaves the server-reflexive candidate out, as redundant with the host candidate, and says so', () => {
    const world = new World({ urls: ['stun:198.51.100.1'] });
    world.server('198.51.100.1:3478');
    world.run();
    expect(world.node.of('candidate-omitted')).toEqual([
      {
        type: 'candidate-omitted',
        gathering: null,
        candidate: 'candidate:2 1 udp 1694498815 192.0.2.1 40000 typ srflx raddr 192.0.2.1 rport 40000',
        reason: 'redundant with candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host',
      },
    ]);
    expect(world.node.of('candidate')).toHaveLength(1);
  });

  it('asks over TCP and TLS too, each by a connection of its own', () => {
    const world = new World({
      urls: ['turn:198.51.100.2?transport=tcp', 'turns:198.51.100.2', 'stuns:198.51.100.2:5350'],
    });
    world.streamServer('198.51.100.2:3478');
    world.streamServer('198.51.100.2:5349').relayHost = '203.0.113.10';
    world.streamServer('198.51.100.2:5350');
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '20 stage connect pass turn:198.51.100.2?transport=tcp',
      '25 stage connect pass turns:198.51.100.2',
      '30 stage connect pass stuns:198.51.100.2:5350',
      '40 stage challenge pass turn:198.51.100.2?transport=tcp',
      '60 stage allocate pass turn:198.51.100.2?transport=tcp',
      '60 allocation created 203.0.113.9:50000',
      '60 candidate relay udp 203.0.113.9:50000 via tcp turn:198.51.100.2?transport=tcp',
      '65 stage tls pass turns:198.51.100.2',
      '70 stage tls pass stuns:198.51.100.2:5350',
      '85 stage challenge pass turns:198.51.100.2',
      '90 stage binding pass stuns:198.51.100.2:5350',
      '105 stage allocate pass turns:198.51.100.2',
      '105 allocation created 203.0.113.10:50000',
      '105 candidate relay udp 203.0.113.10:50000 via tls turns:198.51.100.2',
      '105 complete',
      '125 stage release pass turn:198.51.100.2?transport=tcp',
      '125 allocation released 203.0.113.9:50000',
      '125 stage release pass turns:198.51.100.2',
      '125 allocation released 203.0.113.10:50000',
    ]);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
  });

  it('hears of a closed UDP port through a second, connected socket, and waits no longer for any of its URLs', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1'], closed: ['198.51.100.1:3478'] });
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '120 stage binding fail stun:198.51.100.1',
      '120 error 701 refused: nothing listens on that port stun:198.51.100.1',
      '120 stage challenge fail turn:198.51.100.1',
      '120 error 701 refused: nothing listens on that port turn:198.51.100.1',
      '120 stage binding skip turn:198.51.100.1',
      '120 complete',
    ]);
    expect(world.stages('challenge')[0]?.data).toEqual({ cause: 'refused', requestsSent: 1, authenticated: false });
  });

  it('gives a silent server up 5 s after the first send, having sent four times', () => {
    const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1', 'turn:198.51.100.1?transport=tcp'] });
    world.run();
    expect(world.story).toEqual([
      '0 new',
      '0 gathering',
      '0 candidate host udp 192.0.2.1:40000',
      '5000 stage connect fail turn:198.51.100.1?transport=tcp',
      '5000 error 701 no answer turn:198.51.100.1?transport=tcp',
      '5005 stage binding fail stun:198.51.100.1',
      '5005 error 701 no answer to 4 requests stun:198.51.100.1',
      '5010 stage challenge fail turn:198.51.100.1',
      '5010 error 701 no answer to 4 requests turn:198.51.100.1',
      '5015 stage binding skip turn:198.51.100.1',
      '5015 complete',
    ]);
    const sends = world.node.sent.filter((line) => line.includes(' udp-1 Allocate '));
    expect(sends.map((line) => Number(line.split(' ')[0]))).toEqual([10, 510, 1510, 3510]);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
  });
});
