import { describe, expect, it } from 'vitest';
import {
  AttributeType,
  attributeName,
  ERROR_REASONS,
  ErrorCode,
  isComprehensionRequired,
  Method,
  methodName,
} from '../../../src/core/stun/registry.ts';
import { readFixture } from '../../support/fixtures.ts';

interface Entry {
  readonly value: number;
  readonly name: string;
}

/** The assigned and the once assigned single values of one of IANA's tables. */
function table(path: string): Entry[] {
  return readFixture(path)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .filter(([value = '', name = '']) => !value.includes('-') && !/^(?:Reserved|Unassigned)$/.test(name))
    .map(([value = '', name = '']) => ({
      value: Number(value),
      // "Reserved; was SOURCE-ADDRESS prior to [RFC5389]", "Reserved (was BANDWIDTH)"
      name: /was ([A-Za-z-]+)/.exec(name)?.[1] ?? name,
    }));
}

describe("IANA's tables", () => {
  it('of methods: every name is known', () => {
    const methods = table('iana/stun-methods.csv');
    expect(methods.length).toBeGreaterThan(10);
    expect(methods.map(({ value }) => methodName(value))).toEqual(methods.map(({ name }) => name));
  });

  it('of attributes: every name is known', () => {
    const attributes = table('iana/stun-attributes.csv');
    expect(attributes.length).toBeGreaterThan(55);
    expect(attributes.map(({ value }) => attributeName(value))).toEqual(attributes.map(({ name }) => name));
  });

  it('of error codes: every reason phrase is known, and no other', () => {
    const codes = table('iana/stun-error-codes.csv');
    expect(Object.fromEntries(codes.map(({ value, name }) => [value, name]))).toEqual(ERROR_REASONS);
    expect(Object.values(ErrorCode).sort()).toEqual(codes.map(({ value }) => value));
  });

  it('hold every constant under the name that it has here', () => {
    const plain = (name: string) => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
    const attributes = new Map(table('iana/stun-attributes.csv').map(({ value, name }) => [value, plain(name)]));
    for (const [name, type] of Object.entries(AttributeType)) {
      expect(`${type}: ${attributes.get(type)}`).toBe(`${type}: ${plain(name)}`);
    }
    const methods = new Map(table('iana/stun-methods.csv').map(({ value, name }) => [value, plain(name)]));
    for (const [name, method] of Object.entries(Method)) expect(methods.get(method)).toBe(plain(name));
  });
});

it('names what nobody registered by its number', () => {
  expect(methodName(0x0fe)).toBe('method 0x0fe');
  expect(attributeName(0x7fff)).toBe('0x7fff');
});

it('RFC 8489 14: types below 0x8000 must be understood', () => {
  expect([0, 0x7fff, 0x8000, 0xffff].map(isComprehensionRequired)).toEqual([true, true, false, false]);
});
