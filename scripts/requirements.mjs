// What the tests need beyond Node and npm: which Debian package brings it, and how to see whether it is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { runQuietly, say } from './setup.mjs';

/**
 * @typedef {object} Requirement
 * @property {string} package     the Debian package
 * @property {string[]} provides  any one of these: a command, or an absolute path
 * @property {string} serves      what cannot be tested without it
 */

/** @satisfies {Record<string, Requirement>} */
export const requirements = {
  openssl: { package: 'openssl', provides: ['openssl'], serves: 'certificates for tests over TLS' },
  coturn: { package: 'coturn', provides: ['turnserver'], serves: 'STUN and TURN against coturn' },
  chromium: {
    package: 'chromium',
    provides: ['chromium', 'chromium-browser', 'google-chrome'],
    serves: 'comparison with Chromium',
  },
  // A browser draws boxes for what it has no font for.
  chineseFont: {
    package: 'fonts-wqy-microhei',
    provides: ['/usr/share/fonts/truetype/wqy/wqy-microhei.ttc'],
    serves: 'the screenshot of the page in Chinese',
  },
  firefox: { package: 'firefox-esr', provides: ['firefox-esr', 'firefox'], serves: 'comparison with Firefox' },
  tmux: { package: 'tmux', provides: ['tmux'], serves: 'output on a terminal' },
  ip: { package: 'iproute2', provides: ['ip'], serves: 'the network lab' },
  nft: { package: 'nftables', provides: ['nft'], serves: 'NATs and firewalls in the network lab' },
  ping: { package: 'iputils-ping', provides: ['ping'], serves: 'proof that the network lab is wired as meant' },
  tcpdump: { package: 'tcpdump', provides: ['tcpdump'], serves: 'captures in the network lab' },
  zsh: { package: 'zsh', provides: ['zsh'], serves: 'completion in zsh' },
  fish: { package: 'fish', provides: ['fish'], serves: 'completion in fish' },
  mandoc: { package: 'mandoc', provides: ['mandoc'], serves: 'the manual page as a strict reader sees it' },
  xmllint: { package: 'libxml2-utils', provides: ['xmllint'], serves: 'JUnit reports against their schema' },
  tshark: { package: 'tshark', provides: ['tshark'], serves: 'a second opinion on packets' },
  promtool: { package: 'prometheus', provides: ['promtool'], serves: 'metrics as Prometheus reads them' },
  prometheus: {
    package: 'prometheus',
    provides: ['prometheus'],
    serves: 'alerts of the monitor as Prometheus raises them',
  },
  miniupnpd: {
    package: 'miniupnpd-nftables',
    provides: ['miniupnpd'],
    serves: 'a gateway that tells its address (NAT-PMP, UPnP), in the network lab',
  },
  go: { package: 'golang-go', provides: ['go'], serves: 'the TURN server of pion, and delay in the network lab' },
  pion: {
    package: 'golang-github-pion-turn.v2-dev',
    provides: ['/usr/share/gocode/src/github.com/pion/turn'],
    serves: 'TURN against pion',
  },
};

/** @typedef {keyof typeof requirements} RequirementName */

/**
 * Where a requirement is met: the full path of the command or folder; undefined if it is not.
 * @param {RequirementName} name
 * @returns {string | undefined}
 */
export function locate(name) {
  for (const provided of requirements[name].provides) {
    if (provided.startsWith('/')) {
      if (existsSync(provided)) return provided;
      continue;
    }
    // System tools live in sbin, which a user's PATH often leaves out.
    for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
      const path = join(folder, provided);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @returns {RequirementName[]} */
export function missingRequirements() {
  const names = /** @type {RequirementName[]} */ (Object.keys(requirements));
  return names.filter((name) => locate(name) === undefined);
}

/**
 * What no package brings: it is there or not.
 * @satisfies {Record<string, { serves: string, isMet: () => boolean }>}
 */
export const conditions = {
  namespaces: {
    serves: 'the network lab, which consists of network namespaces (as root, or where users may have their own)',
    isMet: () =>
      process.platform === 'linux' &&
      succeeds('unshare', [...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--net', 'true']),
  },
  ipv6: {
    serves: 'everything over IPv6 (there is no ::1 here)',
    isMet: () => Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1')),
  },
};

/** @typedef {keyof typeof conditions} ConditionName */

/** @returns {ConditionName[]} */
export function unmetConditions() {
  const names = /** @type {ConditionName[]} */ (Object.keys(conditions));
  return names.filter((name) => !conditions[name].isMet());
}

/** Root on a machine with apt-get is taken for a CI machine or a container; anything else belongs to a person. */
export function mayInstallSystemPackages() {
  return process.getuid?.() === 0 && isExecutable('/usr/bin/apt-get');
}

/**
 * The command that adds what is missing, for a person to run.
 * @param {RequirementName[]} missing
 */
export function installCommand(missing) {
  return `sudo apt-get install --no-install-recommends ${packagesOf(missing).join(' ')}`;
}

/** @param {RequirementName[]} missing */
export async function installSystemPackages(missing) {
  const packages = packagesOf(missing);
  say(`installing system packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const restore = keepServicesStopped();
  try {
    const patient = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
    await runQuietly('apt-get', ['update', ...patient], env);
    await runQuietly('apt-get', ['install', ...patient, '-y', '--no-install-recommends', ...packages], env);
  } finally {
    restore();
  }
}

/** The tests start their own coturn: the package must not leave one running. This is Debian's switch for that. */
function keepServicesStopped() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(policy, { force: true });
}

/** @param {RequirementName[]} names */
function packagesOf(names) {
  return [...new Set(names.map((name) => requirements[name].package))];
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
