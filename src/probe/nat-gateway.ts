import { formatSocketAddress, type SocketAddress } from '../core/address.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { NatTest } from '../core/nat/events.ts';
import {
  ADDRESS_ACTION,
  addressQuestion,
  connectionServiceOf,
  EXTERNAL_ADDRESS_REQUEST,
  type GatewayAnswer,
  locationOf,
  PORT_MAPPING_PORT,
  readAddressAnswer,
  readExternalAddress,
  SEARCH_PORT,
  searchRequest,
} from '../core/nat/gateway.ts';
import { defaultGateway } from '../net/gateway.ts';
import { limited } from '../net/limit.ts';
import { smallRequest } from '../net/small-http.ts';
import type { ProbeEnvironment } from './environment.ts';
import { Peer } from './peer.ts';

/** RFC 6886 3.1 begins with 250 ms and doubles; a gateway is a millisecond away. */
const SENDS_MS = [0, 250, 750];
const LIMIT_MS = 2500;

/**
 * Asks the gateway of an interface for its external address, by NAT-PMP (RFC 6886) and UPnP. Nothing is changed there, and
 * nobody but the gateway is asked. Records one `nat-test`.
 */
export async function askGateway(
  local: LocalAddress,
  signal: AbortSignal,
  environment: ProbeEnvironment,
): Promise<void> {
  if (local.family !== 4) return;
  const gateway = local.interface === '' ? undefined : defaultGateway(local.interface);
  if (gateway === undefined) {
    const problem =
      process.platform === 'linux'
        ? `no default route with a gateway on ${local.interface || local.address}`
        : 'the address of the gateway is known on Linux only';
    record(local, undefined, { via: 'nat-pmp', answer: { ok: false, problem } }, environment);
    return;
  }
  using limit = limited(signal, LIMIT_MS);
  const told = await firstAddress(gateway, local, limit.signal, environment);
  record(local, gateway, told, environment);
}

interface Told {
  readonly via: 'nat-pmp' | 'upnp';
  readonly answer: GatewayAnswer;
}

const SILENT: Told = {
  via: 'nat-pmp',
  answer: { ok: false, problem: 'the gateway answers neither NAT-PMP nor UPnP (both are often switched off)' },
};

/** The first address that either way tells, else the first reason for there being none. */
async function firstAddress(
  gateway: string,
  local: LocalAddress,
  limit: AbortSignal,
  environment: ProbeEnvironment,
): Promise<Told> {
  const peer = await Peer.open(local, environment);
  if (peer === undefined) return SILENT;
  const portMapping: SocketAddress = { family: 4, address: gateway, port: PORT_MAPPING_PORT };
  const search: SocketAddress = { ...portMapping, port: SEARCH_PORT };
  const timers = SENDS_MS.map((delay) =>
    setTimeout(() => {
      peer.send(portMapping, EXTERNAL_ADDRESS_REQUEST);
      peer.send(search, new TextEncoder().encode(searchRequest(gateway)));
    }, delay),
  );
  try {
    return await new Promise<Told>((resolve) => {
      let problem: Told | undefined;
      let located = false;
      const take = (told: Told): void => {
        if (told.answer.ok) resolve(told);
        else problem ??= told;
      };
      limit.addEventListener('abort', () => resolve(problem ?? SILENT), { once: true });
      peer.onPacket = (bytes, from) => {
        if (from.address !== gateway) return;
        if (from.port === PORT_MAPPING_PORT) {
          const answer = readExternalAddress(bytes);
          if (answer !== undefined) take({ via: 'nat-pmp', answer });
          return;
        }
        const location = located ? undefined : locationOf(new TextDecoder().decode(bytes), gateway);
        if (location === undefined) return;
        located = true;
        void byUpnp(location, gateway, local, limit).then((answer) => take({ via: 'upnp', answer }));
      };
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    peer.close();
  }
}

async function byUpnp(
  location: string,
  gateway: string,
  local: LocalAddress,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const common = { localAddress: local.address, signal };
  const description = await smallRequest({ ...common, url: location, method: 'GET' });
  const service = description === undefined ? undefined : connectionServiceOf(description, location, gateway);
  if (service === undefined) return { ok: false, problem: 'UPnP: the gateway describes no connection of its own' };
  const headers = { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: `"${service.type}#${ADDRESS_ACTION}"` };
  const answer = await smallRequest({
    ...common,
    url: service.url,
    method: 'POST',
    headers,
    body: addressQuestion(service),
  });
  return answer === undefined ? { ok: false, problem: 'UPnP: the gateway does not answer' } : readAddressAnswer(answer);
}

function record(
  local: LocalAddress,
  gateway: string | undefined,
  { via, answer }: Told,
  environment: ProbeEnvironment,
): void {
  const test: NatTest = {
    type: 'nat-test',
    test: 'gateway',
    interface: local.interface === '' ? null : local.interface,
    family: local.family,
    local: local.address,
    destination:
      gateway === undefined
        ? 'gateway'
        : formatSocketAddress({ family: 4, address: gateway, port: via === 'upnp' ? SEARCH_PORT : PORT_MAPPING_PORT }),
    answerFrom: answer.ok && gateway !== undefined ? gateway : null,
    mappedAddress: null,
    tries: SENDS_MS.length,
    outcome: answer.ok ? 'yes' : 'not-determined',
    via,
    ...(answer.ok ? { externalAddress: answer.address } : { note: answer.problem }),
  };
  environment.record(test);
}
