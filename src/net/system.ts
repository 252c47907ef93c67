import { getServers } from 'node:dns';

/** The addresses of the resolvers that this machine asks, as the system is configured, with their port where it is not 53. */
export function systemResolvers(): readonly string[] {
  try {
    return getServers();
  } catch {
    return [];
  }
}

/**
 * The proxy that the environment names, without its credentials; null where there is none. HTTPS first: a proxy matters
 * here because it may be the only way out for `turns:`.
 */
export function proxyOf(environment: Readonly<Record<string, string | undefined>>): string | null {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy']) {
    const value = environment[name];
    if (value !== undefined && value !== '') return withoutCredentials(value);
  }
  return null;
}

function withoutCredentials(proxy: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(proxy)?.[0] ?? '';
  const rest = proxy.slice(scheme.length);
  const authority = rest.split(/[/?#]/, 1)[0] ?? '';
  // A password may hold an unescaped @ or even a slash: everything up to the last @ goes, wherever it stands.
  const host = rest.includes('@') ? rest.slice(rest.lastIndexOf('@') + 1).split(/[/?#]/, 1)[0] : authority;
  return `${scheme}${host}`;
}
