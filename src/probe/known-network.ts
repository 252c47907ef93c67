import { parseSocketAddress } from '../core/address.ts';
import type { EventLog } from '../record/event-log.ts';
import type { KnownNetwork } from './probing.ts';

/** What the events so far tell of the NAT in front of us. */
export function knownNetwork(log: EventLog): KnownNetwork {
  return {
    mappingOf: (local) => {
      const nat = log
        .observation()
        .nat?.find(({ family, localAddress }) => family === local.family && localAddress === local.address);
      // Where the address itself changes, what a server saw says as little of what a relay will see as behind such a NAT.
      return nat?.unstable === true ? 'address-and-port-dependent' : nat?.mapping;
    },
    seenAddresses: () => [...new Set(log.events.flatMap(mappedAddressesOf))],
  };
}

function mappedAddressesOf(event: EventLog['events'][number]): readonly string[] {
  const text =
    event.type === 'nat-test' ? event.mappedAddress : event.type === 'stage' ? event.data.mappedAddress : undefined;
  const address = text === null || text === undefined ? undefined : parseSocketAddress(text)?.address;
  return address === undefined ? [] : [address];
}
