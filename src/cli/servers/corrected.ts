import { correctServers } from '../../core/configuration/correct.ts';
import { deadServer } from '../../diagnosis/rules/config-dead-servers.ts';
import type { Style } from '../../report/style.ts';
import type { Configuration } from './configuration.ts';
import { isTurn } from './validate.ts';

/** What a credential is to be put in for: a report shows none. */
const PLACEHOLDER = '...';

/** The configuration as it should be, and what was changed to make it so; empty where it is good as it is. */
export function correctedConfiguration({ servers, policy, remarks }: Configuration, style: Style): string {
  const given = servers.map(({ urls, username, credential }) => ({
    urls: urls.map(({ text }) => text),
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential: PLACEHOLDER }),
  }));
  const { servers: kept, changes } = correctServers(given, deadServer);
  const completed = kept.map((server) =>
    server.urls.some(isTurn) ? { username: PLACEHOLDER, credential: PLACEHOLDER, ...server } : server,
  );
  const isComplete = completed.every(
    (server, index) => Object.keys(server).length === Object.keys(kept[index] ?? {}).length,
  );
  // What is wrong with a server's own files is mended there.
  const isOtherForm = remarks.some(({ code }) => !/^(?:coturn|compose)-/.test(code));
  if (kept.length === 0 || (changes.length === 0 && !isOtherForm && isComplete)) return '';
  const entries = completed.map(({ urls, ...login }) => `    ${oneLine({ urls, ...login })}`);
  const lines = [
    '{',
    '  "iceServers": [',
    entries.join(',\n'),
    policy === 'all' ? '  ]' : `  ],\n  "iceTransportPolicy": "${policy}"`,
    '}',
  ];
  return ['', style.bold('Corrected'), ...changes.map((change) => style.dim(`  ${change}`)), ...lines, ''].join('\n');
}

/** JSON as a person writes it. */
function oneLine(entry: object): string {
  const fields = Object.entries(entry).map(
    ([key, value]) => `"${key}": ${JSON.stringify(value).replaceAll('","', '", "')}`,
  );
  return `{ ${fields.join(', ')} }`;
}
