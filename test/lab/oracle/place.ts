import { createHash, X509Certificate } from 'node:crypto';
import type { BrowserCandidate, BrowserGathering, BrowserName, BrowserOptions } from '../../support/browser.ts';
import { certificate } from '../../support/certificates.ts';
import { GOOD, NAME, S1, S1V6 } from '../scenarios/common.ts';
import { type LabBrowser, openLabBrowser } from '../support/browser.ts';
import type { Lab } from '../support/lab.ts';
import type { AccessNetwork } from '../support/network.ts';
import type { NetworkName } from '../support/networks.ts';
import { networkOf, prepare, runIceprobe } from '../support/run-scenario.ts';
import type { ScenarioServer } from '../support/scenario.ts';
import { PASSWORD, USER } from '../support/servers.ts';
import { LOW_PORT, type OracleCase } from './cases.ts';
import type { Sets, Sort } from './differences.ts';

export interface BothGathered extends Sets {
  /** Whether the browser completed in the time that it was given. */
  readonly theyCompleted: boolean;
  readonly ourCompleteMs: number;
  readonly findings: readonly string[];
}

/** A network with its servers and browsers, for all cases that sit in it. */
export class Place implements AsyncDisposable {
  readonly #network: NetworkName;
  readonly #browsers = new Map<string, Promise<LabBrowser>>();
  #lab: Promise<Lab> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(network: NetworkName) {
    this.#network = network;
  }

  /** One after the other: none is to take the other's time. */
  gather(one: OracleCase, browser: BrowserName): Promise<BothGathered> {
    const gathered = this.#turn.then(() => this.#gather(one, browser));
    this.#turn = gathered.catch(() => {});
    return gathered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await Promise.all([...this.#browsers.values()].map(async (each) => (await each)[Symbol.asyncDispose]()));
    await (await this.#lab)?.[Symbol.asyncDispose]();
  }

  async #gather(one: OracleCase, browserName: BrowserName): Promise<BothGathered> {
    this.#lab ??= prepare({
      network: this.#network,
      servers: SERVERS,
      zone: { [NAME]: addressesFor(networkOf({ network: this.#network })) },
    });
    const lab = await this.#lab;
    const login = { username: USER, credential: one.password ?? PASSWORD };
    const iceServers = one.urls.map((urls) => (urls.startsWith('turn') ? { urls, ...login } : { urls }));
    const iceTransportPolicy = one.policy ?? 'all';
    const words = ['gather', '--tcp', '--policy', iceTransportPolicy, '--ca', '{ca}'];
    const { report, stderr } = await runIceprobe(lab, [...words, '--ice-servers', JSON.stringify(iceServers)], {
      deadlineMs: 30_000,
    });
    const [all] = report?.gatherings ?? [];
    if (report === undefined || all === undefined) throw new Error(`no gathering: ${stderr}`);
    const browser = await this.#browser(lab, browserName, one.camera !== false);
    const pool = one.poolSize === undefined ? {} : { iceCandidatePoolSize: one.poolSize };
    const result = await browser.gather({ iceServers, iceTransportPolicy, ...pool }, one.cutMs ?? 20_000);
    if (result.thrown !== null) throw new Error(`${result.thrown.name}: ${result.thrown.message}`);
    return {
      ours: new Set(all.candidates.map(sortOf)),
      theirs: new Set(result.candidates.map((each) => sortOf({ ...each, relayProtocol: relayProtocol(each, result) }))),
      theyCompleted: result.complete,
      ourCompleteMs: all.states.find(({ state }) => state === 'complete')?.ms ?? Number.POSITIVE_INFINITY,
      findings: report.findings.map(({ id }) => id),
    };
  }

  #browser(lab: Lab, name: BrowserName, camera: boolean): Promise<LabBrowser> {
    const key = `${name} ${camera}`;
    const known = this.#browsers.get(key);
    if (known !== undefined) return known;
    const browser = openLabBrowser(lab, name, lab.client(), browserOptions(camera)).then(async (opened) => {
      if (camera) await opened.evaluate('navigator.mediaDevices.getUserMedia({ video: true }).then(() => true)');
      return opened;
    });
    this.#browsers.set(key, browser);
    return browser;
  }
}

const SERVERS: readonly ScenarioServer[] = [
  { ipv6: true, turn: [{ kind: 'coturn', ipv6: true, certificate: 'good', extra: ['--alt-listening-port=443'] }] },
  { turn: [...(GOOD.turn ?? []), { kind: 'coturn', port: LOW_PORT, rfc5780: false }] },
];

function browserOptions(camera: boolean): BrowserOptions {
  const key = new X509Certificate(certificate('good').certPem).publicKey.export({ type: 'spki', format: 'der' });
  return {
    flags: [
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`,
      ...(camera ? ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'] : []),
    ],
    preferences: camera ? { 'media.navigator.permission.disabled': true, 'media.navigator.streams.fake': true } : {},
  };
}

/** An address of a family that the client does not have would cost Chromium 40 s. */
function addressesFor({ ipv4 = true, ipv6 = 'none' }: AccessNetwork): string[] {
  return [...(ipv4 ? [S1] : []), ...(ipv6 === 'works' ? [S1V6] : [])];
}

type Sortable = Record<'type' | 'protocol' | 'address' | 'relayProtocol', string | null>;

function sortOf({ type, protocol, address, relayProtocol }: Sortable): Sort {
  return [type, protocol, plain(address), ...(type === 'relay' ? [relayProtocol] : [])].join(' ');
}

/** Chromium's events tell none for UDP, Firefox' none at all; the statistics of both do. */
function relayProtocol({ relayProtocol, address, port }: BrowserCandidate, { stats }: BrowserGathering): string | null {
  const entry = stats.find(
    (each) => each.candidateType === 'relay' && each.port === port && plain(each.address) === plain(address),
  );
  return relayProtocol ?? entry?.relayProtocol ?? null;
}

/** Chromium writes IPv6 in brackets. */
function plain(address: string | null): string | undefined {
  return address?.replace(/^\[|\]$/g, '');
}
