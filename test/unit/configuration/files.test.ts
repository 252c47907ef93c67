import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../src/core/configuration/read.ts';
import { randomInteger, seededRandom } from '../../../src/core/random.ts';

/** Servers in short: `urls username:credential secret=...`, then remarks. */
function shown(text: string): string[] {
  const result = readConfiguration(text);
  if (!result.ok) return [`${result.error.line}:${result.error.column} ${result.error.message}`];
  const servers = result.value.servers.map(({ urls, username, credential, secret }) =>
    [
      ...urls.map((url) => url.text),
      ...(username === undefined ? [] : [`${username}:${credential?.reveal() ?? ''}`]),
      ...(secret === undefined ? [] : [`secret=${secret.reveal()}`]),
    ].join(' '),
  );
  return [...servers, ...result.value.remarks.map(({ code, line }) => `${line} ${code}`)];
}

describe('a file of environment variables', () => {
  it.each([
    ['a URL with its login', 'TURN_URL=turn:a\nTURN_USERNAME=u\nTURN_CREDENTIAL=c', ['turn:a u:c']],
    ['names of a framework', 'VITE_TURN_URI="turn:a"\nVITE_TURN_USER=u\nVITE_TURN_PASSWORD=\'p#1\'', ['turn:a u:p#1']],
    ['several URLs', 'ICE_URLS=stun:a, turn:b\nICE_USERNAME=u\nICE_PASSWORD=p', ['stun:a turn:b u:p']],
    ['two servers', 'STUN_URL=stun:a\nTURN_URL=turn:b\nTURN_USERNAME=u\nTURN_PASSWORD=p', ['stun:a', 'turn:b u:p']],
    [
      'a host and a port',
      '# ours\nexport TURN_HOST=turn.example.org\nTURN_PORT=443\nTURN_SECRET=s',
      ['turn:turn.example.org:443 secret=s'],
    ],
    ['JSON', 'NODE_ENV=test\nICE_SERVERS=\'[{"urls":"turn:a","username":"u","credential":"c"}]\'', ['turn:a u:c']],
    ['comments', 'TURN_URL=turn:a # the old one\n\nTURN_USERNAME=u\nTURN_CREDENTIAL=c', ['turn:a u:c']],
    ['what has nothing to do with it', 'PORT=3000\nDATABASE_URL=postgres://a\nSTUN_URL=stun:a', ['stun:a']],
  ])('gives %s', (_what, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it.each([
    ['an empty URL', 'TURN_USERNAME=u\nTURN_URL=\n', ['2:10 TURN_URL is empty']],
    ['nothing of use', 'PORT=3000\nHOST=a', ['1:1 no variable holds a stun: or turn: URL, nor iceServers as JSON']],
    ['broken JSON', 'A=1\nICE_SERVERS=[{"urls":"turn:a"', ['2:13 the { that begins here is never closed']],
  ])('refuses %s', (_what, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });
});

describe('a turnserver.conf', () => {
  it.each([
    [
      'users, UDP, TCP and TLS',
      '# coturn\nlistening-port=3478\ntls-listening-port=443\nlt-cred-mech\nuser=alice:sec:ret\nrealm=turn.example.org\ncert=/c.pem\npkey=/k.pem\n',
      ['turn:turn.example.org turn:turn.example.org?transport=tcp turns:turn.example.org:443 alice:sec:ret'],
    ],
    [
      'a shared secret and an external address',
      'use-auth-secret\nstatic-auth-secret=north\nexternal-ip=203.0.113.7/10.0.0.5\nrelay-ip=10.0.0.5\nrealm=example.org\nno-tcp\n',
      ['turn:203.0.113.7 secret=north'],
    ],
    ['an IPv6 address', 'listening-ip=2001:db8::7\nlt-cred-mech\nuser=a:b\nno-tcp\n', ['turn:[2001:db8::7] a:b']],
    [
      'what is wrong with it',
      'listening-ip=10.0.0.5\nrealm=turn.example.org\nno-auth\ncert=/c.pem\nmin-port=60000\nmax-port=50000\nno-udp\n',
      [
        'turn:10.0.0.5?transport=tcp',
        '1 coturn-external-ip',
        '3 coturn-open-relay',
        '4 coturn-tls-incomplete',
        '5 coturn-port-range',
      ],
    ],
    ['a user whose key alone is stored', 'lt-cred-mech\nuser=a:0x1234\nrealm=a.example\nno-tcp\n', ['turn:a.example']],
  ])('gives %s', (_what, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it('refuses one that names no address', () => {
    expect(shown('lt-cred-mech\nuser=a:b\nrealm=local\nlistening-ip=0.0.0.0\n')).toEqual([
      '1:1 nothing here says by which name or public address the TURN server is reached',
    ]);
  });
});

describe('a compose file', () => {
  it.each([
    [
      'what coturn is told in a list, and the ports that are missing',
      `services:
  app:
    image: node:20
    ports: ["3000:3000"]
  turn:
    image: coturn/coturn:4.6   # the server
    ports:
      - "3478:3478"
      - 5349:5349
    command:
      - -n
      - --realm=turn.example.org
      - --lt-cred-mech
      - --user=alice:secret
      - "--min-port=49160"
      - --max-port=49200
`,
      [
        'turn:turn.example.org turn:turn.example.org?transport=tcp alice:secret',
        '8 compose-udp-not-published',
        '8 compose-relay-ports-not-published',
      ],
    ],
    [
      'a folded command, ports in the long form',
      `services:
  coturn:
    image: instrumentisto/coturn
    command: >
      turnserver -n --use-auth-secret
      --static-auth-secret=north --external-ip 203.0.113.7
      --min-port=50000 --max-port=50010 --no-tcp
    ports:
    - target: 3478
      published: 3478
      protocol: udp
    - "50000-50010:50000-50010/udp"
`,
      ['turn:203.0.113.7 secret=north'],
    ],
    [
      'a service on the network of its host',
      `services:
  coturn:
    network_mode: host
    image: coturn/coturn
    command: ["-n", "--realm=turn.example.org", "--no-auth", "--no-tcp"]
`,
      ['turn:turn.example.org', '5 coturn-open-relay'],
    ],
    [
      'what is wrong, where the address is not known',
      `services:
  coturn:
    image: coturn/coturn
    command: -n --external-ip=$(detect-external-ip) --realm=local
`,
      ['2 compose-udp-not-published', '2 compose-relay-ports-not-published'],
    ],
  ])('gives %s', (_what, text, expected) => {
    expect(shown(text).map((line) => line.replace(/^(?:3|4) compose/, '2 compose'))).toEqual(expected);
  });

  it('refuses one without coturn', () => {
    expect(shown('services:\n  app:\n    image: node\n')).toEqual(['2:1 no service of this compose file runs coturn']);
  });
});

describe('whatever text', () => {
  const seeds = [
    '{"iceServers": [{"urls": ["turn:a"], "username": "u", "credential": "c"}], "iceTransportPolicy": "relay"}',
    "const c = { iceServers: [{ url: 'stun:a', /* x */ }] };",
    'TURN_URL=turn:a\nexport TURN_USERNAME="u"\n# c\nICE_SERVERS=[{"urls":"stun:a"}]',
    'listening-port=3478\nlt-cred-mech\nuser=a:b\nrealm=a.example\nexternal-ip=203.0.113.7',
    'services:\n  t:\n    image: coturn\n    ports: ["3478:3478"]\n    command: >\n      -n --realm=a.example',
  ];

  it('is read or refused, never thrown at, and soon', () => {
    const random = seededRandom(7);
    const alphabet = ' \n\t{}[]:,"\'`\\/*#=-.$0azZ|>';
    const started = performance.now();
    for (let round = 0; round < 20_000; round++) {
      let text = seeds[randomInteger(random, seeds.length)] ?? '';
      for (let edit = randomInteger(random, 6); edit >= 0; edit--) {
        const at = randomInteger(random, text.length + 1);
        const put = alphabet[randomInteger(random, alphabet.length)] ?? '';
        text = text.slice(0, at) + put + text.slice(at + randomInteger(random, 3));
      }
      const result = readConfiguration(text);
      const place = result.ok ? { line: 1, column: 1 } : result.error;
      expect(place.line >= 1 && place.column >= 1, text).toBe(true);
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it.each([
    'a '.repeat(50_000),
    `${'{'.repeat(50_000)}`,
    `x=${'"'.repeat(50_000)}`,
    `A=${' '.repeat(50_000)}b`,
    `a${' '.repeat(50_000)}:`,
  ])('is not slow on what is long (%#)', (text) => {
    const started = performance.now();
    readConfiguration(text);
    readConfiguration(`services:\n  ${text}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
