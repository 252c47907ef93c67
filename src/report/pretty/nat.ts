import type { NatResult, Report } from '../../record/report.ts';
import { flow, WIDTH } from '../layout.ts';
import type { Style } from '../style.ts';

const INDENT = 6;

/** How the network translates addresses, a line or two for each interface and family, in RFC 4787's words. */
export function natLines(report: Report, style: Style): string[] {
  return (report.nat ?? []).flatMap((result) => {
    const lines = flow(partsOf(result), WIDTH - INDENT, '   ');
    return lines.map((line, index) => (index === 0 ? style.accent('NAT'.padEnd(INDENT)) : ' '.repeat(INDENT)) + line);
  });
}

function partsOf(result: NatResult): string[] {
  const { tcpMapping, localAddress } = result;
  const { hairpinning, portPreservation, bindingLifetimeSeconds, translations, gatewayExternalAddress } = result;
  const where = `${result.interface ?? localAddress} IPv${result.family}`;
  const behaviour = [where, ...behaviourWords(result)];
  if (result.mapping === 'none') return behaviour;
  return [
    ...behaviour,
    ...(tcpMapping == null ? [] : [`TCP mapping ${words(tcpMapping)}`]),
    ...(hairpinning === null ? [] : [hairpinning ? 'hairpins' : 'no hairpinning']),
    ...(portPreservation === null ? [] : [portPreservation ? 'keeps ports' : 'changes ports']),
    ...(translations === 'two-or-more' ? [`behind another NAT (the gateway has ${gatewayExternalAddress})`] : []),
    ...(translations === 'one' ? ['no other NAT behind the gateway'] : []),
    ...(bindingLifetimeSeconds === null ? [] : [`forgets after ${bindingLifetimeSeconds} s`]),
  ];
}

export function behaviourWords(nat: Pick<NatResult, 'mapping' | 'filtering' | 'mappedAddress'>): string[] {
  const { mapping, filtering, mappedAddress } = nat;
  const seen = mappedAddress === null ? [] : [`${mapping === 'none' ? 'no NAT: ' : ''}seen as ${mappedAddress}`];
  return [...seen, ...(mapping === 'none' ? [] : [`mapping ${words(mapping)}`]), `filtering ${words(filtering)}`];
}

function words(verdict: string): string {
  return verdict === 'not-determined' ? 'not determined' : verdict;
}
