import type { CALL } from '../../catalogue/call.ts';
import type { FindingText } from '../table.ts';

export const CALL_TEXT: Readonly<Record<keyof typeof CALL, FindingText>> = {
  'call.stack-crashed': {
    title: 'The WebRTC implementation crashed',
    detail: 'path {path}: {problem}',
    fix: 'try again, and with another version of it; a call over the page (iceprobe web) uses a browser instead',
    meaning:
      'The library that makes the connection ended its process in the middle of a call. It says nothing about the network or the servers; the other paths were tried with a new process.',
    needs: 'the process of a peer ended by a signal or an exit code while it took part in a connection',
  },
  'call.no-path': {
    title: 'No connection over {path}',
    detail:
      '[[?noAnswer the other end never answered the offer]][[?noCandidates an end has no candidate for it]][[?unchecked there was no pair of candidates to check]][[?unanswered no check was answered: {kinds}]][[; {errors}]]',
    fix: '[[?noAnswer see that the other end runs, is in the same room, and answers]][[?noCandidates mend what the servers answer: iceprobe doctor with the same URLs]][[?unchecked let both ends have addresses of the same family, or a relay with both]][[?deafRelay let the relay reach the other end: its ports open for UDP both ways]][[?deafPath add a TURN server, so that what cannot connect directly goes through it]]',
    users: 'the call rings and never connects',
    meaning:
      'The two ends exchanged descriptions and none of their candidate pairs carried a check and its answer. What each kind of pair saw tells where it ends: no candidates is a matter of the servers, checks without answers one of NATs and firewalls between. Two address-and-port-dependent NATs, or one and a port-restricted firewall, connect through a relay alone.',
    needs: 'both descriptions or the lack of one, the counts of checks of each pair, and the end of ICE',
  },
  'call.one-way': {
    title: 'Packets cross in one direction only',
    detail:
      'path {path}: the {listener} received {received} checks of the {speaker} and had no answer to {sent} of its own ({pair})',
    fix: 'look at what lies before the {speaker}: a firewall that lets it send and drops what comes, or a route back that leads elsewhere; where there is none, a firewall at the {listener} that drops what it sends',
    users: 'one side sees the other connecting, and nothing comes about',
    meaning:
      'Checks from one end arrive, so that end can send and the other can receive; in the opposite direction nothing passes. A NAT would let answers through: this is a stateless filter, an asymmetric route, or a firewall rule for one direction.',
    needs:
      'checks received at one end, its own checks without an answer; where both ends are seen, none received at the other',
  },
  'call.dtls-failed': {
    title: 'The path works, the DTLS handshake over it does not',
    detail: 'path {path}: ICE connected[[ after {iceMs}]]; [[?refused DTLS failed]][[?silent DTLS did not end]]',
    fix: '[[?refused see that nothing between the ends changes the descriptions: the fingerprint in them must be that of the certificate]][[?silent let large datagrams pass: a handshake has packets of 1200 bytes and more, checks have 100; iceprobe probe --deep asks for the path MTU]]',
    users: 'connected for a moment, then failed; no sound and no picture',
    meaning:
      'Connectivity checks are small and pass. The handshake after them is larger, and authenticates each end by the fingerprint in its description: it fails where large datagrams are lost, where a middlebox knows STUN and drops DTLS, or where signaling changed a description.',
    needs: 'ICE connected, no data channel, and DTLS failed or still under way at the end',
  },
  'call.late-candidates': {
    title: 'Candidates reach the {peer} too late[[?problem , or in a form it cannot use]]',
    detail:
      'path {path}: the {peer} had {count} candidates of the other end[[, the first {lateMs} after its description]][[; {problem}]]',
    fix: 'send each candidate as it is found, over a channel that does not wait or batch; add those that come before the description once it is set',
    users: 'calls connect after long, or fail and work at the second try',
    meaning:
      'ICE checks what it knows. Candidates that signaling holds back, that are sent only when gathering has ended, or that the other side refuses come when it has nothing left to try, and after 15 to 30 seconds it gives up.',
    needs: 'the description of the other end and its first candidate, far apart; or every candidate refused',
  },
  'call.consent-lost': {
    title: 'The connection was lost[[?recovered , and came back by an ICE restart]]',
    detail:
      'path {path}: [[after {aliveMs} ]]the pair {pair} no longer answered[[?recovered ; ICE began anew and found a path]][[?gone ; no other path was found]]',
    fix: 'look for what ends bindings and allocations on the way: a NAT that forgets, a TURN server that restarts or does not refresh, a change of network; let the application restart ICE when it is disconnected',
    users: 'the call freezes, and drops half a minute later',
    meaning:
      'After a connection stands, each end goes on asking the other for its consent (RFC 7675), every 5 seconds. Without an answer the pair is given up. With an ICE restart the ends look for another path without a new call.',
    needs: 'an open data channel, then the states disconnected or failed',
  },
  'call.slow-connect': {
    title: 'It takes {channelMs} to connect',
    detail:
      'path {path}: {stepMs} of it for [[?gathering gathering before the offer was told]][[?signaling the answer to come]][[?checks connectivity checks]][[?dtls the DTLS handshake]][[?channel the data channel to open]]',
    fix: '[[?gathering trickle candidates, and leave out servers that do not answer]][[?signaling look at the signaling channel and at what the other end does before it answers]][[?checks see which servers answer late (iceprobe gather --per-url) and whether only a relay works]][[?dtls look for loss, and for large datagrams that do not pass]][[?channel look for loss]]',
    users: 'silence after somebody has answered',
    meaning:
      'A connection within one continent takes well below a second. The step that takes longest says where to look.',
    needs: 'an open data channel, and the instants of offer, answer, ICE and DTLS',
  },
  'call.relay-only': {
    title: 'Calls go through the relay',
    detail: 'the pair is {pair}[[; connected by themselves neither {tried}]]',
    fix: 'nothing, if the relay is meant to carry it: have bandwidth for it; otherwise see what the NATs are (iceprobe nat)',
    meaning:
      'With all candidates to choose from, the connection uses a relayed one, which is the last choice of ICE: no direct pair worked. Such calls cost the server their whole traffic, and depend on it.',
    needs: 'a connection with every kind of candidate allowed, whose selected pair has a relayed one',
  },
};
