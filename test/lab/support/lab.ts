import type { DnsZone } from '../../support/dns-server.ts';
import type { Service } from './agent-protocol.ts';
import { buildGo, buildScript } from './build.ts';
import {
  type AccessNetwork,
  BLACK_HOLE,
  OTHER_RESOLVER,
  PORTAL_PORT,
  PROXY,
  RESOLVER,
  RESOLVER6,
  type ServerPlace,
  siteAddresses,
} from './network.ts';
import { etcOf, type RunOptions, type RunResult, Sandbox, type SandboxProcess } from './sandbox.ts';
import { buildInternet, buildServerSite } from './server-site.ts';
import { buildSite, NAT64_CLIENT, type Site } from './site.ts';
import { Topology } from './topology.ts';

/** A whole internet, small. */
export interface LabSpec {
  readonly sites: readonly AccessNetwork[];
  readonly servers?: readonly ServerPlace[];
  /** Names the lab's resolver knows. Without it nothing answers there, and each client's hosts file is all it has. */
  readonly zone?: DnsZone;
  /** What a second resolver says, which every client has too. */
  readonly otherZone?: DnsZone;
}

/** A running lab. Sites and servers are counted from 1, in the order of the specification. */
export interface Lab {
  readonly sandbox: Sandbox;
  readonly sites: readonly Site[];
  readonly servers: readonly string[];
  /** Runs a program on the first (or another) client of the first (or another) site. */
  run(
    command: readonly string[],
    options?: RunOptions & { readonly site?: number; readonly client?: number },
  ): Promise<RunResult>;
  /** Starts small servers on one host; resolves once they listen. */
  serve(host: string, services: readonly Service[]): Promise<SandboxProcess>;
  client(site?: number, client?: number): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Brings a network up; it is gone when disposed of, and when this process ends in whatever way. */
export async function startLab(spec: LabSpec): Promise<Lab> {
  const topology = new Topology();
  const resolver = buildInternet(topology);
  const sites = spec.sites.map((network, i) => buildSite(topology, i + 1, network));
  const servers = (spec.servers ?? []).map((place, i) => buildServerSite(topology, i + 1, place));
  const sandbox = await Sandbox.open();
  try {
    const resolvers = sites.flatMap((site, i) =>
      site.clients.map((name) => resolverFile(name, spec.sites[i] ?? {}, spec.otherZone !== undefined)),
    );
    await sandbox.script([topology.render(), ...resolvers].join('\n'));
    await Promise.all(sites.map((site, i) => startWire(sandbox, site, spec.sites[i] ?? {})));
    await Promise.all(sites.map((site, i) => startNat64(sandbox, site, i + 1, spec.sites[i] ?? {})));
    const lab = new RunningLab(sandbox, sites, servers);
    await Promise.all(sites.map((site, i) => startFirewallServices(lab, site, spec.sites[i] ?? {}, resolver)));
    const { zone, otherZone } = spec;
    const names: Service[] = [
      ...(zone === undefined ? [] : [{ kind: 'dns', addresses: [RESOLVER, RESOLVER6], zone } as const]),
      ...(otherZone === undefined ? [] : [{ kind: 'dns', addresses: [OTHER_RESOLVER], zone: otherZone } as const]),
    ];
    if (names.length > 0) await lab.serve(resolver, names);
    return lab;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

class RunningLab implements Lab {
  readonly sandbox: Sandbox;
  readonly sites: readonly Site[];
  readonly servers: readonly string[];

  constructor(sandbox: Sandbox, sites: readonly Site[], servers: readonly string[]) {
    this.sandbox = sandbox;
    this.sites = sites;
    this.servers = servers;
  }

  client(site = 1, client = 1): string {
    const name = this.sites[site - 1]?.clients[client - 1];
    if (name === undefined) throw new Error(`no client ${client} at site ${site}`);
    return name;
  }

  run(
    command: readonly string[],
    options: RunOptions & { readonly site?: number; readonly client?: number } = {},
  ): Promise<RunResult> {
    return this.sandbox.run(this.client(options.site, options.client), command, options);
  }

  async serve(host: string, services: readonly Service[]): Promise<SandboxProcess> {
    const agent = this.sandbox.spawn(host, [process.execPath, await buildScript('agent.ts'), JSON.stringify(services)]);
    await agent.waitFor(/^ready$/m);
    return agent;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sandbox.close();
  }
}

function resolverFile(client: string, network: AccessNetwork, two: boolean): string {
  const own = network.ipv4 === false ? RESOLVER6 : network.resolver === 'silent' ? BLACK_HOLE : RESOLVER;
  const etc = etcOf(client);
  const lines = [own, ...(two ? [OTHER_RESOLVER] : [])].map((address) => `nameserver ${address}\\n`);
  return [
    `mkdir -p ${etc}`,
    `printf '${lines.join('')}options timeout:1 attempts:2\\n' > ${etc}/resolv.conf`,
    `printf '127.0.0.1 localhost\\n::1 localhost\\n' > ${etc}/hosts`,
  ].join('\n');
}

async function startWire(sandbox: Sandbox, site: Site, network: AccessNetwork): Promise<void> {
  if (site.wire === undefined) return;
  const { delayMs = 0, jitterMs = 0 } = network;
  const wire = sandbox.spawn(site.wire, [
    await buildGo('wire'),
    `-delay=${delayMs}ms`,
    `-jitter=${jitterMs}ms`,
    'inner',
    'outer',
  ]);
  await wire.waitFor(/^ready$/m);
}

async function startNat64(sandbox: Sandbox, site: Site, index: number, network: AccessNetwork): Promise<void> {
  if (network.nat64 !== true) return;
  const { client6 } = siteAddresses(index, network);
  const words = [await buildGo('nat64'), '-client6', client6, '-client4', NAT64_CLIENT];
  await sandbox.spawn(site.routers.at(-1) ?? '', words).waitFor(/^ready$/m);
}

async function startFirewallServices(lab: Lab, site: Site, network: AccessNetwork, resolver: string): Promise<void> {
  if (network.firewall === 'captive-portal') {
    const page = 'HTTP/1.1 302 Found\r\nLocation: http://portal.lab/login\r\nContent-Length: 0\r\n\r\n';
    await lab.serve(site.routers.at(-1) ?? '', [{ kind: 'answer', address: '0.0.0.0', port: PORTAL_PORT, text: page }]);
  }
  if (network.firewall === 'proxy-only') await lab.serve(resolver, [{ kind: 'proxy', ...PROXY }]);
}
