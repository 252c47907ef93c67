import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/**
 * The IPv4 address of the router that an interface's default route leads to; undefined where there is none, or where the
 * system does not tell without a program of its own (only Linux does).
 */
export function defaultGateway(interfaceName: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return gatewayIn(readFileSync('/proc/net/route', 'utf8'), interfaceName, endianness() === 'LE');
  } catch {
    return undefined;
  }
}

/** {@link defaultGateway} in the text of Linux' `/proc/net/route`: hexadecimal words in the byte order of the machine. */
export function gatewayIn(table: string, interfaceName: string, littleEndian: boolean): string | undefined {
  const routes = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([name, destination, gateway = '', flags = '']) => {
      // RTF_UP and RTF_GATEWAY.
      const isUsed = (Number.parseInt(flags, 16) & 3) === 3;
      return name === interfaceName && destination === '00000000' && /^[0-9A-F]{8}$/i.test(gateway) && isUsed;
    })
    .sort((a, b) => Number(a[6] ?? 0) - Number(b[6] ?? 0));
  const octets = routes[0]?.[2]?.match(/../g)?.map((pair) => Number.parseInt(pair, 16));
  return octets === undefined ? undefined : (littleEndian ? octets.reverse() : octets).join('.');
}
