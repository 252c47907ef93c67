import type { SERVICE } from '../../catalogue/service.ts';
import type { FindingText } from '../table.ts';

export type AuthId = Extract<keyof typeof SERVICE, `auth.${string}`>;

export const AUTH_TEXT: Readonly<Record<AuthId, FindingText>> = {
  'auth.open-relay': {
    title: 'The relay is open to everybody',
    detail: '{endpoint} allocated {relayed} without credentials, and data crossed',
    fix: 'require credentials (coturn: lt-cred-mech with user=, or use-auth-secret; remove no-auth)',
    users:
      'strangers use the server to hide where they come from; Chromium does not accept such allocations and says "timed out"',
    meaning: 'Anybody can send through this server, to anywhere, under its address.',
    needs: 'an allocation without credentials on a server that is not on loopback, and data that crossed it',
  },
  'auth.expired': {
    title: 'The credential expired {ago} ago',
    detail:
      'the server rejects the user {username} ({errorCode}), whose time ran out at {expiredAt}[[?serverAgrees , by its own clock too]]',
    fix: 'fetch a new credential; if it is new, set the clock of the machine that mints them',
    meaning:
      'A "TURN REST API" credential carries its expiry in the user name; once it is past, the server answers 401 as for a wrong password.',
    needs:
      'a 401 after MESSAGE-INTEGRITY and a time in the user name that is past by this clock; "certain" if the server\'s clock, told by its nonce, agrees',
  },
  'auth.wrong-mechanism': {
    title: 'The user name has its parts in the wrong order for this server',
    detail: 'the server rejects {username} ({errorCode}); the time stands at the end',
    fix: 'build the user name as {corrected}, and the password from exactly that text',
    meaning:
      'REST credentials are <expiry>:<user>. Some servers read <user>:<expiry> as well, others find no expiry in it.',
    needs: 'a 401 to a user name that ends in a time; the password may be wrong too',
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
  'auth.empty-realm': {
    title: 'The server sends [[?missing no realm]][[?empty an empty realm]]',
    detail: '{endpoint}: the challenge (401) has [[?missing no REALM]][[?empty an empty REALM]]',
    fix: 'set one (coturn: realm=example.org)',
    users: 'works in Firefox, not in Chromium',
    meaning: 'The realm is part of the key. Chromium gives up on a challenge without one, other clients go on.',
    needs: 'a challenge without REALM, or with an empty one',
  },
  'auth.nonce-loop': {
    title: 'The server calls every nonce stale',
    detail: '{endpoint} answered 438[[ {times} times]] to nonces that it had just given[[; it saw us from {mapped}]]',
    fix: 'let requests of one client reach one server from one port: session affinity in the load balancer, no NAT that changes the port between packets',
    meaning:
      'Each nonce belongs to a server and an address. Several servers behind one address, or a source port that changes, make every nonce the wrong one.',
    needs: '438 to a nonce that came with the answer before, several times in a row',
  },
  'auth.bad-response-integrity': {
    title: 'The answer is not signed with our key',
    detail: '{endpoint}: {problem}[[ (server {software})]]',
    fix: 'update the server; if it is current, see whether something on the way changes packets (a SIP ALG)',
    meaning:
      'The server accepted the request, and its answer has no MESSAGE-INTEGRITY, or a wrong one. Browsers ignore such answers and time out.',
    needs: 'a success response to an authenticated request whose MESSAGE-INTEGRITY is missing or wrong',
  },
  'auth.clock-skew': {
    title: "The server's clock is {skew} [[?behind behind]][[?ahead ahead of]] this one",
    detail: 'by the time in its nonce; credentials that carry an expiry are judged by its clock',
    fix: 'set both clocks by NTP',
    meaning: 'Credentials with an expiry live shorter or longer than meant where clocks differ.',
    needs: 'two clocks; a nonce alone, which some servers begin with their time, is "possible"',
  },
};
