import { fail, type Result } from '../result.ts';
import type { ConfigurationDocument, ConfigurationRemark } from './configuration.ts';
import { readCoturnSettings, type Setting } from './coturn.ts';
import type { ConfigurationError } from './place.ts';
import { parseYaml, type YamlNode } from './yaml.ts';

export function looksLikeCompose(text: string): boolean {
  return /^services:\s*(?:#.*)?$/m.test(text) && !/^\s*[{[]/.test(text);
}

/**
 * Reads the coturn of a compose file: its arguments as a turnserver.conf would have them, and whether the ports that TURN
 * needs are published. `"3478:3478"` publishes TCP alone, which is the usual reason for silence over UDP.
 */
export function readCompose(text: string): Result<ConfigurationDocument, ConfigurationError> {
  const services = entry(parseYaml(text), 'services');
  const coturn = services?.kind === 'map' ? [...services.entries.values()].find(isCoturn) : undefined;
  if (coturn === undefined) {
    return fail({
      code: 'configuration.no-servers',
      message: 'no service of this compose file runs coturn',
      hint: 'give the URL of the server: turn:HOST',
      line: services?.line ?? 1,
      column: 1,
    });
  }
  const settings = argumentsOf(coturn);
  return readCoturnSettings(settings, publishingRemarks(coturn, settings));
}

function isCoturn(service: YamlNode): boolean {
  const words = [entry(service, 'image'), entry(service, 'command'), entry(service, 'entrypoint')].flatMap(textsOf);
  return words.some(({ text }) => /coturn|turnserver/.test(text));
}

/** `--key=value` and `--key value`, from a list or a line. */
function argumentsOf(service: YamlNode): Setting[] {
  const words = [entry(service, 'entrypoint'), entry(service, 'command')]
    .flatMap(textsOf)
    .flatMap(({ text, line }) => text.split(/\s+/).map((word) => ({ text: word, line })));
  return words.flatMap(({ text, line }, index): Setting[] => {
    const [, key, value] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/.exec(text) ?? [];
    if (key === undefined) return [];
    const next = words[index + 1]?.text ?? '';
    const given = value ?? (next.startsWith('-') ? '' : next);
    // What a shell in the container puts there is known to nobody outside.
    return [{ key, value: /\$/.test(given) ? '' : given.replace(/^["']|["']$/g, ''), line, column: 1 }];
  });
}

interface Published {
  readonly from: number;
  readonly to: number;
  readonly protocol: string;
}

function publishingRemarks(service: YamlNode, settings: readonly Setting[]): ConfigurationRemark[] {
  const mode = entry(service, 'network_mode');
  if (mode?.kind === 'scalar' && mode.text === 'host') return [];
  const ports = entry(service, 'ports');
  const published = ports?.kind === 'list' ? ports.items.flatMap(publishedBy) : [];
  const place = { line: ports?.line ?? service.line, column: 1 };
  const number = (key: string, standard: number): number =>
    Number(settings.find((setting) => setting.key === key)?.value || standard);
  const covers = (from: number, to: number, protocol: string): boolean =>
    published.some((each) => each.protocol === protocol && each.from <= from && each.to >= to);

  const listening = number('listening-port', 3478);
  const remarks: ConfigurationRemark[] = [];
  if (!covers(listening, listening, 'udp')) {
    const hasTcp = covers(listening, listening, 'tcp');
    remarks.push({
      code: 'compose-udp-not-published',
      message: hasTcp ? `port ${listening} is published for TCP alone` : `port ${listening} is not published for UDP`,
      hint: `add "${listening}:${listening}/udp" to its ports: without /udp a port is TCP`,
      ...place,
    });
  }
  const [min, max] = [number('min-port', 49_152), number('max-port', 65_535)];
  if (!covers(min, max, 'udp')) {
    remarks.push({
      code: 'compose-relay-ports-not-published',
      message: `the relay ports ${min}-${max} are not all published for UDP`,
      hint: `add "${min}-${max}:${min}-${max}/udp" for a small range (--min-port, --max-port), or network_mode: host`,
      ...place,
    });
  }
  return remarks;
}

/** `[ip:][host:]container[/protocol]`, each a port or a range; or the long form. */
function publishedBy(port: YamlNode): Published[] {
  if (port.kind === 'map') {
    const target = text(port, 'target');
    return target === undefined ? [] : [{ ...rangeOf(target), protocol: text(port, 'protocol') ?? 'tcp' }];
  }
  if (port.kind !== 'scalar') return [];
  const [ports = '', protocol = 'tcp'] = port.text.split('/');
  return [{ ...rangeOf(ports.split(':').at(-1) ?? ''), protocol }];
}

function rangeOf(ports: string): { readonly from: number; readonly to: number } {
  const [from, to = from] = ports.split('-').map(Number);
  return { from: from ?? Number.NaN, to: to ?? Number.NaN };
}

function entry(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key) : undefined;
}

function text(node: YamlNode, key: string): string | undefined {
  const found = entry(node, key);
  return found?.kind === 'scalar' ? found.text : undefined;
}

function textsOf(node: YamlNode | undefined): { readonly text: string; readonly line: number }[] {
  if (node?.kind === 'scalar') return [{ text: node.text, line: node.line }];
  return node?.kind === 'list' ? node.items.flatMap(textsOf) : [];
}
