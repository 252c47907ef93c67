import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { buildScript } from './support/build.ts';
import { startLab } from './support/lab.ts';
import { describeInLab } from './support/needs.ts';
import { serverAddresses, siteAddresses } from './support/network.ts';
import { NETWORKS } from './support/networks.ts';
import { ping, udpAsk } from './support/tools.ts';

const [address] = serverAddresses(1, {}).addresses;

describeInLab('ping')('a lab', () => {
  it('is up and down in about a second', async () => {
    const started = performance.now();
    const lab = await startLab({ sites: [NETWORKS['carrier-grade']], servers: [{}], zone: { 'a.lab': [] } });
    const up = performance.now();
    await lab[Symbol.asyncDispose]();
    const down = performance.now();
    // Measured: 0.25 s and 0.01 s; with five times the slack of "about a second".
    expect(up - started).toBeLessThan(5000);
    expect(down - up).toBeLessThan(5000);
  });

  it('has no way to the host, and the host none to it', async () => {
    const before = devices();
    await using lab = await startLab({ sites: [{}], servers: [{}] });
    expect(devices()).toEqual(before);
    const links = await lab.run(['ip', '-br', 'link']);
    expect(
      links.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/[@ ]/)[0]),
    ).toEqual(['lo', 'eth0']);
    for (const own of hostAddresses()) expect((await ping(lab, 1, own)).received).toBe(0);
    const { client } = siteAddresses(1, {});
    const outside = spawn('ping', ['-c', '1', '-W', '1', client], { stdio: 'ignore' });
    expect((await once(outside, 'exit'))[0]).not.toBe(0);
    expect((await ping(lab, 1, address)).received).toBe(3);
  });

  it('does not meet another one with the same addresses', async () => {
    await using one = await startLab({ sites: [{}], servers: [{}] });
    await using two = await startLab({ sites: [{}], servers: [{}] });
    const say = (text: string) => [{ kind: 'banner', protocol: 'udp', address, port: 7, text }] as const;
    await one.serve('server1', say('first'));
    await two.serve('server1', say('other'));
    expect(await Promise.all([udpAsk(one, 1, address, 7), udpAsk(two, 1, address, 7)])).toEqual(['first', 'other']);
  });

  it('tells what the kernel refused', async () => {
    await using lab = await startLab({ sites: [{}] });
    await expect(lab.sandbox.script('ip netns exec client1-1 ip link set eth7 up')).rejects.toThrow(
      /Cannot find device/,
    );
    await expect(lab.sandbox.script('true')).resolves.toBe('');
  });

  it('gives exit codes and signals to and from the programs in it', async () => {
    await using lab = await startLab({ sites: [{}] });
    expect(await lab.run(['sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' })).toMatchObject({
      code: 7,
      stdout: 'in',
      stderr: 'err\n',
    });
    const trap = lab.sandbox.spawn(lab.client(), [
      'sh',
      '-c',
      'trap "exit 130" INT; echo up; while :; do sleep 0.05; done',
    ]);
    await trap.waitFor(/up/);
    await trap.signal('INT');
    expect(await trap.exited).toBe(130);
    const late = await lab.run(['sh', '-c', 'sleep 1000 & sleep 1000'], { timeoutMs: 200 });
    expect(late.code).toBe(null);
    // (The sandbox's first process collects the dead with its next script.)
    await expect.poll(() => lab.sandbox.script('cat /proc/*/comm')).not.toContain('sleep');
  });

  it('leaves nothing behind when its owner is killed outright', async () => {
    const namesBefore = droppings();
    const owner = spawn(process.execPath, [await buildScript('leave-behind.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let programs: string[];
    let namespaces: Set<string>;
    try {
      await Promise.race([once(owner.stdout, 'data'), once(owner, 'exit')]);
      programs = descendants(owner.pid);
      namespaces = new Set(programs.flatMap((pid) => networkNamespace(pid) ?? []));
      expect(programs.map(nameOf)).toEqual(expect.arrayContaining(['turnserver', 'node', 'sleep']));
      expect(namespaces.size).toBeGreaterThanOrEqual(4); // the sandbox's, the resolver's, the server's, the client's
    } finally {
      await kill(owner);
    }
    await expect.poll(() => programs.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 5000 }).toEqual([]);
    const ours = networkNamespace('self');
    const held = numbers().flatMap((pid) => networkNamespace(pid) ?? []);
    expect(held.filter((id) => id !== ours && namespaces.has(id))).toEqual([]);
    expect(droppings()).toEqual(namesBefore);
  });
});

function devices(): string[] {
  return readdirSync('/sys/class/net').sort();
}

function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter((one) => !one.internal && one.family === 'IPv4').map((one) => one.address);
}

function numbers(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Every program that this one started, and those started in turn. */
function descendants(pid: number | undefined): string[] {
  const parents = new Map(numbers().map((one) => [one, parentOf(one)]));
  const found = new Set([String(pid)]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [one, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(one);
  }
  found.delete(String(pid));
  return [...found];
}

function parentOf(pid: string): string | undefined {
  try {
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined; // ended while we looked
  }
}

function networkNamespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function nameOf(pid: string): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** Where such labs usually leave things: named namespaces, their resolver files, coturn's database. */
function droppings(): string[] {
  return ['/run/netns', '/etc/netns', '/var/lib/turn'].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [],
  );
}

async function kill(process: ChildProcess): Promise<void> {
  const gone = once(process, 'exit');
  process.kill('SIGKILL');
  await gone;
}
