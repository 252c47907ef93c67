import { expect, it } from 'vitest';
import { withoutServers } from './scenarios/call.ts';

it('tells a server that fails every path once, and two servers each by itself', () => {
  const one = ['turn:a.example.org', 'turn:a.example.org?transport=tcp', 'turns:a.example.org'];
  const other = ['turn:b.example.org:443?transport=tcp'];
  const findings = (urls: readonly string[]) =>
    withoutServers(
      Object.fromEntries(urls.map((url, i) => [['relay/udp', 'relay/tcp', 'relay/tls', 'any'][i] ?? '', url])),
    )
      .report()
      .findings.filter(({ id }) => id === 'call.no-path');
  expect(findings(one)).toMatchObject([
    { subject: 'paths relay/udp, relay/tcp, relay/tls', params: { errors: one.map((url) => `${url}: 701 no answer`) } },
  ]);
  expect(findings([...one, ...other]).map(({ subject }) => subject)).toEqual([
    'paths relay/udp, relay/tcp, relay/tls',
    'path any',
  ]);
});
