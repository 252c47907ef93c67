import { describe, expect, it } from 'vitest';
import { formatServerUri, parseServerUri, type ServerUri, type UriErrorCode } from '../../../src/core/stun/uri.ts';

function parsed(text: string): ServerUri {
  const result = parseServerUri(text);
  if (!result.ok) throw new Error(`${text}: ${result.error.code} ${result.error.message}`);
  return result.value;
}

describe('parseServerUri', () => {
  it.each([
    // RFC 7064 appendix A and RFC 7065 appendix A, and what users write.
    ['stun:example.org', 'stun', 'example.org', 3478, 'udp', 'stun:example.org'],
    ['stuns:example.org', 'stuns', 'example.org', 5349, 'tls', 'stuns:example.org'],
    ['stun:example.org:8000', 'stun', 'example.org', 8000, 'udp', 'stun:example.org:8000'],
    ['turn:example.org', 'turn', 'example.org', 3478, 'udp', 'turn:example.org'],
    ['turns:example.org', 'turns', 'example.org', 5349, 'tls', 'turns:example.org'],
    ['turn:example.org:8000', 'turn', 'example.org', 8000, 'udp', 'turn:example.org:8000'],
    ['turn:example.org?transport=udp', 'turn', 'example.org', 3478, 'udp', 'turn:example.org'],
    ['turn:example.org?transport=tcp', 'turn', 'example.org', 3478, 'tcp', 'turn:example.org?transport=tcp'],
    ['turns:example.org?transport=tcp', 'turns', 'example.org', 5349, 'tls', 'turns:example.org'],
    ['turns:example.org:443?transport=tcp', 'turns', 'example.org', 443, 'tls', 'turns:example.org:443'],
    ['TURN:Example.ORG:3478?transport=TCP', 'turn', 'example.org', 3478, 'tcp', 'turn:example.org?transport=tcp'],
    ['stun:192.0.2.1', 'stun', '192.0.2.1', 3478, 'udp', 'stun:192.0.2.1'],
    ['stun:[2001:DB8:0::1]', 'stun', '2001:db8::1', 3478, 'udp', 'stun:[2001:db8::1]'],
    ['turn:[::1]:3479?transport=tcp', 'turn', '::1', 3479, 'tcp', 'turn:[::1]:3479?transport=tcp'],
    ['stun:[fe80::1%25eth0]:3478', 'stun', 'fe80::1%eth0', 3478, 'udp', 'stun:[fe80::1%25eth0]'],
    ['stun:[fe80::1%docker0]', 'stun', 'fe80::1%docker0', 3478, 'udp', 'stun:[fe80::1%25docker0]'],
    ['stun:localhost:1', 'stun', 'localhost', 1, 'udp', 'stun:localhost:1'],
    ['stun:a_b.example.:65535', 'stun', 'a_b.example.', 65535, 'udp', 'stun:a_b.example.:65535'],
    ['stun:1.example:003478', 'stun', '1.example', 3478, 'udp', 'stun:1.example'],
  ])('%s', (text, scheme, host, port, transport, normal) => {
    const uri = parsed(text);
    expect(uri).toMatchObject({ scheme, host, port, transport, dtls: false, text: normal, original: text });
    expect(parsed(uri.text).text).toBe(normal);
  });

  it('keeps TURN over DTLS apart: valid, and not what turns: means otherwise', () => {
    expect(parsed('turns:example.org?transport=udp')).toMatchObject({ transport: 'udp', dtls: true });
    expect(parsed('turns:example.org?transport=udp').text).toBe('turns:example.org?transport=udp');
  });

  it('knows address literals and whether the port was given', () => {
    expect(parsed('stun:192.0.2.1').literal).toBe(4);
    expect(parsed('stun:[::1]').literal).toBe(6);
    expect(parsed('stun:example.org').literal).toBeUndefined();
    expect(parsed('stun:example.org').explicitPort).toBe(false);
    expect(parsed('stun:example.org:3478').explicitPort).toBe(true);
  });

  const cases: readonly (readonly [string, UriErrorCode, number, RegExp])[] = [
    ['', 'uri.empty', 1, /variable/],
    [' stun:a', 'uri.white-space', 1, /remove/],
    ['stun:a ', 'uri.white-space', 7, /remove/],
    ['stun:exam ple.org', 'uri.white-space', 10, /remove/],
    ['stun:a\n', 'uri.white-space', 7, /remove/],
    ['"stun:a"', 'uri.quotes', 1, /remove/],
    ["stun:a'", 'uri.quotes', 7, /remove/],
    ['stun:a,stun:b', 'uri.several', 7, /by itself/],
    ['example.org', 'uri.missing-scheme', 1, /write stun:example\.org, turn:example\.org/],
    ['example.org:3478', 'uri.missing-scheme', 1, /stun:example\.org:3478/],
    ['localhost:3478', 'uri.missing-scheme', 1, /stun:localhost:3478/],
    ['localhost:3478?transport=tcp', 'uri.missing-scheme', 1, /HOST/],
    ['192.0.2.1:3478', 'uri.missing-scheme', 1, /stun:192/],
    ['[::1]:3478', 'uri.missing-scheme', 1, /stun:\[::1\]:3478/],
    [':3478', 'uri.missing-scheme', 1, /HOST/],
    ['http://example.org', 'uri.unknown-scheme', 1, /web address/],
    ['wss://example.org', 'uri.unknown-scheme', 1, /web address/],
    ['sturn:example.org', 'uri.unknown-scheme', 1, /did you mean (turn|stun):/],
    ['trun:example.org', 'uri.unknown-scheme', 1, /did you mean turn:/],
    ['truns:example.org', 'uri.unknown-scheme', 1, /did you mean turns:/],
    ['sip:example.org', 'uri.unknown-scheme', 1, /use stun:/],
    ['stun://example.org:3478', 'uri.slashes', 6, /write stun:example\.org:3478$/],
    ['turns://example.org/', 'uri.slashes', 7, /write turns:example\.org$/],
    ['turn://', 'uri.slashes', 6, /write turn:HOST$/],
    ['turn:me:s3cret@example.org', 'uri.userinfo', 6, /write turn:example\.org and .*--username/],
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the mistake itself.
    ['turn:${TURN_HOST}:3478', 'uri.template', 6, /value/],
    ['${TURN_URL}', 'uri.template', 1, /value/],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the mistake itself.
    ['turn:{{ host }}:3478', 'uri.template', 6, /value/],
    ['{{ url }}', 'uri.template', 1, /value/],
    ['turn:<your-server>:3478', 'uri.template', 6, /value/],
    ['turn:example.org:<port>', 'uri.template', 18, /value/],
    ['turn:%s:3478', 'uri.template', 6, /value/],
    ['turn:%TURN_HOST%', 'uri.template', 6, /value/],
    ['turn:$HOST', 'uri.template', 6, /value/],
    ['turn:undefined:3478', 'uri.template', 6, /variable/],
    ['turn:null', 'uri.template', 6, /variable/],
    ['stun:', 'uri.missing-host', 6, /stun:HOST/],
    ['stun::3478', 'uri.missing-host', 6, /stun:HOST:3478/],
    ['stun:3478', 'uri.missing-host', 6, /stun:HOST:3478/],
    ['turn:?transport=udp', 'uri.missing-host', 6, /turn:HOST/],
    ['stun:[]', 'uri.missing-host', 7, /./],
    ['stun:a..b', 'uri.bad-host', 8, /dot/],
    ['stun:.a', 'uri.bad-host', 6, /dot/],
    ['stun:-a.org', 'uri.bad-host', 6, /hyphen/],
    ['stun:a.b-', 'uri.bad-host', 8, /hyphen/],
    ['stun:a!b', 'uri.bad-host', 7, /remove/],
    [`stun:${'a'.repeat(64)}.org`, 'uri.bad-host', 6, /63/],
    [`stun:${'a.'.repeat(127)}org`, 'uri.bad-host', 6, /253/],
    ['stun:bücher.example', 'uri.not-ascii', 7, /xn--/],
    ['stun:a%2eb', 'uri.percent-encoding', 7, /plainly/],
    ['stun:300.0.2.1', 'uri.bad-address', 6, /0 to 255/],
    ['stun:192.0.2', 'uri.bad-address', 6, /four numbers/],
    ['stun:192.0.2.01', 'uri.bad-address', 6, /leading zeros/],
    ['stun:[2001:db8::g]', 'uri.bad-address', 7, /IPv6/],
    ['stun:[192.0.2.1]', 'uri.bad-address', 7, /IPv6/],
    ['stun:[example.org]:1', 'uri.bad-address', 7, /IPv6/],
    ['stun:2001:db8::1', 'uri.ipv6-brackets', 6, /write stun:\[2001:db8::1\]$/],
    ['stun:2001:db8::1:3478', 'uri.ipv6-brackets', 6, /\(or stun:\[2001:db8::1\]:3478\)$/],
    ['turn:2001:db8:1:2:3:4:5:6:3478', 'uri.ipv6-brackets', 6, /write turn:\[2001:db8:1:2:3:4:5:6\]:3478$/],
    ['stun:[::1', 'uri.ipv6-brackets', 6, /\[ADDRESS\]/],
    ['stun:a:', 'uri.missing-port', 7, /leave the colon out/],
    ['stun:[::1]:', 'uri.missing-port', 11, /leave the colon out/],
    ['stun:a:b', 'uri.bad-port', 8, /1 to 65535/],
    ['stun:a:-1', 'uri.bad-port', 8, /1 to 65535/],
    ['stun:a:1:2', 'uri.ipv6-brackets', 6, /\[ADDRESS\]/],
    ['stun:host:1:2', 'uri.bad-port', 12, /HOST:PORT/],
    ['stun:[::1]3478', 'uri.bad-port', 11, /\[::1\]:PORT/],
    ['stun:a:0', 'uri.port-range', 8, /1 to 65535/],
    ['stun:a:65536', 'uri.port-range', 8, /1 to 65535/],
    ['stun:a:99999999999999999999', 'uri.port-range', 8, /1 to 65535/],
    ['stun:example.org/', 'uri.path', 17, /stun:example\.org$/],
    ['turn:example.org:3478/path?transport=udp', 'uri.path', 22, /turn:example\.org:3478$/],
    ['stun:example.org#a', 'uri.fragment', 17, /remove/],
    ['turn:example.org?ttl=3', 'uri.unknown-parameter', 18, /turn:example\.org\?transport=tcp/],
    ['turn:example.org?', 'uri.unknown-parameter', 18, /turn:example\.org/],
    ['stun:example.org?a=b', 'uri.unknown-parameter', 17, /stun:example\.org/],
    ['stun:example.org?transport=udp', 'uri.transport-on-stun', 17, /write stun:example\.org;/],
    ['stuns:example.org?transport=tcp', 'uri.transport-on-stun', 18, /write stuns:example\.org/],
    ['turn:example.org:443?transport=tls', 'uri.transport-tls', 32, /write turns:example\.org:443$/],
    ['turn:example.org?transport=', 'uri.unknown-transport', 28, /\?transport=tcp/],
    ['turn:example.org?transport', 'uri.unknown-transport', 27, /\?transport=tcp/],
    ['turn:example.org?transport=sctp', 'uri.unknown-transport', 28, /\?transport=tcp/],
    ['turn:example.org?transport=udp&ttl=1', 'uri.unknown-transport', 28, /\?transport=tcp/],
  ];

  it.each(cases)('refuses %j: %s at column %i', (text, code, column, hint) => {
    const result = parseServerUri(text);
    expect(result.ok ? result.value : { code: result.error.code, column: result.error.column }).toEqual({
      code,
      column,
    });
    if (!result.ok) expect(result.error.hint).toMatch(hint);
  });

  it.each([
    'turn:me:s3cret@example.org',
    'turn://me:s3cret@example.org',
    'http://me:s3cret@example.org',
    'me:s3cret@example.org',
    ' turn:me:s3cret@example.org',
    '"turn:me:s3cret@example.org"',
    'turn:me:s3cret@x@example.org:1',
    'turn:me:s3 cret@example.org',
  ])('never repeats a password: %s', (text) => {
    const result = parseServerUri(text);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toMatch(/s3/);
  });

  it('never throws, whatever the text', () => {
    const pieces = [
      'stun',
      'turns',
      ':',
      '//',
      '[',
      ']',
      '::1',
      '@',
      '?',
      'transport=',
      'tcp',
      '%',
      '25',
      '.',
      ' ',
      '0',
      'é',
      '\ud800',
      '{',
      '$',
    ];
    for (let seed = 0; seed < 20_000; seed++) {
      let text = '';
      for (let n = seed; n > 0; n = Math.floor(n / pieces.length)) text += pieces[n % pieces.length];
      const result = parseServerUri(text);
      if (result.ok) expect(parseServerUri(result.value.text).ok).toBe(true);
      else expect(result.error.column).toBeLessThanOrEqual(text.length + 1);
    }
  });
});

describe('formatServerUri', () => {
  it('leaves defaults out and puts brackets around IPv6', () => {
    expect(formatServerUri({ scheme: 'turn', host: '::1', port: 3478, transport: 'tcp' })).toBe(
      'turn:[::1]?transport=tcp',
    );
    expect(formatServerUri({ scheme: 'turns', host: 'a.example', port: 443 })).toBe('turns:a.example:443');
  });
});
