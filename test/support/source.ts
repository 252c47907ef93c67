import { parseAst } from 'vitest/node';

/** What one source file imports or re-exports, types and lazy imports included, in order of appearance. */
export function importsOf(code: string): string[] {
  const found: string[] = [];
  for (const { node } of nodesOf(code)) {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        if (isNode(node['source'])) found.push(specifierOf(node['source']));
        break;
      case 'TSExternalModuleReference':
        if (isNode(node['expression'])) found.push(specifierOf(node['expression']));
        break;
      case 'TSModuleDeclaration':
        // `declare module 'x'` reaches into x as well.
        if (isNode(node['id']) && node['id'].type === 'Literal') found.push(specifierOf(node['id']));
    }
  }
  return found;
}

/** Names that tie code to a clock, to chance or to a host. `globalThis` leads to all of them. */
const HOST_NAMES = new Set(
  `Date Temporal Intl performance setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate
   queueMicrotask requestAnimationFrame process console globalThis global window self document navigator Buffer crypto
   fetch require eval`.split(/\s+/),
);

/** Each use of a name by which code could learn the time, throw dice or touch its host, as `name at line N`. */
export function hostUsesOf(code: string): string[] {
  const found: string[] = [];
  for (const { node, parent, role } of nodesOf(code)) {
    const name = node.type === 'Identifier' ? String(node['name']) : undefined;
    const isMetaProperty = node.type === 'MetaProperty' && code.slice(node.start, node.end).startsWith('import');
    if (isMetaProperty || (name !== undefined && !isMereName(parent, role) && isHostUse(name, parent, role))) {
      found.push(`${isMetaProperty ? 'import.meta' : name} at line ${code.slice(0, node.start).split('\n').length}`);
    }
  }
  return found;
}

function isHostUse(name: string, parent: Node | undefined, role: string): boolean {
  if (HOST_NAMES.has(name)) return true;
  if (name !== 'Math') return false;
  // Arithmetic is welcome: `Math.max`. Dice are not, nor what could hide them: `Math['random']`, `const { random } = Math`.
  const property =
    parent?.type === 'MemberExpression' && role === 'object' && !parent['computed'] && parent['property'];
  return !(isNode(property) && property['name'] !== 'random');
}

/** An identifier that only names something: `x.process`, `{ process: 1 }`, `process() {}` in a class. */
function isMereName(parent: Node | undefined, role: string): boolean {
  if (parent === undefined || parent['computed'] === true) return false;
  if (role === 'property') return parent.type === 'MemberExpression';
  if (role === 'key') return true;
  return role === 'right' && parent.type === 'TSQualifiedName';
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Place {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** The parent's field that holds the node. */
  readonly role: string;
}

function nodesOf(code: string): Place[] {
  const found: Place[] = [];
  const visit = (value: unknown, parent: Node | undefined, role: string): void => {
    if (Array.isArray(value)) {
      for (const element of value) visit(element, parent, role);
    } else if (isNode(value)) {
      found.push({ node: value, parent, role });
      for (const [field, child] of Object.entries(value)) visit(child, value, field);
    }
  };
  visit(parseAst(code, { lang: 'ts', astType: 'ts' }), undefined, '');
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function specifierOf(source: Node): string {
  // A computed specifier cannot be judged: no rule allows this one.
  return typeof source['value'] === 'string' ? source['value'] : '(computed)';
}
