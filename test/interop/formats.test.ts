import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeNeeding, pathOf } from '../support/needs.ts';

const golden = new URL('../unit/report/golden/', import.meta.url);
const SCHEMA = fileURLToPath(new URL('../../fixtures/junit/jenkins-junit.xsd', import.meta.url));

/** Every kind of report in a format, hostile ones and several targets among them; what the unit tests hold it to. */
function reports(format: string): readonly (readonly [name: string, text: string])[] {
  const read = (path: string): string => readFileSync(new URL(path, golden), 'utf8');
  const own = readdirSync(new URL(`${format}/`, golden)).map((name) => [name, read(`${format}/${name}`)] as const);
  return [...own, ['targets', read(`targets/${format}.txt`)]];
}

describeNeeding('xmllint')('JUnit reports', () => {
  const validate = (text: string) =>
    spawnSync(pathOf('xmllint'), ['--noout', '--nonet', '--schema', SCHEMA, '-'], { input: text, encoding: 'utf8' });

  test.each(reports('junit'))('are valid by the schema of Jenkins: %s', (_name, text) => {
    expect(validate(text)).toMatchObject({ status: 0 });
  });

  test('which refuses what it should', () => {
    const [, text = ''] = reports('junit')[0] ?? [];
    expect(validate(text.replaceAll('testcase', 'testkase'))).toMatchObject({ status: 3 });
    expect(
      validate(text.replace(/ failures="\d+"/g, '').replaceAll('<testsuite ', '<testsuite nonsense="1" ')).status,
    ).not.toBe(0);
  });
});

describeNeeding('promtool')('metrics', () => {
  test.each(reports('prometheus'))('are taken by promtool without a word: %s', (_name, text) => {
    const out = execFileSync(pathOf('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(out).toBe('');
  });
});

/** Monitoring Plugins Development Guidelines, "Performance data": `'label'=value[UOM];[warn];[crit];[min];[max]`. */
const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const DATUM = new RegExp(`^(?:'[^'=]+'|[^\\s'=]+)=${NUMBER}(?:us|ms|s|%|[KMGT]?B|c)?(?:;(?:${NUMBER})?){0,4}$`);

describe('lines for Nagios', () => {
  test.each(reports('nagios'))('are as the guidelines have it: %s', (_name, text) => {
    expect(text).toMatch(/^[^\n|]+(?: \| [^\n|]+)?\n$/);
    expect(text).toMatch(/^ICEPROBE (?:OK|WARNING|CRITICAL|UNKNOWN) - \S/);
    const [, data = ''] = text.trimEnd().split(' | ');
    const labels = data.split(' ').map((datum) => {
      expect(datum).toMatch(DATUM);
      return datum.slice(0, datum.indexOf('='));
    });
    expect(new Set(labels).size).toBe(labels.length);
  });
});
