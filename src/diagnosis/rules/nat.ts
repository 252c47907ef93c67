import { addressKind } from '../../core/address.ts';
import type { NatTest } from '../../core/nat/events.ts';
import { addressesSeen } from '../../core/nat/stability.ts';
import type { RunEvent } from '../../record/events.ts';
import type { NatResult } from '../../record/report.ts';
import type { FindingId } from '../catalogue.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';

export const natRules: readonly Rule[] = [
  none,
  dependentMapping,
  translatedTwice,
  unstableAddress,
  noHairpin,
  shortBinding,
];

function results(view: View, test: (result: NatResult) => boolean): NatResult[] {
  return (view.observation.nat ?? []).filter(test);
}

function about(view: View, id: FindingId, result: NatResult, more: Partial<Conclusion> = {}): Conclusion {
  const subject = result.interface ?? result.localAddress;
  return {
    id,
    subject,
    urls: [],
    confidence: 'certain',
    ...more,
    params: {
      interface: subject,
      family: result.family,
      local: result.localAddress,
      mapped: result.mappedAddress,
      mapping: result.mapping,
      filtering: result.filtering,
      ...more.params,
    },
    evidence: view.evidence.where(
      (event) => event.type === 'nat-test' && event.interface === result.interface && event.family === result.family,
    ),
  };
}

function none(view: View): Conclusion[] {
  return results(view, ({ mapping }) => mapping === 'none').map((result) => about(view, 'nat.none', result));
}

/** "Symmetric": what one server learns of us is of no use to another peer. With a relay there is a way all the same. */
function dependentMapping(view: View): Conclusion[] {
  const relayed = view.servers.some((server) => server.works && /^turns?:/i.test(server.url));
  return results(
    view,
    ({ mapping }) => mapping === 'address-dependent' || mapping === 'address-and-port-dependent',
  ).map((result) =>
    about(view, 'nat.address-dependent-mapping', result, {
      severity: relayed ? 'info' : 'warning',
      params: { relayed, unrelayed: !relayed },
    }),
  );
}

/** Needs the gateway's own external address: 100.64.0.0/10 on our side alone is VPNs and clouds too. */
function translatedTwice(view: View): Conclusion[] {
  return results(view, ({ translations }) => translations === 'two-or-more').map((result) => {
    const gateway = result.gatewayExternalAddress ?? '';
    const id = addressKind(gateway) === 'cgnat' ? 'nat.carrier-grade' : 'nat.double';
    return about(view, id, result, { params: { gateway } });
  });
}

/** Servers saw us with several addresses within one run. */
function unstableAddress(view: View): Conclusion[] {
  return results(view, ({ unstable }) => unstable === true).map((result) => {
    const tests = view.events.filter(
      (event): event is RunEvent & NatTest =>
        event.type === 'nat-test' && event.interface === result.interface && event.family === result.family,
    );
    return about(view, 'nat.unstable-address', result, {
      confidence: 'likely',
      params: { seen: addressesSeen(tests) },
    });
  });
}

function noHairpin(view: View): Conclusion[] {
  return results(view, ({ hairpinning, mapping }) => hairpinning === false && mapping !== 'none').map((result) =>
    about(view, 'nat.no-hairpin', result),
  );
}

function shortBinding(view: View): Conclusion[] {
  const { udpBindingSeconds } = view.thresholds;
  return results(
    view,
    ({ bindingLifetimeSeconds }) => bindingLifetimeSeconds !== null && bindingLifetimeSeconds < udpBindingSeconds,
  ).map((result) => {
    const lifetime = result.bindingLifetimeSeconds ?? 0;
    return about(view, 'nat.short-binding', result, {
      // Half the lifetime leaves room for one lost packet.
      params: {
        lifetimeSeconds: lifetime,
        limitSeconds: udpBindingSeconds,
        keepaliveSeconds: Math.max(1, Math.floor(lifetime / 2)),
      },
    });
  });
}
