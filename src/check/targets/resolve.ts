import { optional } from '../../core/optional.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { Secret } from '../../core/secret.ts';
import type { IceServerConfig, TargetConfig, TextOrReference } from './config.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import type { TargetPlan } from './read.ts';
import type { Schedule, Target, TargetOptions, TargetServer } from './target.ts';

/** What a target needs from the world around it. */
export interface TargetWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A REST credential for one run (TURN REST API). */
  mint(secret: Secret, user: string | undefined): { readonly username: string; readonly credential: Secret };
  /** The certificates of `ca`, in PEM. */
  readonly ca?: string;
}

const DEFAULT_INTERVAL_SECONDS = 60;
const DEFAULT_JITTER = 0.1;

/** Makes a target ready to be tested: asks the environment for what it refers to. Never throws. */
export function resolveTarget(plan: TargetPlan, world: TargetWorld): Result<Target, readonly ConfigProblem[]> {
  const { name, config, expectations } = plan;
  const path: ConfigPath = ['targets', name];
  const problems: ConfigProblem[] = [];
  const servers = config.iceServers.map((server, index) =>
    resolveServer(server, [...path, 'iceServers', index], world, problems),
  );
  if (problems.length > 0) return fail(problems);
  const urls = servers.flatMap((server) => server.urls);
  const checks = expectations.for(urls);
  if (!checks.ok) {
    const { text, why } = checks.error;
    return fail([{ path, message: `${text}: ${why}`, hint: 'this could never be met: mend it or take it out' }]);
  }
  return ok({
    name,
    urls,
    servers: () => servers.map((server) => loggedIn(server, world)),
    options: optionsOf(config, world.ca),
    checks: checks.value.checks,
    leftOut: checks.value.leftOut,
    allowances: expectations.allowances,
    failOn: config.failOn ?? 'error',
    retries: config.retries ?? 0,
    schedule: scheduleOf(config),
  });
}

interface ResolvedServer extends TargetServer {
  readonly secret?: Secret;
}

function resolveServer(
  server: IceServerConfig,
  path: ConfigPath,
  world: TargetWorld,
  problems: ConfigProblem[],
): ResolvedServer {
  const text = (given: TextOrReference | undefined, at: ConfigPath): string | undefined => {
    if (given === undefined || typeof given === 'string') return given;
    const value = world.env[given.env];
    if (value !== undefined && value !== '') return value;
    const state = value === undefined ? 'is not set' : 'is empty';
    problems.push({ path: at, message: `the environment variable ${given.env} ${state}`, hint: `set ${given.env}` });
    return undefined;
  };
  const given = Array.isArray(server.urls) ? (server.urls as readonly TextOrReference[]) : undefined;
  const urls =
    given === undefined
      ? [text(server.urls as TextOrReference, [...path, 'urls'])]
      : given.map((url, index) => text(url, [...path, 'urls', index]));
  if (server.credential !== undefined && server.secret !== undefined) {
    const hint = 'give the credential, or the secret to mint one from';
    problems.push({ path, message: '"credential" and "secret" contradict each other', hint });
  }
  const resolved = {
    urls: urls.filter((url) => url !== undefined),
    ...optional('username', text(server.username, [...path, 'username'])),
    ...optional('credential', secretOf(text(server.credential, [...path, 'credential']))),
    ...optional('secret', secretOf(text(server.secret, [...path, 'secret']))),
  };
  const hasOwn = server.credential !== undefined || server.secret !== undefined;
  return hasOwn || !resolved.urls.some((url) => /^turns?:/i.test(url))
    ? resolved
    : filledIn(resolved, path, world, problems);
}

/** The environment fills only servers that carry no credential of their own. */
function filledIn(
  server: ResolvedServer,
  path: ConfigPath,
  { env }: TargetWorld,
  problems: ConfigProblem[],
): ResolvedServer {
  const [username, credential, secret] = ['USERNAME', 'CREDENTIAL', 'SECRET'].map(
    (name) => env[`ICEPROBE_${name}`] || undefined,
  );
  if (credential !== undefined && secret !== undefined) {
    const message = 'ICEPROBE_SECRET and ICEPROBE_CREDENTIAL are both set';
    problems.push({ path, message, hint: 'unset the one that is not meant' });
  }
  return {
    ...optional('username', username),
    ...server,
    ...optional('credential', secretOf(credential)),
    ...optional('secret', secretOf(secret)),
  };
}

function loggedIn({ urls, username, credential, secret }: ResolvedServer, world: TargetWorld): TargetServer {
  if (secret !== undefined) return { urls, ...world.mint(secret, username) };
  return { urls, ...optional('username', username), ...optional('credential', credential) };
}

function optionsOf(config: TargetConfig, ca: string | undefined): TargetOptions {
  const { timeout, interface: name, iceTransportPolicy = 'all' } = config;
  const { family, rto: rtoMs, insecure, loopback, packets, size, rate, ports } = config;
  const given = { family, rtoMs, insecure, loopback, packets, size, rate, ports, ca };
  return {
    iceTransportPolicy,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<TargetOptions>),
    ...optional('timeoutMs', timeout === undefined ? undefined : timeout * 1000),
    ...optional('interfaces', name === undefined ? undefined : [name]),
  };
}

function scheduleOf({
  interval = DEFAULT_INTERVAL_SECONDS,
  jitter = interval * DEFAULT_JITTER,
}: TargetConfig): Schedule {
  return { intervalMs: interval * 1000, jitterMs: jitter * 1000 };
}

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}
