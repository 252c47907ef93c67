import type { LocalTurnServer } from '../../turn-server/start.ts';

/** How to make clients trust the certificate that was made here. `caFile`: where its authority stands, if anywhere. */
export function trustAdvice(server: LocalTurnServer, caFile: string | undefined): string {
  if (server.caPem === undefined || server.spkiSha256 === undefined) return '';
  const place = caFile ?? (server.statusUrl === undefined ? undefined : `${server.statusUrl}/ca.pem`);
  const lines = [
    'The certificate of turns: was made here, so browsers have to be told to trust it:',
    `  Chromium  --ignore-certificate-errors-spki-list=${server.spkiSha256} --user-data-dir=$(mktemp -d)`,
    ...(caFile === undefined
      ? []
      : [
          `  Firefox   certutil -A -n iceprobe -t C,, -d sql:PROFILE -i ${quote(caFile)}`,
          `  Node      NODE_EXTRA_CA_CERTS=${quote(caFile)}`,
        ]),
    ...(place === undefined ? ['  others    --state DIR keeps the authority in a file'] : []),
    ...(caFile === undefined && place !== undefined ? [`  others    the authority is at ${place}`] : []),
    'Firefox asks no server on this machine unless media.peerconnection.ice.loopback is true (about:config).',
  ];
  return `${lines.join('\n')}\n`;
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
