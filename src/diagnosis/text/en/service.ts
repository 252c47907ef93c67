import type { SERVICE } from '../../catalogue/service.ts';
import type { FindingText } from '../table.ts';

export const SERVICE_TEXT: Readonly<Record<keyof typeof SERVICE, FindingText>> = {
  'auth.expired': {
    title: 'The credential expired {ago} ago',
    detail:
      'the server rejects the user {username} ({errorCode}), whose time ran out at {expiredAt}[[?serverAgrees  by its own clock too]]',
    fix: 'fetch a new credential; if it is new, set the clock of the machine that mints them',
    meaning:
      'A "TURN REST API" credential carries its expiry in the user name; once it is past, the server answers 401 as for a wrong password.',
    needs:
      'a 401 after MESSAGE-INTEGRITY and a time in the user name that is past by this clock; "certain" if the server\'s clock, told by its nonce, agrees',
  },
  'auth.bad-credentials': {
    title: 'The server rejects the user name or the password',
    detail:
      '{errorCode}[[ {reason}]] to an Allocate with MESSAGE-INTEGRITY and a fresh nonce: user {username}[[, realm {realm}]][[, server {software}]]',
    fix: 'check both, spaces and case included[[?rest ; this user name is of the REST kind: mint it with the same secret as the server (coturn: use-auth-secret, static-auth-secret)]]',
    meaning:
      'The server knows no such user, or computed another key from its password. Servers give the same answer in both cases, on purpose. A static user against a server with a shared secret looks the same.',
    needs:
      '401 (400 from servers built on pion) to a request that carried MESSAGE-INTEGRITY and the nonce just received',
  },
  'relay.not-turn': {
    title: 'A STUN server, but no TURN server',
    detail:
      '{endpoint} ({transport}) speaks STUN, but [[?errorCode answers Allocate with {errorCode} {reason}]][[?silent stays silent to Allocate for {waitedMs}]][[ (server {software})]]',
    fix: 'enable TURN there (coturn: remove stun-only), or take the URL of the TURN server; as it is, write stun: instead',
    meaning: 'The server answers Binding requests and does not know Allocate: it tells addresses and relays nothing.',
    needs:
      'STUN answered, and the first Allocate met with silence or with 400, 403 or 420 instead of the challenge 401',
  },
  'ice.no-relay': {
    title: 'No relay candidate came',
    detail:
      'TURN is configured, and gathering ended with {candidates} candidates, none of them a relay[[; errors: {errors}]]',
    fix: 'see what each server answered (iceprobe probe URL)',
    meaning: 'Without a relay, peers behind restrictive NATs or firewalls cannot be reached.',
    needs: 'a TURN server, a gathering that ended, no relay candidate, and no other finding that explains it',
  },
  'ice.no-srflx': {
    title: 'No server-reflexive candidate came',
    detail:
      'gathering ended with {candidates} candidates, none of them server-reflexive, and none left out as redundant[[; errors: {errors}]]',
    fix: 'see what each server answered (iceprobe probe URL)',
    meaning:
      'The public address of this network is not known, so that peers outside cannot reach it directly. Without a NAT none is needed, and none is missed.',
    needs:
      'a STUN or TURN server over UDP, a gathering that ended, no such candidate, and no other finding that explains it',
  },
};
