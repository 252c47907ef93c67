/** A value of YAML as far as compose files go, with the line on which it begins (from 1). */
export type YamlNode =
  | { readonly kind: 'map'; readonly line: number; readonly entries: ReadonlyMap<string, YamlNode> }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly YamlNode[] }
  | { readonly kind: 'scalar'; readonly line: number; readonly text: string };

/**
 * Reads block maps and lists by their indentation, plain and quoted scalars, block scalars and flow lists. Anchors, tags and
 * what else YAML has are read as text. Undefined where the text has another shape. Never throws.
 */
export function parseYaml(text: string): YamlNode | undefined {
  const lines = text.split(/\r?\n/).flatMap((raw, index): Line[] => {
    if (/^\s*(?:#|$|---\s*$)/.test(raw)) return [];
    const indent = raw.search(/\S/);
    return [{ number: index + 1, indent, text: raw.slice(indent).trimEnd(), raw }];
  });
  const reader = new YamlReader(lines, text.split(/\r?\n/));
  const root = reader.readBlock(0);
  return reader.isDone ? root : undefined;
}

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
  readonly raw: string;
}

/** `key: value`, `key:`; undefined for a line that is neither. */
function splitKey(text: string): { readonly key: string; readonly value: string } | undefined {
  const quoted = /^("[^"]*"|'[^']*')\s*:(?=\s|$)/.exec(text);
  if (quoted !== null) return { key: quoted[1] ?? '', value: text.slice(quoted[0].length).trim() };
  if (/^(?:[[{&*!|>%@#"']|-\s)/.test(text)) return undefined;
  const colon = /:(?=\s|$)/.exec(text)?.index ?? -1;
  const comment = /\s#/.exec(text)?.index ?? text.length;
  if (colon <= 0 || colon > comment) return undefined;
  return { key: text.slice(0, colon).trimEnd(), value: text.slice(colon + 1).trim() };
}

class YamlReader {
  readonly #lines: Line[];
  readonly #all: readonly string[];
  #at = 0;

  constructor(lines: readonly Line[], all: readonly string[]) {
    this.#lines = [...lines];
    this.#all = all;
  }

  get isDone(): boolean {
    return this.#at === this.#lines.length;
  }

  /** The map, list or scalar whose lines are indented by at least `indent`. */
  readBlock(indent: number): YamlNode | undefined {
    const first = this.#lines[this.#at];
    if (first === undefined || first.indent < indent) return undefined;
    if (first.text === '-' || first.text.startsWith('- ')) return this.#readList(first.indent);
    if (splitKey(first.text) !== undefined) return this.#readMap(first.indent);
    this.#at++;
    return scalar(first.text, first.number);
  }

  #readMap(indent: number): YamlNode {
    const { number } = this.#lines[this.#at] ?? { number: 1 };
    const entries = new Map<string, YamlNode>();
    for (;;) {
      const line = this.#lines[this.#at];
      const pair = line?.indent === indent ? splitKey(line.text) : undefined;
      if (line === undefined || pair === undefined) return { kind: 'map', line: number, entries };
      this.#at++;
      const value = this.#readValue(pair.value, line, indent);
      if (value !== undefined) entries.set(unquote(pair.key), value);
    }
  }

  #readList(indent: number): YamlNode {
    const { number } = this.#lines[this.#at] ?? { number: 1 };
    const items: YamlNode[] = [];
    for (;;) {
      const line = this.#lines[this.#at];
      const isItem = line?.indent === indent && (line.text === '-' || line.text.startsWith('- '));
      if (line === undefined || !isItem) return { kind: 'list', line: number, items };
      const rest = line.text.slice(1).trimStart();
      if (splitKey(rest) !== undefined) {
        // `- key: value` begins a map whose other keys stand under the first.
        const inner = indent + line.text.length - rest.length;
        this.#lines[this.#at] = { ...line, indent: inner, text: rest };
        items.push(this.#readMap(inner));
        continue;
      }
      this.#at++;
      const value = this.#readValue(rest, line, indent);
      if (value !== undefined) items.push(value);
    }
  }

  #readValue(text: string, line: Line, indent: number): YamlNode | undefined {
    if (/^[|>][+-]?\d?\s*(?:#.*)?$/.test(text)) return this.#readText(line, indent, text.startsWith('>') ? ' ' : '\n');
    if (text !== '' && !text.startsWith('#')) return scalar(text, line.number);
    const next = this.#lines[this.#at];
    // A list may stand at the indentation of the key that it belongs to.
    const isOwn =
      next !== undefined && (next.indent > indent || (next.indent === indent && /^-(?:\s|$)/.test(next.text)));
    return isOwn ? this.readBlock(next.indent) : undefined;
  }

  /** A block scalar: comments and empty lines are a part of it. */
  #readText(line: Line, indent: number, joint: string): YamlNode {
    const parts: string[] = [];
    let number = line.number;
    for (; number < this.#all.length; number++) {
      const raw = this.#all[number] ?? '';
      if (raw.trim() !== '' && raw.search(/\S/) <= indent) break;
      parts.push(raw.trim());
    }
    while ((this.#lines[this.#at]?.number ?? Number.POSITIVE_INFINITY) <= number) this.#at++;
    return { kind: 'scalar', line: line.number + 1, text: parts.join(joint).trim() };
  }
}

function scalar(text: string, line: number): YamlNode {
  const flow = /^\[(.*)\]\s*(?:#.*)?$/.exec(text);
  if (flow === null) return { kind: 'scalar', line, text: unquote(text) };
  const parts = (flow[1] ?? '').match(/"[^"]*"|'[^']*'|[^,\s][^,]*/g) ?? [];
  return { kind: 'list', line, items: parts.map((part) => ({ kind: 'scalar', line, text: unquote(part.trim()) })) };
}

function unquote(text: string): string {
  const quoted = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(text);
  return quoted === null ? text.replace(/\s#.*$/, '').trim() : (quoted[2] ?? '');
}
