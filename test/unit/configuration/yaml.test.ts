import { describe, expect, it } from 'vitest';
import { parseYaml, type YamlNode } from '../../../src/core/configuration/yaml.ts';

function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value)]));
}

describe('YAML as compose files have it', () => {
  it.each([
    ['a: 1\nb: two # comment\n"c d": \'e # f\'', { a: '1', b: 'two', 'c d': 'e # f' }],
    ['a:\n  b:\n    - 1\n    - "2"\n  c: 3', { a: { b: ['1', '2'], c: '3' } }],
    ['a:\n- 1\n- 2\nb: 3', { a: ['1', '2'], b: '3' }],
    ['- a: 1\n  b: 2\n- a: 3', [{ a: '1', b: '2' }, { a: '3' }]],
    ['a: [x, "y, z", 3]\nb: []', { a: ['x', 'y, z', '3'], b: [] }],
    ['a: >\n  one\n  two\n\nb: |-\n  one\n  # two\nc: 3', { a: 'one two', b: 'one\n# two', c: '3' }],
    ['---\n# comment\na:\n\n  b: 1\n', { a: { b: '1' } }],
    ['a: http://x:80/y\nb: 10:20', { a: 'http://x:80/y', b: '10:20' }],
    ['- - 1\n', ['- 1']],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(plain(parseYaml(text))).toEqual(expected);
  });

  it.each(['a: 1\n   b: 2\n  c: 3', 'a: 1\nnot a key', '  a: 1\nb: 2'])('gives up on %j', (text) => {
    expect(parseYaml(text)).toBeUndefined();
  });

  it('reads what is deep and long in time', () => {
    const deep = Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a${i}:`).join('\n');
    expect(parseYaml(deep)).toBeDefined();
    expect(parseYaml('- x\n'.repeat(20_000))).toBeDefined();
  });
});
