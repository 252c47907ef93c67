import { addressKind, bytesToAddress, canonicalAddress, familyOf, isPrivateKind } from '../address.ts';

/** What a gateway says of its own outside, or why it says nothing. */
export type GatewayAnswer =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly problem: string };

/** RFC 6886 3.2: asks the gateway for its external address, and for nothing else. */
export const PORT_MAPPING_PORT = 5351;
export const EXTERNAL_ADDRESS_REQUEST: Uint8Array = Uint8Array.of(0, 0);

/** The answer to {@link EXTERNAL_ADDRESS_REQUEST}; undefined where the bytes are no answer to that. */
export function readExternalAddress(bytes: Uint8Array): GatewayAnswer | undefined {
  const [version, opcode, high = 0, low = 0] = bytes;
  // A gateway that speaks PCP alone answers with its own version and "unsupported version" (RFC 6887 9).
  if (version === 2)
    return { ok: false, problem: 'the gateway speaks PCP, which tells its address only with a mapping' };
  if (version !== 0 || opcode !== 128 || bytes.length < 4) return undefined;
  const code = (high << 8) | low;
  if (code !== 0) return { ok: false, problem: `NAT-PMP: ${RESULTS[code] ?? `result ${code}`}` };
  return bytes.length < 12 ? undefined : externalAddress(bytesToAddress(bytes.subarray(8, 12)));
}

/** RFC 6886 3.5. */
const RESULTS: Readonly<Record<number, string>> = {
  1: 'unsupported version',
  2: 'not authorised',
  3: 'the gateway says that it has no address outside, or none that is public',
  4: 'out of resources',
  5: 'unsupported opcode',
};

/** UPnP Device Architecture 2.0, 1.3.2: a search sent to one host, not to the whole network. */
export const SEARCH_PORT = 1900;
const GATEWAY_DEVICE = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';

export function searchRequest(gateway: string): string {
  return `M-SEARCH * HTTP/1.1\r\nHOST: ${gateway}:${SEARCH_PORT}\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${GATEWAY_DEVICE}\r\n\r\n`;
}

/** Where the gateway's description is, on the gateway itself and nowhere else; undefined where the text tells none. */
export function locationOf(text: string, gateway: string): string | undefined {
  if (!/^HTTP\/1\.[01] 200/.test(text)) return undefined;
  return onGateway(/^location:[ \t]*(\S{1,500})[ \t]*$/im.exec(text)?.[1], gateway);
}

/** One of the services that know the external address. */
export interface ConnectionService {
  readonly type: string;
  readonly url: string;
}

/** The service for connections in a device's description, at `base`. */
export function connectionServiceOf(xml: string, base: string, gateway: string): ConnectionService | undefined {
  // Cut, not matched: a hostile description must not cost more than its length.
  for (const [service = ''] of xml
    .split(/<service>/i)
    .slice(1)
    .map((part) => part.split(/<\/service>/i, 1))) {
    const type = /<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:\d)\s*</i.exec(service)?.[1];
    const path = /<controlURL>\s*([^<\s]{1,500})\s*</i.exec(service)?.[1];
    const url = path === undefined ? undefined : onGateway(resolved(path, base), gateway);
    if (type !== undefined && url !== undefined) return { type, url };
  }
  return undefined;
}

export const ADDRESS_ACTION = 'GetExternalIPAddress';

export function addressQuestion({ type }: ConnectionService): string {
  return (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${ADDRESS_ACTION} xmlns:u="${type}"/></s:Body></s:Envelope>`
  );
}

/** The answer to {@link addressQuestion}. */
export function readAddressAnswer(xml: string): GatewayAnswer {
  const told = /<NewExternalIPAddress[^>]{0,200}>\s*([\d.]{7,15})\s*</i.exec(xml)?.[1];
  const address = told === undefined ? undefined : canonicalAddress(told);
  if (address === undefined || familyOf(address) !== 4)
    return { ok: false, problem: 'UPnP: the gateway tells no address outside' };
  return externalAddress(address);
}

/** How many NATs in a row: the one that was asked, or more behind it. */
export type Translations = 'one' | 'two-or-more' | 'not-determined';

/**
 * The gateway's outside is what servers see, or an address that no server can see: then somebody further out translates
 * again. Two different public ones say neither: a pool, a second uplink, a gateway that tells what it was set to.
 */
export function translationsOf(external: string, mapped: string | null): Translations {
  if (external === mapped) return 'one';
  return mapped !== null && isPrivateKind(addressKind(external)) && !isPrivateKind(addressKind(mapped))
    ? 'two-or-more'
    : 'not-determined';
}

function externalAddress(address: string): GatewayAnswer {
  return addressKind(address) === 'unspecified'
    ? { ok: false, problem: 'the gateway says that it has no address outside, or none that is public' }
    : { ok: true, address };
}

/** No answer may send us to anybody else. */
function onGateway(url: string | undefined, gateway: string): string | undefined {
  return url !== undefined && new RegExp(`^http://${gateway.replaceAll('.', '\\.')}(:\\d{1,5})?/`).test(url)
    ? url
    : undefined;
}

/** RFC 3986 5.2 as far as descriptions use it: a whole URL, a path from the root, or one beside the description. */
function resolved(path: string, base: string): string {
  if (/^http:\/\//i.test(path)) return path;
  const root = /^http:\/\/[^/]+/.exec(base)?.[0] ?? '';
  return path.startsWith('/') ? root + path : base.slice(0, base.lastIndexOf('/') + 1) + path;
}
