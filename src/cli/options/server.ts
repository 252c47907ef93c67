import { flag, text } from './option.ts';

/** Which servers: every command that takes them takes these. */
export const serverOptions = {
  username: text({ group: 'Servers', alias: 'u', placeholder: 'NAME', help: 'user name for TURN (ICEPROBE_USERNAME)' }),
  credential: text({
    group: 'Servers',
    alias: 'p',
    placeholder: 'PASSWORD',
    help: 'password for TURN; "-" asks for it (ICEPROBE_CREDENTIAL)',
  }),
  'credential-file': text({
    group: 'Servers',
    placeholder: 'FILE',
    isFile: true,
    help: 'take the password from the first line of a file',
  }),
  secret: text({
    group: 'Servers',
    placeholder: 'SECRET',
    help: 'shared secret (coturn: static-auth-secret) to mint a REST credential from (ICEPROBE_SECRET)',
  }),
  config: text({
    group: 'Servers',
    alias: 'c',
    placeholder: 'FILE',
    isFile: true,
    help: 'read servers from a file: JSON, JavaScript, .env, turnserver.conf, compose; "-" is stdin',
  }),
  'ice-servers': text({ group: 'Servers', placeholder: 'JSON', help: 'the same, given here' }),
  from: text({ group: 'Servers', placeholder: 'URL', help: 'the same, fetched over HTTP or HTTPS' }),
  local: flag({ group: 'Servers', help: 'a TURN server of our own on this machine: does not test your network' }),
} as const;
