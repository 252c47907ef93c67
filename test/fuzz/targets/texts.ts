import { parseAllowance } from '../../../src/check/allowance.ts';
import { parseAssertion } from '../../../src/check/assertion.ts';
import { parseRequirement } from '../../../src/check/requirement.ts';
import { packetsInText } from '../../../src/cli/decode/input.ts';
import {
  addressToBytes,
  bytesToAddress,
  canonicalAddress,
  formatSocketAddress,
  parseSocketAddress,
} from '../../../src/core/address.ts';
import { fromBase64 } from '../../../src/core/base64.ts';
import { formatCandidate, parseCandidate } from '../../../src/core/ice/sdp.ts';
import { readNonceCookie } from '../../../src/core/stun/nonce-cookie.ts';
import { readRestUsername } from '../../../src/core/stun/rest-credentials.ts';
import { opaqueString, saslPrep } from '../../../src/core/stun/strings.ts';
import { formatServerUri, parseServerUri } from '../../../src/core/stun/uri.ts';
import { parseFaults } from '../../../src/core/turn/server/faults/parse.ts';
import { FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';
import { alternativeNames, oneLine } from '../../../src/net/certificate.ts';
import { parseHostsFile } from '../../../src/net/hosts-file.ts';
import { parseIfInet6 } from '../../../src/net/if-inet6.ts';
import { parseSearchRule, searchNames } from '../../../src/net/resolv-conf.ts';
import type { JsonSchema } from '../../../src/record/json-schema.ts';
import schema from '../../../src/record/report.schema.json' with { type: 'json' };
import { demand, type FuzzTarget, textOf, utf8 } from '../target.ts';

/** Errors name a place: it must be one in the text, or just behind it. */
function demandPlace(column: number, text: string): void {
  demand(column >= 1 && column <= text.length + 1, `column ${column} of a text of ${text.length}`);
}

export const uri: FuzzTarget = {
  name: 'uri',
  reads: 'URLs of servers (RFC 7064, RFC 7065)',
  words: ['stun:', 'turns:', 'turn:', '?transport=tcp', '?transport=udp', ':3478', '[2001:db8::1]', '%25eth0', 'xn--'],
  maxBytes: 8192,
  seeds: () =>
    [
      'stun:stun.example.org',
      'turn:turn.example.org:443?transport=tcp',
      'turns:[2001:db8::1]:5349?transport=udp',
      'turn:192.0.2.1',
      'stuns:[fe80::1%25eth0]',
      'turn:user:pass@turn.example.org',
      'turn://turn.example.org:3478/path#x',
      'turn:bücher.example?transport=tls',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    const parsed = parseServerUri(text);
    if (!parsed.ok) {
      demandPlace(parsed.error.column, text);
      return 'refused';
    }
    const { value } = parsed;
    demand(formatServerUri(value) === value.text, 'the normal form is not what is formatted');
    const again = parseServerUri(value.text);
    demand(again.ok && again.value.text === value.text, 'the normal form is not read as itself');
    const { original: _a, explicitPort: _b, ...first } = value;
    const { original: _c, explicitPort: _d, ...second } = again.value;
    demand(JSON.stringify(first) === JSON.stringify(second), 'the normal form names another server');
    return 'read';
  },
};

export const candidate: FuzzTarget = {
  name: 'candidate',
  reads: 'candidate attributes of SDP',
  words: ['candidate:', 'a=', 'typ', 'host', 'relay', 'raddr', 'rport', 'tcptype', 'generation', 'udp'],
  maxBytes: 8192,
  seeds: () =>
    [
      'candidate:1 1 udp 2130706431 192.0.2.1 54321 typ host',
      'a=candidate:842163049 1 udp 1677729535 203.0.113.7 41022 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag x',
      'candidate:7 2 TCP 1518280447 2001:db8::1 9 typ host tcptype active',
      'candidate:3 1 udp 41885439 d2e6a2c5-8a8f-4f49-9d24-1c2a0ba45b5a.local 61000 typ relay raddr 198.51.100.1 rport 5',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    const parsed = parseCandidate(text);
    if (!parsed.ok) {
      demandPlace(parsed.error.column, text);
      return 'refused';
    }
    const again = parseCandidate(formatCandidate(parsed.value));
    demand(again.ok, 'formatted it is no candidate');
    const { extensions: _a, ...first } = parsed.value;
    const { extensions: _b, ...second } = again.value;
    demand(JSON.stringify(first) === JSON.stringify(second), 'formatted it is another candidate');
    return 'read';
  },
};

export const address: FuzzTarget = {
  name: 'address',
  reads: 'IP addresses, with and without a port',
  words: ['::', '::ffff:', '192.0.2.1', '%eth0', ']:', 'fe80', '255', '0x', 'ffff'],
  maxBytes: 512,
  seeds: () =>
    ['192.0.2.1', '2001:db8::1', '::', '::ffff:192.0.2.1', 'fe80::1%eth0', '[2001:db8::1]:443', '1.2.3.4:5'].map(utf8),
  run(input) {
    const text = textOf(input);
    const socket = parseSocketAddress(text);
    if (socket !== undefined) {
      const again = parseSocketAddress(formatSocketAddress(socket));
      demand(JSON.stringify(again) === JSON.stringify(socket), 'formatted it is another address');
    }
    const canonical = canonicalAddress(text);
    if (canonical === undefined) return socket === undefined ? 'refused' : 'read';
    demand(canonicalAddress(canonical) === canonical, 'the canonical form has another canonical form');
    const bytes = addressToBytes(canonical);
    if (bytes !== undefined && !canonical.includes('%')) {
      demand(bytesToAddress(bytes) === canonical, 'its bytes are another address');
    }
    return 'read';
  },
};

export const faults: FuzzTarget = {
  name: 'faults',
  reads: 'specifications of faults (--fault, and POST /faults)',
  words: ['allocate', 'data', 'client', 'any', 'drop', 'loss=', 'from=', 'lifetime:', '486', '@2+', '@30%', 'size>'],
  maxBytes: 4096,
  seeds: () =>
    [
      'allocate:486@2+',
      'data:drop,to-client,size>1200@30%',
      'client:loss=20%',
      'any:from=127.0.0.2',
      'lifetime:permission=2',
    ].map(utf8),
  run: (input) => (parseFaults([textOf(input)]).ok ? 'read' : 'refused'),
};

export const expectations: FuzzTarget = {
  name: 'expectations',
  reads: 'what check expects: --expect, --require, --allow',
  words: [
    'servers',
    '[*]',
    '[type=relay]',
    '.count',
    'findings',
    '==',
    '<=',
    'relay/tcp',
    'until=2027-01-01',
    'net.refused',
  ],
  maxBytes: 4096,
  seeds: () =>
    [
      'findings.count == 0',
      'servers[*].attempts[*].relay.lossPercent < 5',
      'gatherings[0].candidates[type=relay].count >= 1',
      'relay/tcp',
      'relay:turn:turn.example.org',
      'net.no-hairpin until=2027-01-01',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    const results = [
      parseAssertion(text, schema as JsonSchema),
      parseRequirement(text),
      parseAllowance(text, FINDING_IDS),
    ];
    return results.some(({ ok }) => ok) ? 'read' : 'refused';
  },
};

export const credentials: FuzzTarget = {
  name: 'credentials',
  reads: 'user names, realms and nonces that a server or a person gives',
  words: ['1767225600', ':', 'obMatJos2', 'AAAA', '\u00ad', '\u30de', '\u2168', 'alice'],
  maxBytes: 4096,
  seeds: () =>
    [
      '1767225600:alice',
      'alice:1767225600',
      'obMatJos2AAACbm9uY2U',
      '\u30de\u30c8\u30ea\u30c3\u30af\u30b9',
      'I\u00adX',
      '\u2168',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    const prepared = opaqueString(text);
    demand(opaqueString(prepared) === prepared, 'OpaqueString of it changes when prepared again');
    saslPrep(text);
    readNonceCookie(text);
    return readRestUsername(text) === undefined ? 'refused' : 'read';
  },
};

export const systemFiles: FuzzTarget = {
  name: 'system-files',
  reads: 'resolv.conf, hosts, if_inet6, and the names in certificates',
  words: [
    'search',
    'domain',
    'options',
    'ndots:',
    'nameserver',
    '127.0.0.1',
    'localhost',
    'DNS:',
    'IP Address:',
    'CN=',
  ],
  seeds: () =>
    [
      'search example.org corp.example.org\noptions ndots:2\nnameserver 192.0.2.53\n',
      '127.0.0.1 localhost\n::1 ip6-localhost # comment\n192.0.2.1 turn turn.example.org\n',
      '00000000000000000000000000000001 01 80 10 80       lo\nfe800000000000000242acfffe110002 05 40 20 80     eth0\n',
      'DNS:example.org, DNS:*.example.org, IP Address:192.0.2.1, DNS:"a\\"b, c"',
      'C=DE\nO=Example\nCN=turn.example.org',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    const rule = parseSearchRule(text);
    demand(rule.ndots >= 0 && rule.ndots <= 15, 'ndots out of its range');
    demand(searchNames('turn.example.org', rule).length === rule.domains.length + 1, 'names are missing');
    const hosts = parseHostsFile(text);
    for (const addresses of hosts.values()) {
      for (const each of addresses) demand(canonicalAddress(each) === each, 'a host without an address');
    }
    const flags = parseIfInet6(text);
    const names = alternativeNames(text);
    oneLine(text);
    return hosts.size + flags.size + names.length + rule.domains.length > 0 ? 'read' : 'refused';
  },
};

export const decodeText: FuzzTarget = {
  name: 'decode-text',
  reads: 'packets as text: hex, base64, dumps',
  words: ['0000:', '0x0010', '0001', '2112a442', '\\x00', '0x00, ', '  |....|', '=='],
  seeds: () =>
    [
      '000100002112a442b7e7a701bc34d686fa87dfae',
      '0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1',
      'AAEAACESpEK356cBvDTWhvqH364=',
      '00000000: 0001 0000 2112 a442 b7e7 a701 bc34 d686  ....!..B.....4..\n00000010: fa87 dfae                                ....\n',
      '\t0x0000:  4500 0030 0000 4000\n\t0x0008:  4011 0000 c000 0201\n',
      '00000000  00 01 00 00 21 12 a4 42  b7 e7 a7 01 bc 34 d6 86  |....!..B.....4..|\n',
    ].map(utf8),
  run(input) {
    const text = textOf(input);
    fromBase64(text);
    const packets = packetsInText(text);
    const length = packets?.reduce((sum, bytes) => sum + bytes.length, 0) ?? 0;
    demand(length <= text.length, 'more bytes than the text has characters');
    return packets === undefined ? 'refused' : 'read';
  },
};
