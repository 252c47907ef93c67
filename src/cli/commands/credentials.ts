import { Secret } from '../../core/secret.ts';
import { mintRestCredentials } from '../../core/stun/rest-credentials.ts';
import { nodeHashes } from '../../net/hashes.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { choice, number } from '../options/option.ts';
import { serverOptions } from '../options/server.ts';
import { hintAtExposure } from '../servers/credentials.ts';
import { requireUri } from '../servers/validate.ts';

const DAY = 86_400;

const options = {
  secret: serverOptions.secret,
  username: {
    ...serverOptions.username,
    help: 'whom the credential is for: becomes a part of the user name (ICEPROBE_USERNAME)',
  },
  ttl: number({
    group: 'Servers',
    placeholder: 'SECONDS',
    min: 1,
    max: 10 * 365 * DAY,
    whole: true,
    unit: ' of seconds',
    help: `how long it is good for (default: ${DAY}, a day)`,
  }),
  format: choice(['pretty', 'json'], { group: 'Output', alias: 'f', help: 'of the result (default: pretty)' }),
} as const;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Mints a REST credential ("TURN REST API") from the shared secret of a TURN server: coturn with use-auth-secret ' +
    'and static-auth-secret, and others alike. With URLs, prints an RTCConfiguration around it.',
  options,
  examples: [
    ['ICEPROBE_SECRET=... iceprobe credentials -u alice', 'a user name and a password that end in a day'],
    ['iceprobe credentials --ttl 600 -f json turn:turn.example.org', 'ready for new RTCPeerConnection(...)'],
  ],
  async run({ options: given, positionals }, context) {
    const { env, stdout } = context;
    const secret = given.secret ?? env['ICEPROBE_SECRET'] ?? '';
    if (secret === '') {
      const isEmpty = env['ICEPROBE_SECRET'] === '' ? 'ICEPROBE_SECRET is set, but empty' : 'no shared secret';
      throw new UsageError(
        isEmpty,
        'set ICEPROBE_SECRET to what the server has as static-auth-secret, or give --secret',
      );
    }
    if (given.secret !== undefined) await hintAtExposure('--secret', context);
    const urls = positionals.map((text) => requireTurn(text));
    const user = given.username ?? env['ICEPROBE_USERNAME'] ?? '';
    const expiresAt = Math.floor(Date.now() / 1000) + (given.ttl ?? DAY);
    const minted = mintRestCredentials({ secret: new Secret(secret), expiresAt, user }, nodeHashes);
    // Handing a credential on is what this command is for: one of the few places that reveal one.
    const login = { username: minted.username, credential: minted.password.reveal() };
    const configuration = { iceServers: [{ urls, ...login }] };
    const json = urls.length === 0 ? { ...login, ttl: given.ttl ?? DAY } : configuration;
    const pretty = [
      `username    ${login.username}`,
      `credential  ${login.credential}`,
      `expires     ${new Date(expiresAt * 1000).toISOString()}`,
      ...(urls.length === 0 ? [] : ['', JSON.stringify(configuration)]),
    ];
    await stdout.write(given.format === 'json' ? `${JSON.stringify(json)}\n` : `${pretty.join('\n')}\n`);
    return 0;
  },
});

function requireTurn(text: string): string {
  const uri = requireUri({ text, where: undefined });
  if (uri.scheme === 'turn' || uri.scheme === 'turns') return text;
  throw new UsageError(`${text} needs no credentials: they are for TURN`, 'write turn: or turns:');
}
