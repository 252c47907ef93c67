import { expect, it } from 'vitest';
import { type CallIceServer, configurationFor } from '../../../src/core/call/path.ts';

const TURN: CallIceServer = {
  urls: ['turn:turn.example.org:3479?transport=udp', 'turn:turn.example.org?transport=tcp', 'turns:turn.example.org'],
  username: 'alice',
  credential: 'secret',
};
const urlsOf = (servers: readonly CallIceServer[]) => configurationFor('srflx', servers).iceServers;

it('asks a TURN server what it sees as a STUN server, which costs it no allocation', () => {
  expect(urlsOf([TURN])).toEqual([{ urls: ['stun:turn.example.org:3479'] }]);
  expect(urlsOf([{ ...TURN, urls: ['TURN:[2001:db8::1]'] }])).toEqual([{ urls: ['stun:[2001:db8::1]'] }]);
});

it('leaves that to STUN servers where there are any', () => {
  expect(urlsOf([TURN, { urls: ['stun:stun.example.org'] }])).toEqual([{ urls: ['stun:stun.example.org'] }]);
});
