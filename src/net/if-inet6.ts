import { bytesToAddress } from '../core/address.ts';
import { fromHex } from '../core/bytes.ts';

export interface AddressFlags {
  /** A privacy address (RFC 8981). */
  readonly temporary: boolean;
  readonly deprecated: boolean;
  /** Not usable: duplicate address detection still runs or has failed. */
  readonly tentative: boolean;
}

// linux/if_addr.h
const IFA_F_TEMPORARY = 0x01;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_OPTIMISTIC = 0x04;

/**
 * Linux' `/proc/net/if_inet6`: address, index, prefix length, scope and flags in hex, name. By `address%name`; lines that
 * look otherwise are passed over.
 */
export function parseIfInet6(text: string): ReadonlyMap<string, AddressFlags> {
  const found = new Map<string, AddressFlags>();
  for (const line of text.split('\n')) {
    const [hex = '', , , , flagHex = '', name] = line.trim().split(/\s+/);
    const bytes = fromHex(hex);
    if (bytes?.length !== 16 || name === undefined) continue;
    const flags = Number.parseInt(flagHex, 16);
    found.set(`${bytesToAddress(bytes)}%${name}`, {
      temporary: (flags & IFA_F_TEMPORARY) !== 0,
      deprecated: (flags & IFA_F_DEPRECATED) !== 0,
      // RFC 4429: an optimistic address may be used while the detection runs.
      tentative:
        (flags & IFA_F_DADFAILED) !== 0 || ((flags & IFA_F_TENTATIVE) !== 0 && (flags & IFA_F_OPTIMISTIC) === 0),
    });
  }
  return found;
}
