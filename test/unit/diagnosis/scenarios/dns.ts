import { Run, stunServer } from '../../../support/events.ts';
import { bothRun, type Scenario, STUN, stunAnswers, stunRun, TURN, withInterfaces } from './scenario.ts';

const IPV6_ONLY_NAME = 'stun:six.example.org';

function v4Host(url: string): Run {
  return withInterfaces(new Run({ command: 'probe', servers: [stunServer(url)] }));
}

export const dnsScenarios: readonly Scenario[] = [
  {
    id: 'dns.not-found',
    raise: () => stunRun().unresolved(STUN, 'not-found', 'ENOTFOUND'),
    finding: { title: 'The name stun.example.net does not exist', confidence: 'certain' },
    near: [
      { name: 'a resolver that is silent', run: () => stunRun().unresolved(STUN, 'timeout') },
      { name: 'a resolver that fails', run: () => stunRun().unresolved(STUN, 'server-failure') },
    ],
  },
  {
    id: 'dns.not-found',
    raise: () => stunRun().unresolved(STUN, 'no-data', 'ENODATA'),
    finding: { title: 'The name stun.example.net has no address' },
    near: [],
  },
  {
    id: 'dns.resolver-down',
    raise: () => bothRun().unresolved(STUN, 'timeout', 'ETIMEOUT', 4500).unresolved(TURN, 'timeout', 'ETIMEOUT', 4500),
    finding: { confidence: 'likely', locus: 'client' },
    near: [
      {
        name: 'one name hangs, another is answered',
        run: () => stunAnswers(bothRun().unresolved(TURN, 'timeout').resolved(STUN, ['198.51.100.9'])),
      },
      {
        name: 'the other name does not exist, and somebody said so',
        run: () => bothRun().unresolved(TURN, 'timeout').unresolved(STUN, 'not-found'),
      },
    ],
  },
  {
    id: 'dns.split-horizon',
    raise: () => {
      const run = stunAnswers(stunRun()).resolved(STUN, ['10.0.0.5']);
      return run.record({
        type: 'resolve',
        urls: [STUN],
        host: 'stun.example.net',
        family: null,
        addresses: ['198.51.100.9'],
        source: 'dns',
        resolver: '9.9.9.9',
        error: null,
        errorText: null,
        durationMs: 12,
      });
    },
    near: [
      {
        name: 'a large service that rotates its addresses',
        run: () =>
          stunAnswers(stunRun())
            .resolved(STUN, ['198.51.100.9'])
            .record({
              type: 'resolve',
              urls: [STUN],
              host: 'stun.example.net',
              family: null,
              addresses: ['198.51.100.10'],
              source: 'dns',
              resolver: '9.9.9.9',
              error: null,
              errorText: null,
              durationMs: 12,
            }),
      },
    ],
  },
  {
    id: 'dns.no-usable-family',
    raise: () =>
      v4Host(IPV6_ONLY_NAME)
        .resolved(IPV6_ONLY_NAME, [], { family: 4 })
        .resolved(IPV6_ONLY_NAME, ['2001:db8::5'], { family: 6 })
        .stageOfUrl(IPV6_ONLY_NAME, 'resolve', 'pass'),
    finding: { title: 'six.example.org has AAAA records only, and this machine no IPv6' },
    near: [
      {
        name: 'both families',
        run: () => {
          const run = v4Host(STUN).resolved(STUN, ['198.51.100.9', '2001:db8::5']);
          return stunAnswers(run);
        },
      },
      {
        name: 'a machine with both families',
        run: () => {
          const run = v4Host(IPV6_ONLY_NAME)
            .interface('eth0', '2001:db8::23')
            .resolved(IPV6_ONLY_NAME, ['2001:db8::5']);
          run.attempt(IPV6_ONLY_NAME, { address: '2001:db8::5' }).silent();
          return run;
        },
      },
    ],
  },
  {
    id: 'dns.slow',
    raise: () => stunAnswers(stunRun().resolved(STUN, ['198.51.100.9'], { ms: 2400 })),
    near: [{ name: 'quick enough', run: () => stunAnswers(stunRun().resolved(STUN, ['198.51.100.9'], { ms: 900 })) }],
  },
];
