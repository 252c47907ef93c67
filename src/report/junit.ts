import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';
import { type Case, casesOf } from './cases.ts';

/**
 * JUnit XML as CI systems read it: a suite for each group of cases. What is not determined is an `error`, since `skipped`
 * would pass.
 */
export function junit(report: Report): string {
  const cases = casesOf(report);
  return documentOf(report, cases, suitesOf(report, cases));
}

/** The same for several targets: each has suites of its own, which begin with its name. */
export function junitOfTargets(report: TargetsReport): string {
  const all = report.targets.map((each) => {
    // Systems that show no suites tell cases apart by their class.
    const cases = casesOf(each.report).map((one) => ({ ...one, group: `${each.target}.${one.group}` }));
    return { cases, suites: suitesOf(each.report, cases) };
  });
  return documentOf(
    report,
    all.flatMap(({ cases }) => cases),
    all.flatMap(({ suites }) => suites),
  );
}

function documentOf(report: Report | TargetsReport, cases: readonly Case[], suites: readonly string[]): string {
  const seconds = (report.durationMs / 1000).toFixed(3);
  const head = `<testsuites name="iceprobe ${attribute(report.command)}" ${countsOf(cases)} time="${seconds}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${[head, ...suites, '</testsuites>'].join('\n')}\n`;
}

function suitesOf(report: Report, cases: readonly Case[]): string[] {
  const groups = [...new Set(cases.map(({ group }) => group))];
  return groups.flatMap((group) =>
    suiteOf(
      group,
      cases.filter((each) => each.group === group),
      report,
    ),
  );
}

function suiteOf(group: string, cases: readonly Case[], report: Report): string[] {
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0).toFixed(3);
  const stamp = report.startedAt.replace(/(\.\d+)?Z$/, '');
  return [
    `  <testsuite name="${attribute(group)}" ${countsOf(cases)} skipped="0" time="${seconds}" timestamp="${attribute(stamp)}">`,
    ...cases.flatMap((each) => caseLines(each)),
    '  </testsuite>',
  ];
}

function caseLines({ group, name, outcome, seconds, message, details, findings }: Case): string[] {
  const head = `    <testcase classname="iceprobe.${attribute(group)}" name="${attribute(name)}" time="${seconds.toFixed(3)}"`;
  const text = details.map(escaped).join('\n');
  if (outcome === 'pass') {
    return text === '' ? [`${head}/>`] : [`${head}>`, `      <system-out>${text}</system-out>`, '    </testcase>'];
  }
  const element = outcome === 'fail' ? 'failure' : 'error';
  const type = findings[0] ?? outcome;
  return [
    `${head}>`,
    `      <${element} message="${attribute(message)}" type="${attribute(type)}">${text === '' ? escaped(message) : text}</${element}>`,
    '    </testcase>',
  ];
}

function countsOf(cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']): number => cases.filter((each) => each.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count('fail')}" errors="${count('undetermined')}"`;
}

/** XML 1.0 2.2: most control characters cannot stand in a document, not even escaped. `printable` has replaced them all. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function attribute(text: string): string {
  return escaped(text).replaceAll('"', '&quot;');
}
