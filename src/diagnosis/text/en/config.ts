import type { CONFIG } from '../../catalogue/config.ts';
import type { FindingText } from '../table.ts';

export const CONFIG_TEXT: Readonly<Record<keyof typeof CONFIG, FindingText>> = {
  'config.url-syntax': {
    title: 'Not a STUN or TURN URL: {message}',
    detail: '{url}: column {column}: {message}',
    fix: '{hint}',
    meaning:
      'The text does not follow RFC 7064 (stun:, stuns:) or RFC 7065 (turn:, turns:). Browsers throw a SyntaxError for it, and then use none of the servers.',
    needs: 'the text alone; the column says where it goes wrong',
  },
  'config.missing-credential': {
    title: 'A TURN server without {missing}',
    detail: '{subject} has no {missing}[[?others  (and {others} more URLs of the same entry)]]',
    fix: 'give both, username and credential (--username, --credential), or a secret to mint them from (--secret)',
    meaning:
      'TURN always needs a user name and a credential. Browsers throw InvalidAccessError when either is missing, and create no connection at all.',
    needs: 'a turn: or turns: URL in an entry without username or without credential',
  },
  'config.relay-policy-without-turn': {
    title: 'Policy "relay", but no TURN server',
    detail: 'iceTransportPolicy is "relay" and none of the {servers} servers is a TURN server',
    fix: 'add a TURN server, or set iceTransportPolicy to "all"',
    meaning:
      'With the policy "relay" only relay candidates are used, and only TURN servers give those: nothing can connect.',
    needs: 'iceTransportPolicy "relay" and no turn: or turns: URL',
  },
  'config.credential-expired': {
    title: '[[?milliseconds The expiry in the user name is in milliseconds]][[The credential expired {ago} ago]]',
    detail: 'the user name {username} says {expiredAt}[[?milliseconds  if read as milliseconds; servers read seconds]]',
    fix: '[[?milliseconds put the expiry in seconds since 1970: Math.floor(Date.now() / 1000) + ttl]][[?ago fetch a new credential; a page must fetch one before each call, not once at load]]',
    meaning:
      'A "TURN REST API" credential carries its expiry, in seconds since 1970, in the user name. Once the time is past, the server answers 401.',
    needs:
      'a user name that begins with such a time; a server that allocates with it all the same withdraws the finding',
  },
  'config.credential-expires-soon': {
    title: 'The credential expires in {left}',
    detail: 'the user name {username} says {expiresAt}',
    fix: 'mint credentials that outlive a call being set up: an hour or more; the expiry is checked at allocation only',
    meaning:
      'A call that begins after the expiry gets 401. Running calls go on, since servers check the time at allocation only.',
    needs: 'a user name that begins with a time in the near future',
  },
  'config.dtls-unsupported': {
    title: 'TURN over DTLS is supported nowhere',
    detail: '{url} asks for TLS over UDP; Chromium takes TCP instead without a word, others ignore the URL',
    fix: 'write {corrected} (TLS over TCP)',
    meaning: 'RFC 7065 allows turns: with transport=udp, meaning DTLS. No browser speaks it, nor does iceprobe.',
    needs: 'a turns: URL with transport=udp',
  },
  'config.port-restricted': {
    title: 'Chromium does not use TURN servers on port {port}',
    detail: '{url}: Chromium allows the ports 53, 80, 443 and everything from 1024 on',
    fix: 'move the server to 3478, 443 or another allowed port',
    meaning: 'To protect other services, Chromium skips TURN servers on low ports, silently. Firefox uses them.',
    needs: 'a turn: or turns: URL with such a port',
  },
  'config.duplicate': {
    title: 'The same server is listed {times} times',
    detail: '{url} appears {times} times[[ as {spellings}]]',
    fix: 'keep one of them: each costs a socket and an allocation for every network interface',
    meaning: 'Two URLs mean the same server, transport and user. ICE gathers from both and gains nothing.',
    needs: 'two URLs with the same normal form and user name',
  },
  'config.too-many': {
    title: '{servers} servers slow down gathering',
    detail: '{servers} different servers are configured; more than {limit} cost time without giving better candidates',
    fix: 'keep one or two STUN servers, and one TURN server with UDP, TCP and TLS',
    meaning:
      'Each server is asked from each network interface, with a pause between requests. Browsers warn from five servers on. Different ports and transports of one server are not what this is about.',
    needs: 'the configuration alone: the number of different hosts',
  },
  'config.dead-public-server': {
    title: '{host} no longer serves',
    detail: '{host}: {reason}',
    fix: 'remove it, or use a server of your own: public ones come and go',
    meaning: 'Old tutorials name public servers that are gone. Each costs the full timeout.',
    needs: 'a host on the list of servers known to be gone, that did not answer in this run either',
  },
  'config.form': {
    title: '{message}',
    detail: 'line {line}, column {column}: {message}',
    fix: '{hint}',
    meaning: 'The configuration could be read, but not in the form that RTCPeerConnection takes.',
    needs: 'the text of the configuration',
  },
  'config.tls-needs-name': {
    title: 'TLS to an address instead of a name',
    detail:
      'certificates are made for names, and {url} has the address {address}[[; the one seen is for {certificateNames}]]',
    fix: "write the server's name, as in its certificate",
    meaning:
      'A turns: or stuns: URL with an IP address only works if the certificate has that address in it, which few have. Firefox then stays silent: no candidate, no error.',
    needs: 'a turns: URL with an address; a warning once a certificate was seen that lacks it',
  },
  'config.no-tls-443': {
    title: 'No TURN over TLS on port 443',
    detail: 'networks that let only web traffic out leave no way to connect',
    fix: 'add {example}, if the server listens there',
    meaning: 'Hotels, offices and schools often allow TCP 443 alone. TURN over TLS on that port is what gets through.',
    needs: 'TURN servers in the configuration, none of them turns: on port 443',
  },
};
