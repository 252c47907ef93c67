import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../src/core/configuration/read.ts';

/** A configuration in short: `urls username:credential` for each server, then the policy where one is set. */
function shown(text: string): string {
  const result = readConfiguration(text);
  if (!result.ok) {
    const { line, column, message, hint } = result.error;
    return `${line}:${column} ${message} (${hint})`;
  }
  const { servers, policy } = result.value;
  const lines = servers.map(({ urls, username, credential }) => {
    const login = credential === undefined ? (username ?? '') : `${username}:${credential.reveal()}`;
    return `${urls.map((url) => url.text).join(' ')} ${login}`.trim();
  });
  return [...lines, ...(policy === undefined ? [] : [policy])].join(' | ');
}

function remarks(text: string): string[] {
  const result = readConfiguration(text);
  return result.ok ? result.value.remarks.map(({ code, line, column }) => `${line}:${column} ${code}`) : [];
}

const SERVER = '{"urls": "turn:a.example", "username": "u", "credential": "c"}';

describe('reading a configuration', () => {
  it.each([
    ['an RTCConfiguration', `{"iceServers": [${SERVER}], "iceTransportPolicy": "relay"}`, 'turn:a.example u:c | relay'],
    ['a list of servers', `[${SERVER}, {"urls": ["stun:b", "stun:c"]}]`, 'turn:a.example u:c | stun:b stun:c'],
    ['one server', SERVER, 'turn:a.example u:c'],
    ['one server where a list belongs', `{"iceServers": ${SERVER}}`, 'turn:a.example u:c'],
    ['one URL', '"stun:a.example"', 'stun:a.example'],
    ['URLs for servers', '["stun:a", "stun:b"]', 'stun:a | stun:b'],
    ['an answer around it', `{"s": "ok", "v": {"iceServers": ${SERVER}}}`, 'turn:a.example u:c'],
    ['the REST draft', '{"username":"1:u","password":"c","ttl":86400,"uris":["turn:a"]}', 'turn:a 1:u:c'],
    ['snake case', `{"ice_servers": [{"url": "stun:a", "urls": "stun:a"}]}`, 'stun:a'],
    ['the old key', '[{"url": "stun:a"}]', 'stun:a'],
    ['null credentials', '[{"urls": "stun:a", "username": null, "credential": null}]', 'stun:a'],
    ['a number for a name', '[{"urls": "turn:a", "username": 1700000000, "credential": "c"}]', 'turn:a 1700000000:c'],
    ['a byte order mark', `\ufeff${SERVER}`, 'turn:a.example u:c'],
    ['empty texts, which are for a linter to judge', '[{"urls": "", "username": ""}]', ''],
  ])('takes %s', (_name, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    ['an object in source', "{ iceServers: [{ urls: 'stun:a' }, ], }", 'stun:a'],
    ['a declaration', "const config: RTCConfiguration = { iceServers: [{ urls: 'stun:a' }] };", 'stun:a'],
    ['an exported one', 'export const x = [{ urls: `stun:a` }] as const;\n', 'stun:a'],
    ['a call', "const pc = new RTCPeerConnection({ iceServers: [{ urls: 'stun:a' }] });", 'stun:a'],
    ['an assignment', "window.config = {iceServers: [{urls: 'stun:a'}]};", 'stun:a'],
    ['a property cut out', "iceServers: [\n  { urls: 'stun:a' },\n],", 'stun:a'],
    [
      'properties cut out',
      "  iceServers: [{ urls: 'stun:a' }],\n  iceTransportPolicy: 'relay',\n});",
      'stun:a | relay',
    ],
    ['a property cut out of JSON', '"iceServers": [{"urls": "stun:a"}]', 'stun:a'],
    ['comments', "// ours\n{ /* all of */ iceServers: [{ urls: 'stun:a' /* primary */ }] } // end", 'stun:a'],
    ['escapes', "[{urls: 'turn:a', username: 'O\\'Neil', credential: '\\u0041\\x42\\n\\\\'}]", "turn:a O'Neil:AB\n\\"],
    ['Python', "[{'urls': 'stun:a', 'username': None}]", 'stun:a'],
    ['a comment sign in a URL', "[{urls: 'turn://a'}]", 'turn://a'],
  ])('takes JavaScript: %s', (_name, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    ['nothing', '  \n', '1:1 there is nothing in it (put an RTCConfiguration there)'],
    ['only a comment', '// later', '1:1 there is nothing in it (put an RTCConfiguration there)'],
    ['an empty list', '{"iceServers": []}', '1:16 the list of servers is empty (put a server into it)'],
    [
      'another object',
      '{"name": "x"}',
      '1:1 no iceServers, and no urls, in it (give an RTCConfiguration, like {"iceServers": [{"urls": "stun:HOST"}]})',
    ],
    [
      'a cut text',
      '{"iceServers": [{"urls": "stun:a"}',
      '1:16 the [ that begins here is never closed (add ] at its end; was the text cut off?)',
    ],
    [
      'an open string',
      '{"iceServers": [{"urls": "stun:a}]}',
      '1:26 the text that begins here has no closing " (add ")',
    ],
    [
      'a missing comma',
      '[{"urls": "turn:a" "username": "u"}]',
      '1:20 """ where a comma or } should be (a comma is missing before it)',
    ],
    [
      'a missing colon',
      '[{"urls" "turn:a"}]',
      '1:10 """ where the colon after a key should be (write "urls": and then the value)',
    ],
    [
      'a variable',
      '[{ urls: "turn:a",\n   credential: process.env.TURN_PASSWORD }]',
      '2:16 process.env.TURN_PASSWORD, a value only the running program knows (put the value in its place, in quotes)',
    ],
    [
      'a template',
      '[{ urls: `turn:$' + '{host}` }]',
      '1:16 a template, which only the running program can fill in (put the value in its place)',
    ],
    [
      'text put together',
      "[{ urls: 'turn:' + host }]",
      '1:18 text put together by +, a value only the running program knows (put the value in its place, in quotes)',
    ],
    [
      'a spread',
      '[{ ...base }]',
      '1:4 a spread (...), a value only the running program knows (put the value in its place, in quotes)',
    ],
    ['typographic quotes', '[{ urls: “stun:a” }]', '1:10 typographic quotation marks (replace them by " or \')'],
    [
      'two values',
      '{"urls": "stun:a"}\n{"urls": "stun:b"}',
      '2:1 more text after the value, which ends in line 1 (give one object or one array; several servers stand in one array: [{...}, {...}])',
    ],
    [
      'a server without urls',
      '[{"username": "u"}]',
      '1:2 a server without urls (add "urls": "stun:HOST" or "turn:HOST")',
    ],
    ['a number for urls', '[{"urls": 3478}]', '1:11 a URL is a string, this is a number (write "stun:HOST")'],
    ['no URL in a list', '[{"urls": []}]', '1:11 urls is an empty list (put a URL into it)'],
    [
      'OAuth',
      '[{"urls": "turn:a", "credential": {"macKey": "x"}}]',
      '1:35 credential is a string, this is an object (OAuth (RFC 7635) is supported neither here nor by browsers)',
    ],
    [
      'an old policy',
      '{"iceServers": [{"urls": "stun:a"}], "iceTransportPolicy": "none"}',
      '1:60 iceTransportPolicy is neither "all" nor "relay" (browsers know these two alone)',
    ],
    ['a web page', '<!DOCTYPE html>', '1:1 a web page or XML, and no configuration (give JSON)'],
    ['a number for a server', '[3]', '1:2 a server is an object, this is a number (write {"urls": "stun:HOST"})'],
  ])('refuses %s, and says where', (_name, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('refuses what is nested without end, instead of overflowing the stack', () => {
    expect(shown('['.repeat(100_000))).toContain('nested too deeply');
  });

  it('never repeats what may be a credential', () => {
    const texts = [
      '[{"urls": "turn:a", "credential": "hunter2" "x": 1}]',
      '[{"urls": "turn:a", "credential": hunter2',
      '[{"urls": "turn:a", "credential": "hunter2]',
      '[{"urls": "turn:a", "username" "hunter2": 1}]',
      '[{"urls": "turn:a", "credential": ["hunter2"]}]',
    ];
    for (const text of texts) expect(shown(text)).not.toContain('hunter2');
  });

  it.each([
    ['[{"url": "stun:a"}]', ['1:3 url-for-urls']],
    ['[{"urls": "turn:a", "user": "u", "password": "c"}]', ['1:21 unknown-key', '1:34 password-for-credential']],
    ['[{"urls": "stun:a", "urls": "stun:b"}]', ['1:21 duplicate-key']],
    ['["stun:a"]', ['1:2 bare-url']],
    ['[{"urls": "turn:a", "username": 12}]', ['1:33 not-a-string']],
    [SERVER, []],
  ])('remarks on %s', (text, expected) => {
    expect(remarks(text)).toEqual(expected);
  });
});
