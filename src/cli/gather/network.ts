import { parseServerUri } from '../../core/stun/uri.ts';
import { suggest } from '../../core/suggest.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { certificatesIn } from '../../net/trust.ts';
import type { GatherOptions } from '../../probe/gather-options.ts';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import type { networkOptions } from '../options/network.ts';
import type { ValuesOf } from '../options/option.ts';
import type { Configuration } from '../servers/configuration.ts';
import type { gatherOptions } from './options.ts';

type Values = ValuesOf<typeof networkOptions> & ValuesOf<typeof gatherOptions>;

/** The options of the network as a run takes them. Throws {@link UsageError}. */
export async function readNetwork(
  values: Values,
  configuration: Configuration | undefined,
): Promise<Omit<GatherOptions, 'iceServers'>> {
  const family = values.family === '4' ? 4 : values.family === '6' ? 6 : undefined;
  if (family !== undefined) refuseOtherFamily(family, configuration);
  if (values.interface !== undefined) requireInterface(values.interface);
  const ca = values.ca === undefined ? undefined : await readCertificates(values.ca, '--ca');
  return {
    ...(family === undefined ? {} : { family }),
    ...(values.interface === undefined ? {} : { interfaces: [values.interface] }),
    ...(values.timeout === undefined ? {} : { timeoutMs: values.timeout * 1000 }),
    ...(values.rto === undefined ? {} : { rtoMs: values.rto }),
    ...(ca === undefined ? {} : { ca }),
    insecure: values.insecure === true,
    loopback: values.loopback === true,
    tcp: values.tcp === true,
    srv: values.srv === true,
    perUrl: values['per-url'] === true,
  };
}

function refuseOtherFamily(family: 4 | 6, configuration: Configuration | undefined): void {
  for (const { text } of configuration?.servers.flatMap(({ urls }) => urls) ?? []) {
    const uri = parseServerUri(text);
    if (!uri.ok || uri.value.literal === undefined || uri.value.literal === family) continue;
    throw new UsageError(
      `--family ${family} and ${text} contradict each other: that address is IPv${uri.value.literal}`,
      'drop one of them',
    );
  }
}

export function requireInterface(name: string): void {
  const names = [...new Set(listInterfaces().map((each) => each.name))];
  if (names.includes(name)) return;
  const meant = suggest(name, names);
  throw new UsageError(
    `this machine has no network interface ${JSON.stringify(name)} that is up`,
    meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`,
  );
}

/** The certificates in a file; `option` is how it was named, for the error. Throws {@link UsageError}. */
export async function readCertificates(path: string, option: string): Promise<string> {
  const pem = await readTextFile(path, option);
  if (certificatesIn(pem).length === 0) {
    throw new UsageError(
      `${option} ${path}: there is no certificate in it`,
      'give a file with -----BEGIN CERTIFICATE----- in it',
    );
  }
  return pem;
}
